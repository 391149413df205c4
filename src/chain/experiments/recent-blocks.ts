import { isRecord } from "../../json.js";
import { quantity } from "../reads.js";
import type { GentleReads } from "./gentle-reads.js";
import { transactionOf, type PastTransaction } from "./past-transaction.js";

/** All transactions of the newest blocks. */
export interface RecentBlocks {
  /** Newest first. Creations of contracts are left out. */
  readonly transactions: readonly PastTransaction[];
  /** The oldest block that was read; one more than the newest when none could be. */
  readonly fromBlock: number;
  /** The node's words when it has not given a block. */
  readonly refusal: string | undefined;
}

/** Blocks in the first request; a full one of Ethereum has 300 KB. */
const FIRST_BLOCKS = 5;
/** Blocks in one request at most. */
const MOST_AT_ONCE = 20;
/** Transactions of one request that leave room for a larger one. */
const FEW = 500;
/** Some 25 full blocks of Ethereum, 5 MB: a few seconds of a home's connection. */
const MOST_TRANSACTIONS = 5_000;
/** Where blocks are nearly empty: fifty requests. */
const MOST_BLOCKS = 1_000;

/**
 * Reads the newest blocks with their transactions, newest first. Transactions that give no event are
 * found nowhere else.
 */
export async function recentBlocks(
  reads: GentleReads,
  fromBlock: number,
  toBlock: number,
): Promise<RecentBlocks> {
  const oldest = Math.max(fromBlock, toBlock + 1 - MOST_BLOCKS);
  const transactions: PastTransaction[] = [];
  let seen = 0;
  let from = toBlock + 1;
  let count = FIRST_BLOCKS;
  while (from > oldest && seen < MOST_TRANSACTIONS) {
    const start = Math.max(oldest, from - count);
    const replies = await reads.read(
      Array.from({ length: from - start }, (_, index) => ({
        method: "eth_getBlockByNumber",
        params: [quantity(from - 1 - index), true],
      })),
    );
    let inRequest = 0;
    for (const reply of replies) {
      const block = reply.ok && isRecord(reply.result) ? reply.result : undefined;
      if (block === undefined || !Array.isArray(block.transactions)) {
        const refusal = reply.ok ? "it has no such block" : reply.failure.message;
        return { transactions, fromBlock: from, refusal };
      }
      from--;
      inRequest += block.transactions.length;
      transactions.push(
        ...block.transactions
          .map(transactionOf)
          .filter((transaction) => transaction !== undefined)
          .reverse(),
      );
    }
    seen += inRequest;
    count = inRequest < FEW ? MOST_AT_ONCE : FIRST_BLOCKS;
  }
  return { transactions, fromBlock: from, refusal: undefined };
}
