import { expect } from "chai";

import { gentleReads } from "../../../src/chain/experiments/gentle-reads.js";
import { recentLogs, type RecentLogs } from "../../../src/chain/experiments/recent-logs.js";
import { quantity } from "../../../src/chain/reads.js";
import type { RpcReply } from "../../../src/chain/rpc.js";
import { isRecord } from "../../../src/json.js";
import { owner } from "../../helpers/accounts.js";
import { fakeChain } from "../../helpers/fake-chain.js";

const TIP = 100_000;

interface Node {
  readonly blocks: readonly number[];
  readonly mostBlocks?: number;
  readonly mostLogs?: number;
  readonly oldest?: number;
}

/** A search on a node with one log in each of these blocks, and the ranges that it took. */
async function search(
  { blocks, mostBlocks = Infinity, mostLogs = Infinity, oldest = 0 }: Node,
  fromBlock = TIP - 50_000,
  enough = 200,
): Promise<RecentLogs & { readonly requests: number; readonly asked: number }> {
  let asked = 0;
  const chain = fakeChain({
    eth_getLogs: ({ params: [filter] }): RpcReply => {
      const [from, to] = isRecord(filter)
        ? [Number(filter.fromBlock), Number(filter.toBlock)]
        : [0, 0];
      const found = blocks.filter((block) => block >= from && block <= to);
      asked += to - from + 1;
      return to - from + 1 > mostBlocks || found.length > mostLogs || from < oldest
        ? { ok: false, failure: { code: -32005, message: "too much" } }
        : {
            ok: true,
            result: found.map((block) => ({
              address: owner.address,
              topics: ["0x01"],
              data: "0x",
              blockNumber: quantity(block),
              transactionHash: `0x${block.toString(16).padStart(64, "0")}`,
            })),
          };
    },
  });
  const result = await recentLogs(
    gentleReads(chain.rpc),
    { address: owner.address, topics: [] },
    { fromBlock, toBlock: TIP, enough, mostRequests: 28 },
  );
  return { ...result, requests: chain.calls.length, asked };
}

function blocksOf({ logs }: RecentLogs): number[] {
  return logs.map(({ block }) => block);
}

describe("the search for recent logs", () => {
  const blocks = [49_999, 50_000, 50_001, 97_900, 97_901, 99_900, 99_901, TIP];
  const newestFirst = blocks.filter((block) => block >= 50_000).reverse();

  it("takes three requests of a quiet contract, and gives the newest first", async () => {
    const found = await search({ blocks });
    expect(blocksOf(found)).to.deep.equal(newestFirst);
    expect(found.requests).to.equal(3);
    expect(found).to.include({ complete: true, fromBlock: 50_000 });
  });

  it("finds the same in pages where the node limits ranges to 2,000 blocks", async () => {
    const found = await search({ blocks, mostBlocks: 2_000 });
    expect(blocksOf(found)).to.deep.equal(newestFirst);
    expect(found).to.include({ complete: true, fromBlock: 50_000 });
    expect(found.requests).to.be.at.most(28);
  });

  it("asks a busy contract for no more than is needed of it", async () => {
    const busy = Array.from({ length: 50_000 }, (_, index) => TIP - index).reverse();
    const found = await search({ blocks: busy });
    expect(found.logs.length).to.be.within(200, 2_100);
    expect(found.complete).to.be.true;
    expect(found.requests).to.equal(2);
  });

  it("takes smaller ranges where the node limits the number of logs", async () => {
    const busy = Array.from({ length: 5_000 }, (_, index) => TIP - index).reverse();
    const found = await search({ blocks: busy, mostLogs: 30 });
    expect(blocksOf(found).slice(0, 3)).to.deep.equal([TIP, TIP - 1, TIP - 2]);
    expect(found.complete).to.be.true;
    expect(found.requests).to.be.at.most(28);
  });

  it("says how far back it came where the node has forgotten the rest", async () => {
    const found = await search({ blocks, oldest: 99_000 });
    expect(blocksOf(found)).to.deep.equal([TIP, 99_901, 99_900]);
    expect(found.complete).to.be.false;
    expect(found.refusal).to.equal("too much");
    expect(found.fromBlock).to.be.within(99_000, 99_900);
  });

  it("ends within its requests where every range is tiny", async () => {
    const found = await search({ blocks, mostBlocks: 10 });
    expect(found.requests).to.equal(28);
    expect(found.complete).to.be.false;
  });

  it("gives up at once where the node gives nothing", async () => {
    const found = await search({ blocks, mostBlocks: 0 });
    expect(found.logs).to.deep.equal([]);
    expect(found.fromBlock).to.equal(TIP + 1);
    expect(found.requests).to.be.at.most(3);
  });

  it("does not look before the first block of interest", async () => {
    const found = await search({ blocks }, TIP - 5);
    expect(blocksOf(found)).to.deep.equal([TIP]);
    expect(found.asked).to.equal(6);
  });
});
