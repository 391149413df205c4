import { expect } from "chai";

import type { Address } from "../../../src/chain/address.js";
import { isRecord } from "../../../src/json.js";
import { admin, owner, pauser } from "../../helpers/accounts.js";
import { useChain } from "../../helpers/chain.js";
import { deploy, deployUups, execute } from "../../helpers/contracts.js";
import type { Outcome } from "../../helpers/project.js";
import {
  rpcError,
  type NodeProxy,
  type ProxyAnswer,
  type ProxyRequest,
  type ProxyRule,
} from "../../helpers/proxy.js";
import { expectRefusal, listOf, onlyDocument } from "../../helpers/refusal.js";

/** Blocks before and after the contracts' creation, so that limits of log ranges are met. */
const BLOCKS = 3_000;

type Answer = Readonly<Record<string, unknown>>;

/** Answers each call in a request by itself: refused in the node's words, or forwarded. */
function refusing(why: (call: Record<string, unknown>) => string | undefined): ProxyRule {
  return async (request, forward) => {
    const answers: unknown = JSON.parse((await forward()).body);
    const list: readonly unknown[] = Array.isArray(answers) ? answers : [answers];
    const replies = request.calls.map((call): Answer | undefined => {
      const message = why(call);
      if (message !== undefined) {
        return { jsonrpc: "2.0", id: call.id, error: { code: -32000, message } };
      }
      return list.filter(isRecord).find(({ id }) => id === call.id);
    });
    return { status: 200, body: JSON.stringify(request.isBatch ? replies : replies[0]) };
  };
}

function rangeOf({ method, params }: Record<string, unknown>): number {
  const filter: unknown = Array.isArray(params) ? params[0] : undefined;
  return method === "eth_getLogs" && isRecord(filter)
    ? Number(filter.toBlock) - Number(filter.fromBlock) + 1
    : 0;
}

const limitedTo =
  (blocks: number): ProxyRule =>
  async (request, forward) =>
    await refusing((call) =>
      rangeOf(call) > blocks ? `query exceeds max block range ${blocks}` : undefined,
    )(request, forward);

const batchesOf = (most: number): ProxyRule => {
  const tooLarge = (request: ProxyRequest): ProxyAnswer =>
    rpcError({ ...request, calls: [] }, `batches of more than ${most} are not allowed`);
  return async (request, forward) =>
    request.isBatch && request.calls.length > most ? tooLarge(request) : await forward();
};

const shuffled: ProxyRule = async (request, forward) => {
  const answers: unknown = JSON.parse((await forward()).body);
  return {
    status: 200,
    body: JSON.stringify(Array.isArray(answers) ? answers.reverse() : answers),
  };
};

const partly: ProxyRule = async (request, forward) => {
  const answers: unknown = JSON.parse((await forward()).body);
  return {
    status: 200,
    body: JSON.stringify(Array.isArray(answers) ? answers.slice(0, -1) : answers),
  };
};

/** Every third request is one too many. */
function busy(): ProxyRule {
  let count = 0;
  return async (_request, forward) =>
    count++ % 3 === 0
      ? { status: 429, headers: { "retry-after": "0" }, body: "slow down" }
      : await forward();
}

/** Nodes that make it harder, and must not change the verdict. */
const HARMLESS: Readonly<Record<string, () => ProxyRule>> = {
  "has no debug_ methods": () =>
    refusing(({ method }) =>
      String(method).startsWith("debug_") ? "the method does not exist" : undefined,
    ),
  "has no trace_ and no txpool_ methods, and no filters": () =>
    refusing(({ method }) =>
      /^(trace_|txpool_|eth_newFilter)/.test(String(method)) ? "not available" : undefined,
    ),
  "gives logs of 2,000 blocks at a time": () => limitedTo(2_000),
  "takes no batches": () => batchesOf(1),
  "takes batches of ten": () => batchesOf(10),
  "answers out of order": () => shuffled,
  "leaves out answers of batches": () => partly,
  "says 429 to every third request": busy,
};

