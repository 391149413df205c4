import { isRecord } from "../../json.js";
import type { Address } from "../address.js";
import type { Chain } from "../chain.js";
import { quantity } from "../reads.js";

/** An event that a contract has given. */
export interface Log {
  readonly topics: readonly string[];
  readonly data: string;
  /** The hash of the transaction that it was given in. */
  readonly transaction: string;
}

/** Logs of one contract, and from which block on they are known. */
export interface LogSearch {
  readonly logs: readonly Log[];
  /** 0 when the whole history was searched. */
  readonly fromBlock: number;
}

/** Providers that limit ranges allow at least this many blocks. */
const SMALL_RANGE = 2_000;
/** An emergency does not page through a chain's whole history. */
const MOST_PAGES = 25;

/**
 * The logs of a contract with one of the given first topics. One request where the node allows it;
 * else the newest blocks in pages, and the result says how far back they reach.
 */
export async function findLogs(
  chain: Chain,
  address: Address,
  topics: readonly (string | readonly string[])[],
  toBlock: number,
): Promise<LogSearch> {
  const whole = await logsBetween(chain, address, topics, 0, toBlock);
  if (whole !== undefined) {
    return { logs: whole, fromBlock: 0 };
  }
  const pages: Log[][] = [];
  let from = toBlock + 1;
  for (let page = 0; page < MOST_PAGES && from > 0; page++) {
    const start = Math.max(0, from - SMALL_RANGE);
    const logs = await logsBetween(chain, address, topics, start, from - 1);
    if (logs === undefined) {
      break;
    }
    pages.unshift(logs);
    from = start;
  }
  return { logs: pages.flat(), fromBlock: from };
}

async function logsBetween(
  chain: Chain,
  address: Address,
  topics: readonly (string | readonly string[])[],
  fromBlock: number,
  toBlock: number,
): Promise<Log[] | undefined> {
  const [reply] = await chain.rpc.batch([
    {
      method: "eth_getLogs",
      params: [{ address, topics, fromBlock: quantity(fromBlock), toBlock: quantity(toBlock) }],
    },
  ]);
  if (reply?.ok !== true || !Array.isArray(reply.result)) {
    return undefined;
  }
  return reply.result.filter(isRecord).map((log) => ({
    topics: Array.isArray(log.topics) ? log.topics.map(String) : [],
    data: String(log.data),
    transaction: String(log.transactionHash),
  }));
}
