import { createServer } from "node:http";

import { CloudFrontClient, GetDistributionCommand } from "@aws-sdk/client-cloudfront";
import { GetObjectCommand, HeadObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { expect } from "chai";

import { awsClientConfig } from "../../src/frontend/aws.js";
import { guardSecrets } from "../../src/frontend/aws-credentials.js";
import { awsError, awsErrorName, awsStatus } from "../../src/frontend/aws-error.js";
import { EmergencyError, type ErrorCode } from "../../src/errors.js";
import { redact } from "../../src/redact.js";

/** What a server of AWS answers in this test. */
interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly date?: Date;
}

const KEY_ID = "AKIDEXAMPLE123456";
const SECRET = "secret-key-of-the-test-0123456789";
const TOKEN = "session-token-of-the-test-0123456789";

describe("errors of AWS", () => {
  let refusal: Refusal;
  const server = createServer((request, response) => {
    const { status, code, message, date } = refusal;
    const error = `<Code>${code}</Code><Message>${message}</Message>`;
    const isS3 = request.headers.authorization?.includes("/s3/") === true;
    const body = isS3
      ? `<Error>${error}</Error>`
      : `<ErrorResponse><Error><Type>Sender</Type>${error}</Error></ErrorResponse>`;
    response.sendDate = date === undefined;
    response.writeHead(status, {
      "content-type": "application/xml",
      ...(date === undefined ? {} : { date: date.toUTCString() }),
    });
    response.end(request.method === "HEAD" ? undefined : body);
  });
  let endpoint = "";

  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    endpoint = `http://127.0.0.1:${typeof address === "object" ? String(address?.port) : ""}`;
  });

  after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const config = (): ReturnType<typeof awsClientConfig> => ({
    ...awsClientConfig({ region: "us-east-1", endpoint }),
    maxAttempts: 1,
    credentials: async () =>
      await Promise.resolve({
        accessKeyId: KEY_ID,
        secretAccessKey: SECRET,
        sessionToken: TOKEN,
      }),
  });

  async function thrown(run: () => Promise<unknown>): Promise<unknown> {
    return await run().then(
      () => {
        throw new Error("it did not fail");
      },
      (error: unknown) => error,
    );
  }

  async function fromS3(answer: Refusal, head = false): Promise<unknown> {
    refusal = answer;
    const client = guardSecrets(new S3Client({ ...config(), forcePathStyle: true }));
    const where = { Bucket: "sites", Key: "index.html" };
    return await thrown(async () =>
      head
        ? await client.send(new HeadObjectCommand(where))
        : await client.send(new GetObjectCommand(where)),
    );
  }

  async function fromCloudFront(answer: Refusal): Promise<unknown> {
    refusal = answer;
    const client = guardSecrets(new CloudFrontClient(config()));
    return await thrown(async () => await client.send(new GetDistributionCommand({ Id: "E1" })));
  }

  function explained(
    error: unknown,
    code: ErrorCode,
    context?: Parameters<typeof awsError>[2],
  ): EmergencyError {
    const told = awsError(error, "reading it", context);
    expect(told.code, told.message).to.equal(code);
    expect(told.what).to.match(/^reading it failed: /);
    expect(told.next).not.to.equal("");
    return told;
  }

  const refusals: readonly (readonly [ErrorCode, Refusal])[] = [
    ["AWS_CREDENTIALS", { status: 400, code: "ExpiredToken", message: "expired" }],
    ["AWS_CREDENTIALS", { status: 403, code: "InvalidAccessKeyId", message: "no such key" }],
    ["AWS_CREDENTIALS", { status: 403, code: "SignatureDoesNotMatch", message: "differs" }],
    ["AWS_DENIED", { status: 403, code: "AccessDenied", message: "Access Denied" }],
    ["BUCKET_UNKNOWN", { status: 404, code: "NoSuchBucket", message: "no bucket" }],
    ["DISTRIBUTION_UNKNOWN", { status: 404, code: "NoSuchDistribution", message: "none" }],
    ["AWS_UNAVAILABLE", { status: 503, code: "SlowDown", message: "reduce your rate" }],
    ["AWS_UNAVAILABLE", { status: 500, code: "InternalError", message: "we have a fault" }],
    ["AWS_REFUSED", { status: 400, code: "SomethingElse", message: "for a reason" }],
  ];

  for (const [code, answer] of refusals) {
    it(`are told as ${code} when it says ${answer.code}`, async () => {
      for (const error of [await fromS3(answer), await fromCloudFront(answer)]) {
        expect(awsErrorName(error)).to.equal(answer.code);
        expect(awsStatus(error)).to.equal(answer.status);
        expect(explained(error, code).what).to.contain(answer.message);
      }
    });
  }

  it("name the permission that is needed: the one AWS names, or else the one we know", async () => {
    const named = await fromCloudFront({
      status: 403,
      code: "AccessDenied",
      message:
        "User: arn:aws:iam::1:user/x is not authorized to perform: cloudfront:GetDistribution on resource: y",
    });
    expect(explained(named, "AWS_DENIED", { action: "other" }).what).to.contain(
      "cloudfront:GetDistribution is needed",
    );
    const bare = await fromS3({ status: 403, code: "AccessDenied", message: "" }, true);
    expect(explained(bare, "AWS_DENIED", { action: "s3:GetObject" }).what).to.contain(
      "s3:GetObject is needed",
    );
  });

  it("say by how much the clock is wrong", async () => {
    const answer = { status: 403, code: "RequestTimeTooSkewed", message: "too large" };
    const ahead = await fromS3({ ...answer, date: new Date(Date.now() - 20 * 60_000) });
    expect(explained(ahead, "AWS_CLOCK").what).to.contain("it is 20 minutes fast");
    const behind = await fromS3({ ...answer, date: new Date(Date.now() + 45 * 60_000) });
    expect(explained(behind, "AWS_CLOCK").what).to.contain("it is 45 minutes slow");
  });

  it("name the server that does not answer", async () => {
    const client = new S3Client({ ...config(), endpoint: "http://127.0.0.1:9" });
    const error = await thrown(
      async () => await client.send(new GetObjectCommand({ Bucket: "b", Key: "k" })),
    );
    expect(explained(error, "AWS_UNAVAILABLE").what).to.contain("127.0.0.1:9 cannot be reached");
    const unknown = new CloudFrontClient({ ...config(), endpoint: "http://nowhere.invalid" });
    const lookUp = await thrown(
      async () => await unknown.send(new GetDistributionCommand({ Id: "E1" })),
    );
    expect(explained(lookUp, "AWS_UNAVAILABLE").what).to.contain("nowhere.invalid");
    expect(
      explained(lookUp, "AWS_UNAVAILABLE", { endpoint: "https://named.example.org" }).what,
    ).to.contain("https://named.example.org cannot be reached");
  });

  it("say how to log in when there are no credentials", async () => {
    const client = new S3Client({
      ...config(),
      credentials: async () => {
        await Promise.resolve();
        const error = new Error("Could not load credentials from any providers");
        error.name = "CredentialsProviderError";
        throw error;
      },
    });
    const error = await thrown(
      async () => await client.send(new GetObjectCommand({ Bucket: "b", Key: "k" })),
    );
    expect(explained(error, "AWS_CREDENTIALS").next).to.contain("aws sso login");
  });

  it("never show what was signed with", async () => {
    const error = await fromS3({
      status: 403,
      code: "SignatureDoesNotMatch",
      message: `the string to sign holds ${SECRET} and ${TOKEN}`,
    });
    const told = explained(error, "AWS_CREDENTIALS");
    expect(told.message).not.to.contain(SECRET).and.not.to.contain(TOKEN);
    expect(redact(SECRET)).to.equal("[secret]");
    // Who one is, is no secret.
    expect(redact(KEY_ID)).to.equal(KEY_ID);
  });

  it("leave our own errors as they are", () => {
    const own = new EmergencyError("BAD_CONFIG", "it is so", "change it");
    expect(awsError(own, "reading it")).to.equal(own);
  });
});