describe("a node that does not do everything", () => {
  let token: Address | undefined;
  let roles: Address | undefined;
  let vault: Address | undefined;
  let fixed: Address | undefined;
  const chain = useChain(async (node) => {
    token = await deploy(node, "OwnablePausable", [owner.address]);
    roles = await deploy(node, "RolePausable", [admin.address, pauser.address]);
    vault = (await deployUups(node, "UupsVaultV1", "initialize", [owner.address])).proxy;
    fixed = await deploy(node, "RenouncedPausable");
    await node.request("hardhat_mine", `0x${BLOCKS.toString(16)}`);
    await execute(node, { name: "UupsVaultV1", address: vault }, "deposit", [], owner);
  });

  async function judged(rule: ProxyRule, timeoutMs?: number): Promise<Outcome> {
    const proxy: NodeProxy = await chain.proxy();
    proxy.answerBy(rule);
    const project = await chain.project({
      url: proxy.url,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    return await project.run("verify-pausable", {
      contract: [token, roles, vault, fixed].join(","),
      json: true,
    });
  }

  const verdictsOf = (outcome: Outcome): unknown[] =>
    listOf(onlyDocument(outcome), "contracts").map(({ verdict }) => verdict);

  const RIGHT = ["pausable", "pausable", "pausable", "not-pausable"];

  /** Each is right, or not known, and then says what could not be known. */
  function expectNothingFalse(outcome: Outcome): void {
    const reports = listOf(onlyDocument(outcome), "contracts");
    expect(reports).to.have.lengthOf(RIGHT.length);
    for (const [index, { verdict, unknown }] of reports.entries()) {
      expect([RIGHT[index], "unknown"]).to.include(verdict);
      if (verdict === "unknown") {
        expect(unknown).not.to.be.empty;
      }
    }
  }

  for (const [title, rule] of Object.entries(HARMLESS)) {
    it(`and ${title} gets the right verdicts`, async () => {
      expect(verdictsOf(await judged(rule()))).to.deep.equal(RIGHT);
    });
  }

  it("and gives logs of 500 blocks at a time gets no wrong verdict", async () => {
    expectNothingFalse(await judged(limitedTo(500)));
  });

  it("and gives no logs at all gets no wrong verdict", async () => {
    const outcome = await judged(
      refusing(({ method }) => (method === "eth_getLogs" ? "logs are disabled" : undefined)),
    );
    expectNothingFalse(outcome);
    // The owner is in the storage; who has a role is only in the events.
    expect(verdictsOf(outcome).slice(0, 2)).to.deep.equal(["pausable", "unknown"]);
  });

  it("and has lost the state of the block is named, with what it says", async () => {
    const outcome = await judged(
      refusing(({ method, params }) => {
        // The first look asks for "latest"; then the block is no longer among the newest.
        const last: unknown = Array.isArray(params) ? params.at(-1) : undefined;
        const pinned = typeof last === "string" && last.startsWith("0x");
        return /^eth_(call|getCode|getStorageAt)$/.test(String(method)) && pinned
          ? "missing trie node"
          : undefined;
      }),
    );
    const error = expectRefusal(outcome, "RPC_REFUSED");
    expect(error.what).to.contain("missing trie node");
  });

  it("and is another chain for the fork gets no wrong verdict", async () => {
    let asked = 0;
    const outcome = await judged(async (request, forward) => {
      const alone = request.methods.length === 1 && request.methods[0] === "eth_chainId";
      return alone && asked++ >= 0
        ? {
            status: 200,
            body: JSON.stringify({ jsonrpc: "2.0", id: request.calls[0]?.id, result: "0x1" }),
          }
        : await forward();
    });
    expectNothingFalse(outcome);
  });

  it("and whose calls take too long gets no wrong verdict", async () => {
    expectNothingFalse(
      await judged(
        refusing(({ method }) =>
          method === "eth_call" ? "execution aborted (timeout = 5s)" : undefined,
        ),
      ),
    );
  });

  it("and stops answering is named, within its timeout", async () => {
    const outcome = await judged(
      async ({ methods }, forward) => (methods.includes("eth_getLogs") ? "hang" : await forward()),
      500,
    );
    expectRefusal(outcome, "RPC_UNREACHABLE");
  });

  it("and gives none of its storage gets no wrong verdict", async () => {
    expectNothingFalse(
      await judged(
        refusing(({ method }) => (method === "eth_getStorageAt" ? "not supported" : undefined)),
      ),
    );
  });
});
