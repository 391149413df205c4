import { expect } from "chai";

import { openEdge } from "../../../src/frontend/cloudfront/open-edge.js";
import type { Edge } from "../../../src/frontend/cloudfront/edge.js";
import { until } from "../../helpers/anvil.js";
import { expectRejection } from "../../helpers/refusal.js";
import { describeWith } from "../servers/describe-services.js";
import { makeDistribution } from "./made-distribution.js";
import { QUICK, startCloudFront, type CloudFrontLaboratory } from "./start-cloudfront.js";

describeWith(["moto"], "CloudFront invalidations", () => {
  const site = { bucket: "site-bucket" };
  let cloudFront: CloudFrontLaboratory;

  before(async () => {
    cloudFront = await startCloudFront({ invalidateMs: 150 });
  });

  after(async () => {
    await cloudFront.stop();
  });

  async function edgeOf(pace = QUICK): Promise<{ readonly edge: Edge; readonly id: string }> {
    const { id } = await makeDistribution(cloudFront.client, site);
    return { edge: (await openEdge({}, { id }, site, pace)).edge, id };
  }

  it("waits until it is completed, and tells how it goes", async () => {
    const { edge } = await edgeOf();
    const { paths } = edge.plan(["index.html", "a b/ä.html", "odd~(1).html"]);
    const told: string[] = [];
    const done = await edge.invalidate(paths, "0002-x", (text) => told.push(text));
    expect(done.completed).to.equal(true);
    expect(done.id).not.to.equal("");
    expect(cloudFront.proxy.invalidations.paths.at(-1)).to.have.members([
      "/",
      "/index.html",
      "/a%20b/%C3%A4.html",
      "/odd*",
    ]);
    expect(told[0]).to.contain("InProgress");
    expect(told.at(-1)).to.contain("is done");
  });

  it("makes no second one when the same is asked for again, or the answer is lost", async () => {
    const { proxy } = cloudFront;
    const { edge } = await edgeOf();
    const before = proxy.invalidations.count;
    proxy.loseAnswer((method, path) => method === "POST" && path.endsWith("/invalidation"));
    const first = await edge.invalidate(["/index.html"], "0003-x", () => undefined);
    const again = await edge.invalidate(["/index.html"], "0003-x", () => undefined);
    expect(again.id).to.equal(first.id);
    expect(proxy.invalidations.count).to.equal(before + 1);
    // Another change of the same file is another one.
    await edge.invalidate(["/index.html"], "0004-x", () => undefined);
    expect(proxy.invalidations.count).to.equal(before + 2);
  });

  it("waits for its turn when too many others are in progress", async () => {
    const { proxy } = cloudFront;
    const { edge } = await edgeOf();
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const unlisten = proxy.onInvalidation(async () => {
      await gate;
    });
    const before = proxy.invalidations.count;
    const wildcards = Array.from({ length: 15 }, (_, index) => `/others-${index}/*`);
    const others = edge.invalidate(wildcards, "others", () => undefined);
    await until("the others are in progress", () => proxy.invalidations.count > before);
    const told: string[] = [];
    const ours = await edge.invalidate(["/docs/*"], "ours", (text) => {
      told.push(text);
      open();
    });
    unlisten();
    expect(ours.completed).to.equal(true);
    expect((await others).completed).to.equal(true);
    expect(told[0]).to.contain("other invalidations are in progress");
  });

  it("works through more than CloudFront takes at a time", async () => {
    const { edge } = await edgeOf();
    const before = cloudFront.proxy.invalidations.count;
    const wildcards = Array.from({ length: 31 }, (_, index) => `/many-${index}/*`);
    const done = await edge.invalidate(wildcards, "many", () => undefined);
    expect(done.completed).to.equal(true);
    expect(cloudFront.proxy.invalidations.count).to.equal(before + 3);
  });

  it("says that it cannot tell yet when it takes too long, and does not fail", async () => {
    let nowMs = Date.now();
    const { edge } = await edgeOf({
      now: () => new Date(nowMs),
      wait: async (milliseconds) => {
        nowMs += milliseconds;
        await Promise.resolve();
      },
    });
    const unlisten = cloudFront.proxy.onInvalidation(async () => {
      await new Promise(() => undefined);
    });
    const told: string[] = [];
    const done = await edge.invalidate(["/slow.html"], "slow", (text) => told.push(text));
    unlisten();
    expect(done.completed).to.equal(false);
    expect(done.seconds).to.be.greaterThan(600);
    expect(told.at(-1)).to.contain("cannot tell yet");
  });

  it("is made once when the server is busy, and found again after the credentials have expired", async () => {
    const { proxy } = cloudFront;
    const { edge } = await edgeOf();
    const before = proxy.invalidations.count;
    const slow = { status: 503, code: "ServiceUnavailable" };
    proxy.refuse((method, path) => method === "POST" && path.endsWith("/invalidation"), slow, slow);
    proxy.refuse((method, path) => method === "GET" && /\/invalidation\/\w+$/.test(path), {
      status: 403,
      code: "ExpiredToken",
    });
    const told: string[] = [];
    const first = await edge.invalidate(["/index.html"], "expired", (text) => told.push(text));
    expect(first.completed).to.equal(false);
    expect(told.at(-1)).to.contain("cannot tell yet").and.to.contain("expired");
    const again = await edge.invalidate(["/index.html"], "expired", () => undefined);
    expect(again).to.include({ id: first.id, completed: true });
    expect(proxy.invalidations.count).to.equal(before + 1);
  });

  it("is refused with the permission that is needed", async () => {
    const { proxy } = cloudFront;
    const { edge } = await edgeOf();
    proxy.refuse((method) => method === "POST", { status: 403, code: "AccessDenied" });
    const refusal = await expectRejection(
      edge.invalidate(["/index.html"], "denied", () => undefined),
      "AWS_DENIED",
    );
    expect(refusal.what).to.contain("cloudfront:CreateInvalidation");
  });

  it("says what CloudFront does not take, and what to do then", async () => {
    const { edge } = await edgeOf();
    const refusal = await expectRejection(
      edge.invalidate(["no-slash.html"], "bad", () => undefined),
      "INVALIDATION_FAILED",
    );
    expect(refusal.next).to.contain("create-invalidation");
  });
});
