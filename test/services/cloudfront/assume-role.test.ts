import { expect } from "chai";

import { awsClientConfig } from "../../../src/frontend/aws.js";
import { openEdge } from "../../../src/frontend/cloudfront/open-edge.js";
import { redact } from "../../../src/redact.js";
import { expectRejection } from "../../helpers/refusal.js";
import { describeWith } from "../servers/describe-services.js";
import { freePort } from "../servers/process.js";
import { makeDistribution } from "./made-distribution.js";
import {
  QUICK,
  setEnvironment,
  startCloudFront,
  type CloudFrontLaboratory,
} from "./start-cloudfront.js";

const ROLE = "arn:aws:iam::123456789012:role/deployer";

describeWith(["moto"], "a role of AWS", () => {
  let cloudFront: CloudFrontLaboratory;

  before(async () => {
    cloudFront = await startCloudFront();
  });

  after(async () => {
    await cloudFront.stop();
  });

  it("is assumed once, and signs what follows", async () => {
    const { client, proxy } = cloudFront;
    const site = { bucket: "sites" };
    const { id } = await makeDistribution(client, site);
    const before = proxy.requests.filter((request) => request === "POST /").length;
    const { edge } = await openEdge({ roleArn: ROLE }, { id }, site, QUICK);
    await edge.invalidate(["/index.html"], "role", () => undefined);
    const assumed = proxy.requests.filter((request) => request === "POST /").length - before;
    expect(assumed).to.equal(1);
  });

  it("gives credentials that expire and are never shown", async () => {
    const credentials = await awsClientConfig({ roleArn: ROLE }).credentials?.();
    expect(credentials?.accessKeyId).to.match(/^ASIA/);
    expect(credentials?.expiration?.getTime()).to.be.greaterThan(Date.now());
    expect(redact(credentials?.secretAccessKey ?? "")).to.equal("[secret]");
    expect(redact(credentials?.sessionToken ?? "")).to.equal("[secret]");
  });

  it("is not assumed when the server does not answer, and that is told", async () => {
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    const restore = setEnvironment({ AWS_ENDPOINT_URL_STS: nowhere });
    try {
      const refusal = await expectRejection(
        openEdge({ roleArn: ROLE }, { id: "E1" }, { bucket: "sites" }, QUICK),
        "AWS_UNAVAILABLE",
      );
      expect(refusal.what).to.contain("assuming the role").and.to.contain(nowhere);
    } finally {
      restore();
    }
  });
});
