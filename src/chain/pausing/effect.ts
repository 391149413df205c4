import { sameAddress, type Address, type Hex } from "../address.js";
import type { Exercise } from "../experiments/exercise.js";
import type { Laboratory } from "../experiments/laboratory.js";
import { goesThrough } from "../experiments/history.js";
import { isTransfer } from "../experiments/transfers.js";
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
  /** Whether only calls of those show it who have powers that users do not have. */
  readonly officer: boolean;
  /** How it was exercised. */
  readonly origin: string;
  /** Its refusal after the pause, in words; null when it succeeds. */
  readonly reason: string | null;
  /** Null unless it is open. */
  readonly moved: Moved | null;
}

/** Whether two refusals of the same call show that something now stands in its way that did not before. */
export type Differs = (before: Trial, after: Trial) => boolean;

/** Exercises again what was exercised before, now that something was stopped on the fork. */
export async function effectOf(
  laboratory: Laboratory,
  target: Address,
  exercises: readonly Exercise[],
  differs: Differs = refusedElsewhere,
): Promise<readonly FunctionEffect[]> {
  const effects: FunctionEffect[] = [];
  for (const exercise of exercises) {
    const after = await tryCall(laboratory.fork, exercise.call);
    const refusedElse = await someRefusedElse(laboratory, exercise, differs);
    effects.push(await compare(target, exercise, after, refusedElse, differs));
  }
  return effects;
}

/** Whether one of the function's other calls is refused for another reason than before. */
async function someRefusedElse(
  laboratory: Laboratory,
  { others = [] }: Exercise,
  differs: Differs,
): Promise<RefusedElse | undefined> {
  let theirs: RefusedElse | undefined;
  for (const { call, before, officer: byOfficer } of others) {
    const officer = byOfficer === true;
    const after = await tryCall(laboratory.fork, call);
    if (!after.ok && differs(before, after)) {
      if (!officer) {
        return { after, officer };
      }
      theirs ??= { after, officer };
    }
  }
  return theirs;
}

/** A call that is now refused for another reason, and whether somebody with a power made it. */
interface RefusedElse {
  readonly after: Trial;
  readonly officer: boolean;
}

async function compare(
  target: Address,
  { fn, call, before, origin, officer: byOfficer }: Exercise,
  after: Trial,
  refusedElse: RefusedElse | undefined,
  differs: Differs,
): Promise<FunctionEffect> {
  // A router may go on without the function that it calls: then the function is blocked all the same.
  const reached = sameAddress(call.to, target) || goesThrough(after, target, fn.selector);
  const verdict = reached ? verdictOf(before, after) : "blocked";
  const refused = !after.ok && (before.ok || differs(before, after));
  const said = refused || refusedElse === undefined ? after : refusedElse.after;
  const seen = verdict === "blocked" || refused;
  return {
    selector: fn.selector,
    signature: fn.signature ?? null,
    verdict,
    guarded: seen || refusedElse !== undefined,
    officer: seen || refusedElse === undefined ? byOfficer === true : refusedElse.officer,
    origin,
    reason: said.ok ? null : await reasonOf(said),
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

/** Earlier, or in other words at about the same place. */
function refusedElsewhere(before: Trial, after: Trial): boolean {
  return after.gasUsed < before.gasUsed || refusedInOtherWords(before, after);
}

/**
 * In other words, another error or another text, and not later. The same call costs the same gas as
 * long as nothing that it looks at has changed; a refusal that comes later means that something was opened.
 */
export function refusedInOtherWords(before: Trial, after: Trial): boolean {
  const [was, is] = [before.output, after.output];
  const otherWords =
    was.slice(0, 10) !== is.slice(0, 10) ||
    was.length !== is.length ||
    (was !== is && was.startsWith(ERROR_STRING));
  return otherWords && after.gasUsed <= before.gasUsed + LONGER_WORDS_GAS;
}

/** What a text costs more than an error without one; a look into storage costs three times as much. */
const LONGER_WORDS_GAS = 700;

/** The selector of `Error(string)`. */
const ERROR_STRING = "0x08c379a0";

async function reasonOf({ output, error }: Trial): Promise<string> {
  const revert = await parseRevert({ code: 3, message: "", data: output });
  return revert === undefined ? (error ?? "no reason") : describeRevert(revert);
}

function movedBy({ logs, balances, slots }: Trial): Moved {
  return {
    transfers: logs.filter(isTransfer).length,
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
