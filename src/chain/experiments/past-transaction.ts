import { isRecord } from "../../json.js";
import { checksummed, type Hex } from "../address.js";
import { isHex } from "../reads.js";
import type { TrialCall } from "./trial.js";

/** A call that was mined. Hash and addresses in lower case: of most, nothing is ever shown. */
export interface PastTransaction {
  readonly hash: string;
  readonly block: number;
  readonly from: string;
  readonly to: string;
  readonly data: Hex;
  readonly valueWei: bigint;
}

/** A transaction that was made, to be made again as a trial. */
export interface RecordedCall extends TrialCall {
  /** "transaction 0x… of block N", "calls.json, entry 3". */
  readonly origin: string;
}

/** Calls that were made, and how well the past is known. */
export interface RecordedCalls {
  readonly calls: readonly RecordedCall[];
  /** How far back was looked. */
  readonly fromBlock: number;
  /** What could not be known, in words. */
  readonly unknown: readonly string[];
}

/** A mined call as JSON-RPC gives it; undefined for one that creates a contract, or is not mined. */
export function transactionOf(value: unknown): PastTransaction | undefined {
  if (!isRecord(value)) {
    return undefined;
  }
  const { hash, blockNumber, from, to, input, value: wei } = value;
  if (!isHex(hash) || !isHex(blockNumber) || !isHex(input) || !isAddressText(from)) {
    return undefined;
  }
  return isAddressText(to)
    ? {
        hash: hash.toLowerCase(),
        block: Number(blockNumber),
        from: from.toLowerCase(),
        to: to.toLowerCase(),
        data: input,
        valueWei: isHex(wei) && wei !== "0x" ? BigInt(wei) : 0n,
      }
    : undefined;
}

/** A past transaction, to be made again. */
export async function recorded({
  hash,
  block,
  from,
  to,
  data,
  valueWei,
}: PastTransaction): Promise<RecordedCall> {
  return {
    from: await checksummed(from),
    to: await checksummed(to),
    data,
    ...(valueWei === 0n ? {} : { valueWei }),
    origin: `transaction ${hash} of block ${block}`,
  };
}

function isAddressText(value: unknown): value is string {
  return typeof value === "string" && /^0x[0-9a-f]{40}$/i.test(value);
}
