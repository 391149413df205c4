import { readFile } from "node:fs/promises";
import path from "node:path";

import { expect } from "chai";

import { openEdge } from "../../../src/frontend/cloudfront/open-edge.js";
import { repository } from "../../helpers/repository.js";
import { describeWith } from "../servers/describe-services.js";
import { runToEnd } from "../servers/run-to-end.js";
import { pathOf } from "../servers/tools.js";
import { makeDistribution, viewerRequestSource } from "./made-distribution.js";
import { QUICK, startCloudFront, type CloudFrontLaboratory } from "./start-cloudfront.js";

describeWith(["moto", "aws"], "docs/cloudfront.md", () => {
  let cloudFront: CloudFrontLaboratory;

  before(async () => {
    cloudFront = await startCloudFront();
  });

  after(async () => {
    await cloudFront.stop();
  });

  it("installs the viewer-request function with the commands that it says", async () => {
    const { client, proxy } = cloudFront;
    const text = await readFile(path.join(repository, "docs", "cloudfront.md"), "utf8");
    const commands = /```sh\n([^]*?)```/.exec(text)?.[1] ?? "";
    const here = commands
      .replace("node_modules/hardhat-emergency", repository)
      .replace(/\baws\b(?= cloudfront)/g, `"${pathOf("aws")}"`);
    const { code, output } = await runToEnd("sh", ["-euc", here]);
    expect(code, output).to.equal(0);

    const { source, keyValueStore } = proxy.functions.liveCode("app-release");
    expect(source).to.equal(await viewerRequestSource());
    const site = { bucket: "sites" };
    const { id } = await makeDistribution(client, { ...site, viewerRequest: "app-release" });
    const { pointer, inspection } = await openEdge({}, { id }, site, QUICK);
    expect(inspection.keyValueStore).to.deep.equal({ arn: keyValueStore, key: "release" });
    const folder = "releases/0001-0123456789ab";
    await pointer?.move(folder, (await pointer.read()).version, () => undefined);
    expect((await pointer?.read())?.folder).to.equal(folder);
  });
});
