import { expect } from "chai";

import { describeWith } from "./describe-services.js";
import { slowDown } from "./faults.js";
import { startFaultyProxy, type FaultyProxy } from "./faulty-proxy.js";
import type { S3Server } from "./s3-server.js";
import { startVersitygw } from "./versitygw.js";

describeWith(["versitygw"], "The faulty proxy", () => {
  let server: S3Server;
  let proxy: FaultyProxy;
  let bucket: string;

  before(async () => {
    server = await startVersitygw();
    proxy = await startFaultyProxy(server.endpoint);
    bucket = await server.newBucket({ versioning: true });
  });
  after(async () => {
    await proxy.stop();
    await server.stop();
  });
  beforeEach(() => {
    proxy.forget();
  });

  async function put(key: string, body: string | Buffer, maxAttempts = 1): Promise<string> {
    const { PutObjectCommand } = await import("@aws-sdk/client-s3");
    const client = server.client({ endpoint: proxy.url, maxAttempts });
    const command = new PutObjectCommand({ Bucket: bucket, Key: key, Body: body });
    return await client.send(command).then(
      () => "done",
      (error: unknown) => (error instanceof Error ? error.name : "?"),
    );
  }

  /** How many versions the bucket itself has of a key. */
  async function versions(key: string): Promise<number> {
    const { ListObjectVersionsCommand } = await import("@aws-sdk/client-s3");
    const command = new ListObjectVersionsCommand({ Bucket: bucket, Prefix: key });
    return (await server.client().send(command)).Versions?.length ?? 0;
  }

  it("passes on what was signed, and keeps a record", async () => {
    expect(await put("a folder/ü+%.html", "text")).to.equal("done");
    expect(await put("big", Buffer.alloc(5_000_000, "x"))).to.equal("done");
    expect(proxy.requests.map(({ method, path, status }) => [method, path, status])).to.deep.equal([
      ["PUT", `/${bucket}/a folder/ü+%.html`, 200],
      ["PUT", `/${bucket}/big`, 200],
    ]);
    expect(proxy.requests[1]?.bytes).to.be.at.least(5_000_000);
    expect(proxy.count({ method: "PUT", path: /big$/ })).to.equal(1);
    expect(proxy.count({ query: ["versions"] })).to.equal(0);
  });

  it("refuses what a rule says, and as often as it says", async () => {
    const used = proxy.fail({ path: /slow/ }, slowDown, { skip: 1, times: 2 });
    expect(await put("slow/1", "x")).to.equal("done");
    expect(await put("slow/2", "x")).to.equal("SlowDown");
    expect(await put("other", "x")).to.equal("done");
    expect(await put("slow/2", "x")).to.equal("SlowDown");
    expect(await put("slow/2", "x")).to.equal("done");
    expect(used()).to.equal(2);
    expect(await versions("slow/2")).to.equal(1);
  });

  it("is survived by the SDK's own attempts", async () => {
    proxy.fail({ method: "PUT" }, slowDown, { times: 2 });
    expect(await put("retried", "x", 3)).to.equal("done");
    expect(proxy.requests.map(({ status }) => status)).to.deep.equal([503, 503, 200]);
  });

  it("cuts an upload: the server has nothing of it", async () => {
    proxy.fail({ path: /cut/ }, { kind: "cut-upload", afterBytes: 300_000 });
    expect(await put("cut", Buffer.alloc(2_000_000))).not.to.equal("done");
    expect(await versions("cut")).to.equal(0);
  });

  it("loses an answer: the server has done it, and the client does not know", async () => {
    proxy.fail({ path: /lost/ }, { kind: "lose-answer" });
    expect(await put("lost", "x")).not.to.equal("done");
    expect(proxy.requests[0]?.status).to.equal(200);
    expect(await versions("lost")).to.equal(1);
  });

  it("delays a request", async () => {
    proxy.fail({ path: /late/ }, { kind: "delay", ms: 300 });
    const start = performance.now();
    expect(await put("late", "x")).to.equal("done");
    expect(performance.now() - start).to.be.at.least(299);
  });

  it("calls back at the nth request, before the server sees it or after", async () => {
    const seen: number[] = [];
    proxy.onRequest(2, {
      before: async () => {
        seen.push(await versions("at"));
        return "drop" as const;
      },
    });
    proxy.onRequest(3, {
      after: async () => {
        seen.push(await versions("at"));
        return undefined;
      },
    });
    const outcomes = [await put("at/1", "x"), await put("at/2", "x"), await put("at/3", "x")];
    expect(outcomes[0]).to.equal("done");
    expect(outcomes[1]).not.to.equal("done");
    expect(outcomes[2]).to.equal("done");
    expect(seen).to.deep.equal([1, 2]);
  });
});
