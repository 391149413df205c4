import { expect } from "chai";

import { openEdge, type OpenEdge } from "../../../src/frontend/cloudfront/open-edge.js";
import { readConfig, updateOriginPath } from "../../../src/frontend/cloudfront/origin-path.js";
import { describeWith } from "../servers/describe-services.js";
import type { S3Server } from "../servers/s3-server.js";
import { startVersitygw } from "../servers/versitygw.js";
import { startEdge, type EdgeEmulator } from "./edge-emulator.js";
import { linkStaging } from "./linked-staging.js";
import {
  installFunction,
  makeDistribution,
  viewerRequestSource,
  type Wanted,
} from "./made-distribution.js";
import { QUICK, startCloudFront, type CloudFrontLaboratory } from "./start-cloudfront.js";

const OLD = "app/releases/0001-0123456789ab";
const NEW = "app/releases/0002-ba9876543210";

describeWith(["moto", "versitygw", "varnish"], "what people see through CloudFront", () => {
  let cloudFront: CloudFrontLaboratory;
  let s3: S3Server;
  let bucket: string;
  const edges: EdgeEmulator[] = [];

  before(async () => {
    cloudFront = await startCloudFront();
    s3 = await startVersitygw();
    bucket = await s3.newBucket({ versioning: false });
    for (const folder of [OLD, NEW]) {
      for (const path of ["index.html", "docs/index.html", "a b~1.txt"]) {
        await put(`${folder}/${path}`, `${path} of ${folder}`);
      }
    }
    await put(`${OLD}/gone.txt`, "old only");
    await put("index.html", "the bucket's root");
  });

  after(async () => {
    for (const edge of edges) {
      await edge.stop();
    }
    await s3.stop();
    await cloudFront.stop();
  });

  async function put(Key: string, Body: string): Promise<void> {
    const { PutObjectCommand } = await import("@aws-sdk/client-s3");
    await s3
      .client()
      .send(new PutObjectCommand({ Bucket: bucket, Key, Body, ContentType: "text/html" }));
  }

  async function lookAt(id: string): Promise<{ edge: EdgeEmulator; open: OpenEdge }> {
    const { proxy } = cloudFront;
    const edge = await startEdge({ proxy, distributionId: id, s3, bucket });
    edges.push(edge);
    return { edge, open: await openEdge({}, { id }, { bucket, prefix: "app" }, QUICK) };
  }

  async function get(edge: EdgeEmulator, path: string): Promise<string> {
    return await (await fetch(edge.url + path)).text();
  }

  async function move({ pointer }: OpenEdge): Promise<void> {
    const version = (await pointer?.read())?.version ?? "";
    await pointer?.move(NEW, version, () => undefined);
  }

  it("is the old release until the key is moved, and then the new one, by the shipped function", async () => {
    const { client } = cloudFront;
    await installFunction(client, "seen", await viewerRequestSource());
    const { id } = await makeDistribution(client, { bucket, viewerRequest: "seen" });
    const { edge, open } = await lookAt(id);
    expect(await get(edge, "/")).to.equal("the bucket's root");
    const { pointer } = open;
    await pointer?.move(OLD, (await pointer.read()).version, () => undefined);
    expect(await get(edge, "/")).to.equal(`index.html of ${OLD}`);
    expect(await get(edge, "/docs/")).to.equal(`docs/index.html of ${OLD}`);
    expect(await get(edge, "/a%20b~1.txt")).to.equal(`a b~1.txt of ${OLD}`);
    await move(open);
    // Without any invalidation.
    expect(await get(edge, "/")).to.equal(`index.html of ${NEW}`);
    expect((await fetch(`${edge.url}/gone.txt`)).status).to.equal(404);
    // Nobody gets at another release, or at the bucket's root.
    expect((await fetch(`${edge.url}/${OLD}/index.html`)).status).to.equal(404);
  });

  const byPath: Readonly<Record<string, (wanted: Wanted) => Promise<string>>> = {
    "origin-path": async (wanted) => (await makeDistribution(cloudFront.client, wanted)).id,
    "staging-distribution": async (wanted) =>
      (await linkStaging(cloudFront.client, wanted)).primary,
  };

  for (const [kind, make] of Object.entries(byPath)) {
    it(`is the old release after a ${kind} was moved, until it is invalidated`, async () => {
      const { edge, open } = await lookAt(await make({ bucket, originPath: `/${OLD}` }));
      expect(open.pointer?.kind).to.equal(kind);
      expect(await get(edge, "/")).to.equal(`index.html of ${OLD}`);
      expect(await get(edge, "/a%20b~1.txt")).to.equal(`a b~1.txt of ${OLD}`);
      expect(await get(edge, "/gone.txt")).to.equal("old only");
      await move(open);
      expect(await get(edge, "/")).to.equal(`index.html of ${OLD}`);
      const { paths } = open.edge.plan(["index.html", "a b~1.txt", "gone.txt"]);
      const done = await open.edge.invalidate(paths, "0002", () => undefined);
      expect(done.completed).to.equal(true);
      expect(await get(edge, "/")).to.equal(`index.html of ${NEW}`);
      expect(await get(edge, "/a%20b~1.txt")).to.equal(`a b~1.txt of ${NEW}`);
      expect((await fetch(`${edge.url}/gone.txt`)).status).to.equal(404);
    });
  }

  it("is the new release also when it was killed between the change and the invalidation", async () => {
    const { client } = cloudFront;
    const { id } = await makeDistribution(client, { bucket, originPath: `/${OLD}` });
    const { edge, open } = await lookAt(id);
    const { etag } = await readConfig(client, id);
    await updateOriginPath(client, id, "site", NEW, etag);
    // People go on reading, and edges fill their caches, all the time.
    const over = new AbortController();
    const reading = (async () => {
      while (!over.signal.aborted) {
        await get(edge, "/");
      }
    })();
    const told: string[] = [];
    await open.edge.invalidate(["/*"], "0002", (text) => told.push(text));
    over.abort();
    await reading;
    expect(told[0]).to.contain("on its way to the edges");
    expect(await get(edge, "/")).to.equal(`index.html of ${NEW}`);
  });

  it("keeps a page shown for routes that nobody can list, until everything is invalidated", async () => {
    const { id } = await makeDistribution(cloudFront.client, {
      bucket,
      originPath: "/inplace",
      errorPages: [{ status: 404, path: "/index.html", ttlSeconds: 3600 }],
    });
    await put("inplace/index.html", "old page");
    const { edge } = await lookAt(id);
    const open = await openEdge({}, { id }, { bucket, prefix: "inplace" }, QUICK);
    expect(await get(edge, "/some/route")).to.equal("old page");
    await put("inplace/index.html", "new page");
    const { paths } = open.edge.plan(["index.html"]);
    await open.edge.invalidate(paths, "r2", () => undefined);
    expect(await get(edge, "/some/route")).to.equal("new page");
    const asked = edge.originRequests();
    const again = await fetch(`${edge.url}/some/route`);
    expect(again.headers.get("x-cache")).to.equal("Hit from cloudfront");
    expect(edge.originRequests()).to.equal(asked);
  });
});
