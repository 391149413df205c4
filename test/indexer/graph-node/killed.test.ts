import { expect } from "chai";

import type { JsonObject } from "../../../src/json.js";
import type { RunResult } from "../../../src/recovery/run.js";
import { emergencyError, expectRejection } from "../../helpers/refusal.js";
import { hashFor } from "./model.js";
import {
  startGraphNode,
  SUBGRAPH,
  TOKEN,
  type GraphNodeStandIn,
  type StandInRequest,
  type Trouble,
} from "./stand-in.js";
import { indexerAt, run } from "./steps.js";

const OLD = hashFor("old");
const NEW = hashFor("new");

interface Case {
  readonly kind: string;
  readonly intent: JsonObject;
  readonly prepare?: (node: GraphNodeStandIn) => void;
}

const CASES: readonly Case[] = [
  { kind: "graph-node-pause", intent: {} },
  {
    kind: "graph-node-resume",
    intent: {},
    prepare: ({ model }) => {
      model.pause(OLD);
    },
  },
  { kind: "graph-node-rewind", intent: { block: 9_000 } },
  { kind: "graph-node-deploy", intent: { deployment: NEW, label: "v2" } },
  {
    kind: "graph-node-remove",
    intent: { deployment: NEW, label: "v2" },
    prepare: ({ model }) => {
      model.add(`${SUBGRAPH}-v2`, NEW);
    },
  },
  {
    kind: "graph-node-promote",
    intent: { to: "v2" },
    prepare: ({ model }) => {
      model.add(`${SUBGRAPH}-v2`, NEW);
    },
  },
];

/** What happens to the process that types the command, or on its way, at one request. */
const ENDS: Readonly<Record<string, (number: number, at: number) => Trouble | undefined>> = {
  "is killed before": (number, at) => (number >= at ? "drop" : undefined),
  "is killed after": (number, at) => (number === at ? "lose" : number > at ? "drop" : undefined),
  "loses the answer of": (number, at) => (number === at ? "lose" : undefined),
  "is answered 503 at": (number, at) => (number === at ? { status: 503 } : undefined),
};

/** Requests that only wait for the same thing need not all be broken. */
const MOST = 16;

/** Each has its own graph-node; more at a time would only wait for the processor. */
const SIDE_BY_SIDE = 4;

describe("a command on a graph-node that is cut off", () => {
  async function withNode<T>(one: Case, use: (node: GraphNodeStandIn) => Promise<T>): Promise<T> {
    const node = await startGraphNode();
    try {
      node.model.add(SUBGRAPH, OLD);
      node.model.ipfs.set(NEW, { startBlock: 9_500 });
      one.prepare?.(node);
      return await use(node);
    } finally {
      await node.stop();
      expect(node.refusals).to.deep.equal([]);
      expect(node.model.violations).to.deep.equal([]);
    }
  }

  async function type({ kind, intent }: Case, node: GraphNodeStandIn): Promise<RunResult> {
    return await run(node.config, kind, intent, node.graphman);
  }

  for (const one of CASES) {
    for (const [what, trouble] of Object.entries(ENDS)) {
      it(`${one.kind}: typed again when it ${what} any of its requests, it ends in the same state`, async () => {
        const { wanted, count } = await withNode(one, async (node) => {
          const { outcomes } = await type(one, node);
          expect(outcomes[0]).to.include({ status: "done" });
          return { wanted: settled(node.model.state()), count: node.requests.length };
        });
        const points = Array.from({ length: Math.min(count, MOST) }, (_, index) => index + 1);
        const worker = async (): Promise<void> => {
          for (let at = points.shift(); at !== undefined; at = points.shift()) {
            await broken(one, at, trouble, wanted);
          }
        };
        await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
      });
    }
  }

  async function broken(
    one: Case,
    at: number,
    trouble: (number: number, at: number) => Trouble | undefined,
    wanted: unknown,
  ): Promise<void> {
    await withNode(one, async (node) => {
      node.trouble = ({ number }: StandInRequest) => trouble(number, at);
      await type(one, node).catch((error: unknown) => {
        emergencyError(error);
      });
      node.trouble = () => undefined;
      const again = await type(one, node);
      expect(again.failure, `at ${at}`).to.equal(null);
      expect(settled(node.model.state()), `at ${at}`).to.deep.equal(wanted);
    });
  }
});

