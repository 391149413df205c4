import { expect } from "chai";

import { findLogs, type Log } from "../../../src/chain/authority/logs.js";
import { isRecord } from "../../../src/json.js";
import type { RpcCall, RpcReply } from "../../../src/chain/rpc.js";
import { owner } from "../../helpers/accounts.js";
import { fakeChain, type Answers } from "../../helpers/fake-chain.js";

/** A log that says in which block it was. */
function logAt(block: number): Log {
  return { topics: ["0x01"], data: `0x${block.toString(16)}`, transaction: `0x${block}` };
}

/** The same as a node gives it. */
function rawLog(block: number): Record<string, unknown> {
  const { transaction, ...log } = logAt(block);
  return { ...log, transactionHash: transaction };
}

function rangeOf({ params: [filter] }: RpcCall): [number, number] {
  return isRecord(filter) ? [Number(filter.fromBlock), Number(filter.toBlock)] : [NaN, NaN];
}

const tooLarge: RpcReply = {
  ok: false,
  failure: { code: -32602, message: "block range too large" },
};

/** A node with logs in these blocks, which searches at most `most` blocks at once, from `oldest` on. */
function nodeWith(blocks: readonly number[], most: number, oldest = 0): Answers {
  return {
    eth_getLogs: (call) => {
      const [from, to] = rangeOf(call);
      return to - from + 1 > most || from < oldest
        ? tooLarge
        : {
            ok: true,
            result: blocks.filter((block) => block >= from && block <= to).map(rawLog),
          };
    },
  };
}

describe("the search for logs", () => {
  const blocks = [0, 1, 3_999, 4_000, 9_999, 10_000];

  it("takes one request where the node allows it", async () => {
    const chain = fakeChain(nodeWith(blocks, Infinity));
    const { logs, fromBlock } = await findLogs(chain, owner.address, ["0x01"], 10_000);
    expect(logs).to.deep.equal(blocks.map(logAt));
    expect(fromBlock).to.equal(0);
    expect(chain.calls).to.have.lengthOf(1);
  });

  it("goes back in pages where the node limits the range: none is left out, none is found twice", async () => {
    const chain = fakeChain(nodeWith(blocks, 2_000));
    const { logs, fromBlock } = await findLogs(chain, owner.address, ["0x01"], 10_000);
    expect(logs).to.deep.equal(blocks.map(logAt));
    expect(fromBlock).to.equal(0);
  });

  it("says how far back it reaches when the history is too long", async () => {
    const chain = fakeChain(nodeWith([5, 999_999], 2_000));
    const { logs, fromBlock } = await findLogs(chain, owner.address, ["0x01"], 1_000_000);
    expect(logs).to.deep.equal([logAt(999_999)]);
    expect(fromBlock).to.equal(1_000_001 - 25 * 2_000);
    expect(chain.calls.length).to.be.at.most(26);
  });

  it("says how far back it reaches when the node has forgotten the rest", async () => {
    const chain = fakeChain(nodeWith(blocks, 2_000, 5_000));
    const { logs, fromBlock } = await findLogs(chain, owner.address, ["0x01"], 10_000);
    expect(logs).to.deep.equal([9_999, 10_000].map(logAt));
    expect(fromBlock).to.be.within(5_000, 7_000);
  });

  it("knows nothing when the node gives no logs at all", async () => {
    const chain = fakeChain(nodeWith([], 0));
    expect(await findLogs(chain, owner.address, ["0x01"], 100)).to.deep.equal({
      logs: [],
      fromBlock: 101,
    });
  });

  it("takes what is not a log for nothing", async () => {
    const chain = fakeChain({
      eth_getLogs: () => ({ ok: true, result: [null, 7, { topics: "x" }, rawLog(1)] }),
    });
    const { logs } = await findLogs(chain, owner.address, ["0x01"], 100);
    expect(logs.filter(({ topics }) => topics.length > 0)).to.deep.equal([logAt(1)]);
  });
});
