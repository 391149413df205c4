import { isRecord } from "../../json.js";
import type { Address } from "../address.js";
import { isHex, quantity } from "../reads.js";
import type { GentleReads } from "./gentle-reads.js";

/** An event, and where it was given. */
export interface RecentLog {
  /** In lower case. */
  readonly address: string;
  readonly topics: readonly string[];
  readonly block: number;
  /** The hash of the transaction, in lower case. */
  readonly transaction: string;
}

/** Which logs: of one contract, or with certain topics. `null` is any topic. */
export interface LogFilter {
  readonly address?: Address;
  readonly topics: readonly (string | null)[];
}

/** Where a search ends. */
export interface LogBounds {
  /** The oldest block that is of interest. */
  readonly fromBlock: number;
  readonly toBlock: number;
  /** So many transactions are enough. */
  readonly enough: number;
  readonly mostRequests: number;
}

/** What a search from the newest block backwards has found. */
export interface RecentLogs {
  /** Newest first. */
  readonly logs: readonly RecentLog[];
  /** The oldest block that was looked at; one more than the newest when nothing could be. */
  readonly fromBlock: number;
  /** Whether the search reached what it was to reach: the oldest block, or enough transactions. */
  readonly complete: boolean;
  /** The node's last refusal, in its words. */
  readonly refusal: string | undefined;
}

/** A busy contract fills an answer with this many blocks: some thousand logs. */
const FIRST_RANGE = 100;
/** Nodes that limit ranges allow at least this many blocks. */
const USUAL_LIMIT = 2_000;
/** A node that refuses even this gives no logs. */
const LEAST_RANGE = 10;

/**
 * The newest logs. It begins with a few blocks and takes more with each request, so that a busy
 * contract's history is not asked for whole, and a quiet one's takes three requests.
 */
export async function recentLogs(
  reads: GentleReads,
  filter: LogFilter,
  { fromBlock, toBlock, enough, mostRequests }: LogBounds,
): Promise<RecentLogs> {
  const logs: RecentLog[] = [];
  const transactions = new Set<string>();
  let from = toBlock + 1;
  let range = FIRST_RANGE;
  let largest = Infinity;
  let refusal: string | undefined;
  for (
    let request = 0;
    request < mostRequests && from > fromBlock && transactions.size < enough;
    request++
  ) {
    const start = Math.max(fromBlock, from - range);
    const [reply] = await reads.read([
      {
        method: "eth_getLogs",
        params: [{ ...filter, fromBlock: quantity(start), toBlock: quantity(from - 1) }],
      },
    ]);
    if (reply?.ok === true && Array.isArray(reply.result)) {
      const found = reply.result.filter(isRecord).flatMap(logOf).reverse();
      for (const log of found) {
        logs.push(log);
        transactions.add(log.transaction);
      }
      from = start;
      range = Math.min(range < USUAL_LIMIT ? USUAL_LIMIT : Infinity, largest);
      continue;
    }
    const asked = from - start;
    refusal = reply?.ok === false ? reply.failure.message : "no list of logs";
    if (asked <= LEAST_RANGE) {
      break;
    }
    // Of a range that was cut off at the oldest block, a larger one is no use either.
    largest = asked > USUAL_LIMIT ? USUAL_LIMIT : Math.max(LEAST_RANGE, Math.floor(asked / 10));
    range = largest;
  }
  const complete = from <= fromBlock || transactions.size >= enough;
  return { logs, fromBlock: from, complete, refusal };
}

function logOf({
  address,
  topics,
  blockNumber,
  transactionHash,
}: Record<string, unknown>): RecentLog[] {
  return isHex(address) && isHex(blockNumber) && isHex(transactionHash)
    ? [
        {
          address: address.toLowerCase(),
          topics: Array.isArray(topics) ? topics.map((topic) => String(topic).toLowerCase()) : [],
          block: Number(blockNumber),
          transaction: transactionHash.toLowerCase(),
        },
      ]
    : [];
}