/** How far a version has come is a matter of time, not of commands. */
function settled(state: unknown): unknown {
  const text = JSON.stringify(state, (key, value: unknown) =>
    key === "synced" ? undefined : value,
  );
  return JSON.parse(text);
}

describe("a graph-node that does not answer as it should", () => {
  let node: GraphNodeStandIn;
  beforeEach(async () => {
    node = await startGraphNode();
    node.model.add(SUBGRAPH, OLD);
  });
  afterEach(async () => {
    await node.stop();
  });

  const versions = async (): Promise<unknown> =>
    await indexerAt(node.config).node.versions(SUBGRAPH);

  it("is asked again when it cannot answer now, and not for ever", async () => {
    node.trouble = ({ number }) => (number <= 3 ? { status: 503 } : undefined);
    await versions();
    expect(node.requests).to.have.length(4);
    node.trouble = () => "drop";
    await expectRejection(versions(), "INDEXER_UNREACHABLE");
    expect(node.requests).to.have.length(8);
  });

  it("is told once, whatever comes of it", async () => {
    node.trouble = ({ to }) => (to === "control" ? { status: 503 } : undefined);
    const { node: api } = indexerAt(node.config);
    await expectRejection(api.pause(OLD), "INDEXER_UNREACHABLE");
    await expectRejection(api.resume(OLD), "INDEXER_UNREACHABLE");
    expect(node.requests).to.have.length(2);
  });

  it("says when the token is wrong, also with HTTP 200 as graphman does", async () => {
    const config = { ...node.config, token: "a-wrong-canary-token" };
    const error = await expectRejection(indexerAt(config).node.pause(OLD), "INDEXER_DENIED");
    expect(error.message).not.to.contain("a-wrong-canary-token");
    expect(error.next).to.contain("GRAPHMAN_SERVER_AUTH_TOKEN");
    node.trouble = () => ({ status: 401, body: `Bearer ${TOKEN}` });
    const denied = await expectRejection(versions(), "INDEXER_DENIED");
    expect(denied.message).not.to.contain(TOKEN);
  });

  const garbage: readonly (readonly [string, string])[] = [
    ["a page", "<html>Bad gateway</html>"],
    ["nothing", ""],
    ["another document", '{"ok":true}'],
    ["a number", "12"],
    ["data of another form", '{"data":{"current":{"subgraph":1},"pending":null}}'],
    ["an unknown health", '{"data":{"current":{"health":"dizzy"}}}'],
    ["errors and no data", '{"errors":[{"message":"something of its own"}]}'],
  ];
  for (const [what, body] of garbage) {
    it(`is refused when it answers ${what}`, async () => {
      node.trouble = () => ({ status: 200, body });
      const error = await expectRejection(versions(), "INDEXER_REFUSED");
      if (what === "errors and no data") {
        expect(error.what).to.contain("something of its own");
      }
    });
  }

  it("is not followed elsewhere: the token would go with it", async () => {
    node.trouble = () => ({ status: 307 });
    await expectRejection(indexerAt(node.config).node.pause(OLD), "INDEXER_REFUSED");
  });

  it("repeats the token in its words, and nobody sees it", async () => {
    node.trouble = ({ authorization }) => ({
      status: 200,
      body: JSON.stringify({ errors: [{ message: `not you, ${authorization ?? ""}` }] }),
    });
    const error = await expectRejection(indexerAt(node.config).node.pause(OLD), "INDEXER_REFUSED");
    expect(error.message).to.contain("not you").and.not.to.contain(TOKEN);
  });

  it("takes the credentials in its URL as a header, and shows them nowhere", async () => {
    const url = new URL(node.config.status);
    url.username = "operator";
    url.password = "canary-status-password";
    const config = { ...node.config, status: url.href };
    const { node: api } = indexerAt(config);
    await api.versions(SUBGRAPH);
    const basic = Buffer.from("operator:canary-status-password").toString("base64");
    expect(node.requests[0]?.authorization).to.equal(`Basic ${basic}`);
    expect(api.place).not.to.contain("canary");
    node.trouble = () => "drop";
    const error = await expectRejection(api.versions(SUBGRAPH), "INDEXER_UNREACHABLE");
    expect(error.message).not.to.contain("canary").and.not.to.contain(basic);
  });
});
