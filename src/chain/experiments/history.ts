import { isRecord } from "../../json.js";
import { checksummed, sameAddress, type Address } from "../address.js";
import { codeAt, hexResult, isHex, quantity, quantityResult, staticCall } from "../reads.js";
import { gentleReads } from "./gentle-reads.js";
import type { Laboratory } from "./laboratory.js";
import { RECENT_BLOCKS, pastOf, type Past } from "./past.js";
import { recorded, type PastTransaction, type RecordedCalls } from "./past-transaction.js";
import { TRANSFER, TRANSFER_BATCH, TRANSFER_SINGLE } from "./transfers.js";
import { groupsOf, inTurn } from "./variety.js";

export { namedCalls } from "./named-calls.js";
export type { RecordedCall, RecordedCalls } from "./past-transaction.js";
export { RECENT_BLOCKS } from "./past.js";
export { goesThrough, replayAll } from "./replay.js";

/**
 * Transactions that lately went to a contract or through it, to be made again: of different
 * functions and from different senders first, of each the newest. Those that failed are left out.
 * @param options.blocks how many blocks back, at most; {@link RECENT_BLOCKS} where nobody says.
 */
export async function recentCalls(
  laboratory: Laboratory,
  contract: Address,
  { blocks = RECENT_BLOCKS, most }: { readonly blocks?: number; readonly most: number },
): Promise<RecordedCalls> {
  const past = await pastOf(laboratory, contract, blocks);
  const { chosen, unknown } = await thoseThatSucceeded(laboratory, past, contract, most);
  return {
    calls: await Promise.all(chosen.map(recorded)),
    fromBlock: past.fromBlock,
    unknown: [...past.unknown, ...unknown],
  };
}

/** Calls of the contract itself first; each function in turn, and of each function each sender in turn. */
function byVariety(
  transactions: readonly PastTransaction[],
  contract: Address,
): readonly PastTransaction[] {
  const kinds = groupsOf(transactions, ({ to, data }) => `${to} ${data.slice(0, 10)}`).map((kind) =>
    inTurn(groupsOf(kind, ({ from }) => from)),
  );
  const direct = (kind: readonly PastTransaction[]): boolean =>
    sameAddress(kind[0]?.to ?? "", contract);
  return [...inTurn(kinds.filter(direct)), ...inTurn(kinds.filter((kind) => !direct(kind)))];
}

/** Receipts that are asked for at once. */
const RECEIPTS = 20;

/** A transaction that gave an event did not fail; of others the receipt says. */
async function thoseThatSucceeded(
  laboratory: Laboratory,
  { transactions, succeeded }: Past,
  contract: Address,
  most: number,
): Promise<{ chosen: readonly PastTransaction[]; unknown: readonly string[] }> {
  const reads = gentleReads(laboratory.chain.rpc);
  const candidates = byVariety(transactions, contract);
  const chosen: PastTransaction[] = [];
  let refused = 0;
  for (let from = 0; from < candidates.length && chosen.length < most; from += RECEIPTS) {
    const part = candidates.slice(from, from + RECEIPTS);
    const open = part.filter(({ hash }) => !succeeded.has(hash));
    const replies = await reads.read(
      open.map(({ hash }) => ({ method: "eth_getTransactionReceipt", params: [hash] })),
    );
    const receipts = new Map(open.map(({ hash }, index) => [hash, replies[index]] as const));
    for (const transaction of part) {
      const receipt = receipts.get(transaction.hash);
      const known = receipt?.ok === true && isRecord(receipt.result) ? receipt.result : undefined;
      if (succeeded.has(transaction.hash) || isOne(known?.status)) {
        chosen.push(transaction);
      } else if (known === undefined) {
        refused++;
      }
    }
  }
  return {
    chosen: chosen.slice(0, most),
    unknown:
      refused === 0
        ? []
        : [`the node does not say of ${refused} transaction(s) without events whether they failed`],
  };
}

function isOne(status: unknown): boolean {
  return isHex(status) && status !== "0x" && BigInt(status) === 1n;
}

/** Accounts that are looked at more closely: two reads each. */
const MOST_LOOKED_AT = 50;

/** `balanceOf(address)`, of ERC-20 and ERC-721. */
const BALANCE_OF = "0x70a08231";

/**
 * Who uses a contract, for calls that are made up: accounts that hold a balance in it, then other
 * receivers of recent transfers and senders of recent transactions. Contracts only where there is
 * no account.
 */
export async function usersOf(
  laboratory: Laboratory,
  contract: Address,
  most: number,
): Promise<readonly Address[]> {
  const { logs, transactions } = await pastOf(laboratory, contract, RECENT_BLOCKS);
  const receivers = logs.flatMap(({ topics }) => receiverOf(topics));
  const senders = transactions.map(({ from }) => from);
  const distinct = [...new Set(inTurn([[...new Set(receivers)], [...new Set(senders)]]))]
    .filter((address) => BigInt(address) >= LEAST_ADDRESS && !sameAddress(address, contract))
    .slice(0, MOST_LOOKED_AT);
  const users = await Promise.all(distinct.map(checksummed));
  const block = quantity(laboratory.block);
  const replies = await gentleReads(laboratory.chain.rpc).read(
    users.flatMap((user) => [
      codeAt(user)(block),
      staticCall(contract, `${BALANCE_OF}${user.slice(2).toLowerCase().padStart(64, "0")}`)(block),
    ]),
  );
  const seen = users.map((address, index) => ({
    address,
    account: isAccount(hexResult(replies[index * 2]) ?? "0x"),
    holds: (quantityResult(replies[index * 2 + 1]) ?? 0n) > 0n,
  }));
  const accounts = seen.filter(({ account }) => account);
  return (accounts.length > 0 ? accounts : seen)
    .sort((a, b) => Number(b.holds) - Number(a.holds))
    .slice(0, most)
    .map(({ address }) => address);
}

/** Precompiles, and the addresses that tokens are burnt to, have smaller numbers. */
const LEAST_ADDRESS = 2n ** 80n;

/** An ERC-7702 account has code and a key. */
function isAccount(code: string): boolean {
  return code === "0x" || code.startsWith("0xef0100");
}

function receiverOf(topics: readonly string[]): string[] {
  const [event = ""] = topics;
  const places: Readonly<Record<string, number>> = {
    [TRANSFER]: 2,
    [TRANSFER_SINGLE]: 3,
    [TRANSFER_BATCH]: 3,
  };
  const topic = topics[places[event] ?? -1];
  return topic === undefined || !/^0x0{24}/.test(topic) ? [] : [`0x${topic.slice(-40)}`];
}
