import type { Address, Hex } from "../address.js";
import type { Exercise } from "../experiments/exercise.js";
import type { Laboratory } from "../experiments/laboratory.js";
import { hasEffect, tryCall, type Trial } from "../experiments/trial.js";
import { describeRevert, parseRevert } from "../revert.js";

/**
 * What a pause does to one function:
 * - `blocked`: it did something before, and fails or does nothing now
 * - `open`: it still succeeds
 * - `fails`: it failed before, and fails now
 * - `not-exercised`: no call was found that does anything, so nothing was learnt
 */
export type FunctionVerdict = "blocked" | "open" | "fails" | "not-exercised";

/** What still moves when a function goes on in spite of the pause. */
export interface Moved {
  /** "Transfer(address,address,uint256)" events, ETH balances, storage words. */
  readonly transfers: number;
  readonly balances: number;
  readonly slots: readonly { readonly address: Address; readonly slot: Hex }[];
}

/** A function, before and after the pause. Plain JSON. */
export interface FunctionEffect {
  readonly selector: Hex;
  /** Null where only the selector is known. */
  readonly signature: string | null;
  readonly verdict: FunctionVerdict;
  /** True when the pause is seen at work: the function is blocked, or refused for another reason than before. */
  readonly guarded: boolean;
  /** How it was exercised. */
  readonly origin: string;
  /** Its refusal after the pause, in words; null when it succeeds. */
  readonly reason: string | null;
  /** Null unless it is open. */
  readonly moved: Moved | null;
}

/** Exercises again what was exercised before, now that something was stopped on the fork. */
export async function effectOf(
  laboratory: Laboratory,
  exercises: readonly Exercise[],
): Promise<readonly FunctionEffect[]> {
  const effects: FunctionEffect[] = [];
  for (const exercise of exercises) {
    effects.push(await compare(exercise, await tryCall(laboratory.fork, exercise.call)));
  }
  return effects;
}

async function compare({ fn, before, origin }: Exercise, after: Trial): Promise<FunctionEffect> {
  const reason = after.ok ? null : await reasonOf(after);
  const verdict = verdictOf(before, after);
  return {
    selector: fn.selector,
    signature: fn.signature ?? null,
    verdict,
    guarded: verdict === "blocked" || (!before.ok && !after.ok && otherReason(before, after)),
    origin,
    reason,
    moved: verdict === "open" ? movedBy(after) : null,
  };
}

function verdictOf(before: Trial, after: Trial): FunctionVerdict {
  if (hasEffect(before)) {
    return hasEffect(after) ? "open" : "blocked";
  }
  // A function that is closed to everybody until the pause opens it is open while it lasts.
  if (hasEffect(after)) {
    return "open";
  }
  return before.ok ? "not-exercised" : "fails";
}

/** A refusal in other words. Out of gas, and what holds a time, says nothing. */
function otherReason(before: Trial, after: Trial): boolean {
  return before.output.slice(0, 10) !== after.output.slice(0, 10) ||
    before.output.length !== after.output.length
    ? true
    : before.output !== after.output && before.output.startsWith(ERROR_STRING);
}

/** The selector of `Error(string)`. */
const ERROR_STRING = "0x08c379a0";

async function reasonOf({ output, error }: Trial): Promise<string> {
  const revert = await parseRevert({ code: 3, message: "", data: output });
  return revert === undefined ? (error ?? "no reason") : describeRevert(revert);
}

/** keccak256("Transfer(address,address,uint256)"), of ERC-20 and ERC-721. */
const TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
/** keccak256 of ERC-1155's TransferSingle and TransferBatch. */
const TRANSFER_SINGLE = "0xc3d58168c5ae7397731d063d5bbf3d657854427343f4c083240f7aacaa2d0f62";
const TRANSFER_BATCH = "0x4a39dc06d4c0dbc64b70af90fd698a233a518aa5d07e595d983b8c0526c8f7fb";

function movedBy({ logs, balances, slots }: Trial): Moved {
  const transfers = [TRANSFER, TRANSFER_SINGLE, TRANSFER_BATCH];
  return {
    transfers: logs.filter(({ topics }) => transfers.includes(topics[0] ?? "")).length,
    balances: balances.length,
    slots: slots.map(({ address, slot }) => ({ address: hex(address), slot: hex(slot) })),
  };
}

function hex(text: string): Hex {
  return `0x${text.slice(2)}`;
}

/** Whether what goes on moves somebody's assets. */
export function movesFunds({ moved }: FunctionEffect): boolean {
  return moved !== null && (moved.transfers > 0 || moved.balances > 0);
}
