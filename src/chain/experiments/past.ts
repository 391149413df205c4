import { sameAddress, type Address } from "../address.js";
import { gentleReads, type GentleReads } from "./gentle-reads.js";
import type { Laboratory } from "./laboratory.js";
import { transactionOf, type PastTransaction } from "./past-transaction.js";
import { recentBlocks, type RecentBlocks } from "./recent-blocks.js";
import { recentLogs, type RecentLog } from "./recent-logs.js";
import { groupsOf, inTurn } from "./variety.js";

/** What has lately happened to a contract. */
export interface Past {
  /** That went to it or through it, newest first. Of the last few blocks also those that failed. */
  readonly transactions: readonly PastTransaction[];
  /** Those of them that gave an event, and so did not fail. */
  readonly succeeded: ReadonlySet<string>;
  /** Its own events, newest first. */
  readonly logs: readonly RecentLog[];
  /** How far back was looked for events. */
  readonly fromBlock: number;
  /** What could not be known, in words. */
  readonly unknown: readonly string[];
}

/** A week of Ethereum; and what a node that gives 2,000 blocks at once says in 25 requests. */
export const RECENT_BLOCKS = 50_000;

/** Transactions that are asked for by their hash: ten requests. */
const MOST_LOOKED_UP = 200;
/** As many as a search through {@link RECENT_BLOCKS} takes in pages of 2,000 blocks. */
const MOST_LOG_REQUESTS = 28;
/** With fewer transactions of its own, other contracts' events that name it are looked at. */
const FEW = 8;
/** For each place in which an event may name it. */
const MOST_MENTION_REQUESTS = 5;

const pasts = new WeakMap<Laboratory, Map<string, Promise<Past>>>();
const scans = new WeakMap<Laboratory, Map<number, Promise<RecentBlocks>>>();

/**
 * Looks for what was done with a contract lately: by its events, by other contracts' events that
 * name it, and in the newest blocks. Asked for once in a laboratory; several contracts share the
 * blocks. Nothing that the node refuses is an error: the answer is smaller, and says so.
 * @param blocks how many blocks back, at most.
 */
export async function pastOf(
  laboratory: Laboratory,
  contract: Address,
  blocks: number,
): Promise<Past> {
  const fromBlock = Math.max(0, laboratory.block + 1 - blocks);
  return await kept(pasts, laboratory, `${contract} ${fromBlock}`, async () =>
    lookBack(laboratory, contract, fromBlock),
  );
}

async function kept<K, T>(
  all: WeakMap<Laboratory, Map<K, Promise<T>>>,
  laboratory: Laboratory,
  key: K,
  make: () => Promise<T>,
): Promise<T> {
  const known = all.get(laboratory) ?? new Map<K, Promise<T>>();
  all.set(laboratory, known);
  const value = known.get(key) ?? make();
  known.set(key, value);
  return await value;
}

async function lookBack(
  laboratory: Laboratory,
  contract: Address,
  fromBlock: number,
): Promise<Past> {
  const reads = gentleReads(laboratory.chain.rpc);
  const toBlock = laboratory.block;
  const [own, scan] = await Promise.all([
    recentLogs(
      reads,
      { address: contract, topics: [] },
      { fromBlock, toBlock, enough: MOST_LOOKED_UP, mostRequests: MOST_LOG_REQUESTS },
    ),
    kept(scans, laboratory, fromBlock, async () =>
      recentBlocks(gentleReads(laboratory.chain.rpc), fromBlock, toBlock),
    ),
  ]);
  const direct = scan.transactions.filter(({ to }) => sameAddress(to, contract));
  const known = new Set([...own.logs, ...direct].map(hashOf));
  const mentions =
    known.size < FEW ? await mentionsOf(reads, contract, fromBlock, toBlock) : NO_MENTIONS;
  const events = [...own.logs, ...mentions.logs];
  const named = await lookUp(reads, variety(events), scan);
  const succeeded = new Set(events.map(({ transaction }) => transaction));
  const transactions = new Map(
    [...direct, ...named.transactions].map((transaction) => [transaction.hash, transaction]),
  );
  return {
    // The order within a block does not matter.
    transactions: [...transactions.values()].sort((a, b) => b.block - a.block),
    succeeded,
    logs: own.logs,
    fromBlock: own.fromBlock,
    unknown: [
      ...(own.complete ? [] : [gap("events of the contract", own.fromBlock, own.refusal)]),
      ...mentions.unknown,
      ...(scan.fromBlock <= fromBlock
        ? []
        : [gap("transactions without events", scan.fromBlock, scan.refusal)]),
      ...named.unknown,
    ],
  };
}

function hashOf(item: RecentLog | PastTransaction): string {
  return "hash" in item ? item.hash : item.transaction;
}

function gap(what: string, fromBlock: number, refusal: string | undefined): string {
  const why = refusal === undefined ? "" : `: the node says "${refusal}"`;
  return `${what} are known only from block ${fromBlock} on${why}`;
}

interface Mentions {
  readonly logs: readonly RecentLog[];
  readonly unknown: readonly string[];
}

const NO_MENTIONS: Mentions = { logs: [], unknown: [] };

/** Events of other contracts that name this one: a token's transfer to it, a registry's entry. */
async function mentionsOf(
  reads: GentleReads,
  contract: Address,
  fromBlock: number,
  toBlock: number,
): Promise<Mentions> {
  const word = `0x${contract.slice(2).toLowerCase().padStart(64, "0")}`;
  const searches = await Promise.all(
    [1, 2, 3].map(async (place) =>
      recentLogs(
        reads,
        { topics: [...Array.from({ length: place }, () => null), word] },
        { fromBlock, toBlock, enough: MOST_LOOKED_UP, mostRequests: MOST_MENTION_REQUESTS },
      ),
    ),
  );
  const short = searches.find(({ complete }) => !complete);
  const reached = Math.max(...searches.map((search) => search.fromBlock));
  return {
    logs: searches.flatMap(({ logs }) => logs),
    unknown:
      short === undefined
        ? []
        : [gap("other contracts' events that name it", reached, short.refusal)],
  };
}

/** Hashes of transactions, so that each kind of event comes up early; of each kind the newest first. */
function variety(logs: readonly RecentLog[]): string[] {
  const kinds = groupsOf(logs, ({ address, topics }) => `${address} ${topics[0] ?? ""}`);
  return [...new Set(inTurn(kinds).map(({ transaction }) => transaction))];
}

/** The transactions of these hashes, out of the blocks that were read anyway, or one by one. */
async function lookUp(
  reads: GentleReads,
  hashes: readonly string[],
  scan: RecentBlocks,
): Promise<{ transactions: readonly PastTransaction[]; unknown: readonly string[] }> {
  const scanned = new Map(
    scan.transactions.map((transaction) => [transaction.hash, transaction] as const),
  );
  const missing = hashes.filter((hash) => !scanned.has(hash)).slice(0, MOST_LOOKED_UP);
  const replies = await reads.read(
    missing.map((hash) => ({ method: "eth_getTransactionByHash", params: [hash] })),
  );
  const found = replies.map((reply) => (reply.ok ? reply.result : null));
  const gone = found.filter((result) => result === null).length;
  const refusal = replies.find((reply) => !reply.ok);
  const why = refusal?.ok === false ? `: "${refusal.failure.message}"` : "";
  return {
    transactions: [...hashes.map((hash) => scanned.get(hash)), ...found.map(transactionOf)].filter(
      (transaction) => transaction !== undefined,
    ),
    unknown:
      gone === 0 ? [] : [`the node does not give ${gone} of ${missing.length} transactions${why}`],
  };
}
