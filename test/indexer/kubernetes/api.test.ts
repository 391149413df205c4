import { expect } from "chai";

import { apiCluster } from "../../../src/indexer/kubernetes/api-cluster.js";
import type { ApiAnswer, ApiRequest, Ask } from "../../../src/indexer/kubernetes/api.js";
import type { Cluster } from "../../../src/indexer/kubernetes/cluster.js";
import { expectRejection } from "../../helpers/refusal.js";
import { workload } from "./objects.js";

type Reply = Partial<ApiAnswer> | Error;

/** A cluster whose server gives these answers, one after the other, and no others. */
function cluster(
  replies: readonly Reply[],
  dryRun = false,
): {
  readonly cluster: Cluster;
  readonly asked: ApiRequest[];
  readonly paused: number[];
} {
  const left = [...replies];
  const asked: ApiRequest[] = [];
  const paused: number[] = [];
  const ask: Ask = async (request) => {
    asked.push(request);
    const reply = left.shift();
    if (reply === undefined) {
      throw new Error(`nobody answers ${request.path} here`);
    }
    if (reply instanceof Error) {
      throw reply;
    }
    return await Promise.resolve({ status: 200, retryAfter: undefined, text: "{}", ...reply });
  };
  const wait = async (milliseconds: number): Promise<void> => {
    paused.push(milliseconds);
    await Promise.resolve();
  };
  const access = { kubeconfig: undefined, context: "test" };
  const server = "context test (https://test)";
  const tools = { ask, wait, server, kubectl: "--context test", access };
  return { cluster: apiCluster(tools, "market", dryRun), asked, paused };
}

const API = { kind: "Deployment", name: "api" } as const;
const found = { text: JSON.stringify(workload()) };

function status(code: number, message: string): Partial<ApiAnswer> {
  return { status: code, text: JSON.stringify({ kind: "Status", message }) };
}

describe("An API server", () => {
  it("that is busy, restarting or lost for a moment is asked again, when it says", async () => {
    const { cluster: asks, paused } = cluster([
      { status: 429, retryAfter: "3" },
      { status: 503 },
      new TypeError("fetch failed", { cause: new Error("ECONNREFUSED") }),
      found,
    ]);
    expect((await asks.workload(API)).metadata.name).to.equal("api");
    expect(paused).to.deep.equal([3_000, 1_000, 2_000]);
  });

  it("that never answers is given up, with the reason", async () => {
    const lost = new TypeError("fetch failed", { cause: new Error("ECONNREFUSED 1.2.3.4") });
    const { cluster: asks } = cluster(Array.from({ length: 6 }, () => lost));
    const error = await expectRejection(asks.workload(API), "CLUSTER_UNREACHABLE");
    expect(error.what).to.contain("ECONNREFUSED 1.2.3.4");
    const busy = cluster(Array.from({ length: 6 }, () => status(503, "starting")));
    expect(
      (await expectRejection(busy.cluster.workload(API), "CLUSTER_UNREACHABLE")).what,
    ).to.contain("starting");
  });

  it("that refuses says why, and what may be done", async () => {
    const refusals = [
      [401, "CLUSTER_CREDENTIALS", "Unauthorized"],
      [403, "CLUSTER_DENIED", 'User "bob" cannot patch resource "deployments"'],
      [404, "UNKNOWN_WORKLOAD", ""],
      [400, "CLUSTER_REFUSED", "bad request"],
    ] as const;
    for (const [code, name, message] of refusals) {
      const { cluster: asks } = cluster([status(code, message)]);
      const error = await expectRejection(asks.workload(API), name);
      expect(error.what).to.contain(message);
    }
  });

  it("that is none is told from one", async () => {
    for (const text of ["<html>", "[]", '{"metadata":{}}']) {
      await expectRejection(cluster([{ text }]).cluster.workload(API), "CLUSTER_REFUSED");
    }
  });

  it("gives long lists in parts, and from the start when they have grown too old", async () => {
    const item = (name: string) => ({
      metadata: { name, uid: name, creationTimestamp: "2026-01-01T00:00:00Z" },
      spec: {},
    });
    const part = (names: readonly string[], next: string) => ({
      text: JSON.stringify({ metadata: { continue: next }, items: names.map(item) }),
    });
    const { cluster: asks, asked } = cluster([
      part(["a"], "more"),
      { status: 410 },
      part(["a", "b"], "rest"),
      part(["c"], ""),
    ]);
    const pods = await asks.pods(workload());
    expect(pods.map(({ metadata }) => metadata.name)).to.deep.equal(["a", "b", "c"]);
    expect(asked.map(({ query }) => query?.continue)).to.deep.equal([
      undefined,
      "more",
      undefined,
      "rest",
    ]);
  });

  it("changes nothing when a test in a patch does not hold, which is no error", async () => {
    const failed = status(422, "the server rejected our request due to an error in our request");
    for (const answer of [failed, status(409, "the object has been modified")]) {
      expect(await cluster([answer]).cluster.patch(API, [])).to.have.property("refused");
    }
    const invalid = status(422, "spec.template.spec.containers: Required value");
    await expectRejection(cluster([invalid]).cluster.patch(API, []), "CLUSTER_REFUSED");
    const { cluster: asks, asked } = cluster([found], true);
    await asks.patch(API, []);
    expect(asked[0]?.query).to.include({ dryRun: "All", fieldManager: "hardhat-emergency" });
  });

  it("that does not show logs is no reason not to tell the rest", async () => {
    const { cluster: asks } = cluster([status(403, "no"), status(400, "not started")]);
    expect(await asks.lastLines("api-x", "api", 3)).to.equal(null);
    expect(await cluster([{ text: "boom\n" }]).cluster.lastLines("api-x", "api", 3)).to.equal(
      "boom",
    );
  });
});
