import { expect } from "chai";

import { openEdge } from "../../../src/frontend/cloudfront/open-edge.js";
import { expectRejection } from "../../helpers/refusal.js";
import { describeWith } from "../servers/describe-services.js";
import { installFunction, makeDistribution, viewerRequestSource } from "./made-distribution.js";
import { QUICK, startCloudFront, type CloudFrontLaboratory } from "./start-cloudfront.js";

describeWith(["moto"], "CloudFront distributions", () => {
  const site = { bucket: "site-bucket" };
  let cloudFront: CloudFrontLaboratory;

  before(async () => {
    cloudFront = await startCloudFront({ pageSize: 2 });
  });

  after(async () => {
    await cloudFront.stop();
  });

  it("finds one by id, comment, alias, wildcard alias and tag, whatever page it is on", async () => {
    const { client, proxy } = cloudFront;
    const app = await makeDistribution(client, {
      ...site,
      comment: "the app",
      aliases: ["app.example.org"],
      tags: { service: "app", stage: "live" },
    });
    const docs = await makeDistribution(client, {
      ...site,
      comment: "documentation",
      aliases: ["*.docs.example.org"],
      tags: { service: "docs" },
    });
    const others = await Promise.all(
      ["a", "b", "c"].map(async (name) =>
        makeDistribution(client, { ...site, comment: name, tags: { service: name } }),
      ),
    );
    expect(others).to.have.length(3);
    const find = async (choice: Parameters<typeof openEdge>[1]): Promise<string> =>
      (await openEdge({}, choice, site, QUICK)).edge.place;

    expect(await find({ id: app.id })).to.equal(
      `CloudFront distribution ${app.id} (app.example.org)`,
    );
    expect(await find({ comment: "the app" })).to.contain(app.id);
    expect(await find({ alias: "APP.example.org" })).to.contain(app.id);
    expect(await find({ alias: "v2.docs.example.org" })).to.contain(docs.id);
    expect(await find({ tag: { key: "service", value: "docs" } })).to.contain(docs.id);
    expect(await find({ comment: "c" })).to.contain(others[2]?.id);
    expect(proxy.requests).to.include("GET /2020-05-31/distribution");

    const none = await expectRejection(find({ alias: "nowhere.org" }), "DISTRIBUTION_UNKNOWN");
    expect(none.what).to.contain(app.id).and.to.contain("app.example.org").and.to.contain(docs.id);
    await expectRejection(find({ id: "E0000000000000" }), "DISTRIBUTION_UNKNOWN");

    await makeDistribution(client, { ...site, comment: "the app" });
    const several = await expectRejection(find({ comment: "the app" }), "DISTRIBUTION_UNKNOWN");
    expect(several.what).to.contain("2 CloudFront distributions").and.to.contain(app.id);
  });

  it("sees what says which release is served", async () => {
    const { client } = cloudFront;
    const { keyValueStore } = await installFunction(
      client,
      "switch",
      await viewerRequestSource({ key: "web" }),
    );
    const byStore = await makeDistribution(client, { ...site, viewerRequest: "switch" });
    const byPath = await makeDistribution(client, {
      ...site,
      originPath: "/app/releases/0001-0123456789ab",
    });
    const plain = await makeDistribution(client, { ...site, cachePolicy: "queryStrings" });
    const look = async (id: string): ReturnType<typeof openEdge> =>
      await openEdge({}, { id }, site, QUICK);

    const store = await look(byStore.id);
    expect(store.pointer?.kind).to.equal("key-value-store");
    expect(store.pointer?.needsInvalidation).to.equal(false);
    expect(store.inspection.keyValueStore).to.deep.equal({ arn: keyValueStore, key: "web" });
    expect(store.found.join("\n")).to.contain('the key "web"');

    const path = await look(byPath.id);
    expect(path.pointer?.kind).to.equal("origin-path");
    expect((await path.pointer?.read())?.folder).to.equal("app/releases/0001-0123456789ab");
    expect(path.found.join("\n")).to.contain("Managed-CachingOptimized");

    const nothing = await look(plain.id);
    expect(nothing.pointer).to.equal(null);
    expect(nothing.inspection.queryStrings).to.equal(true);
    expect(nothing.found.join("\n")).to.contain("replaced in place");
    await expectRejection(
      openEdge({}, { id: plain.id, pointer: "key-value-store" }, site, QUICK),
      "BAD_CONFIG",
    );
  });
});
