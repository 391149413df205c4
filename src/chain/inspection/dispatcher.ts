import type { Hex } from "../address.js";
import { explore } from "./explore.js";
import { START, parseProgram, type Program, type State } from "./machine.js";

/** A function that code answers, as its dispatcher shows it. */
export interface Dispatched {
  /** "0x8456cb59" */
  readonly selector: Hex;
  /** Where its code begins. */
  readonly entry: State;
}

/** What a dispatcher answers. */
export interface Dispatch {
  readonly program: Program;
  readonly functions: readonly Dispatched[];
  /** False where some paths could not be followed, so that functions may be missing. */
  readonly complete: boolean;
}

/** Instructions that are run in all; the largest dispatchers take some thousands. */
const MOST_STEPS = 150_000;

/**
 * Which functions code answers, found by running its dispatcher without knowing the selector, and
 * noting where one value of it leads somewhere of its own. It does not depend on how a compiler
 * writes a dispatcher: one comparison after another, a binary search, Vyper's hash tables, or a
 * proxy that compares selectors in its fallback.
 */
export function dispatched(code: Hex): Dispatch {
  const program = parseProgram(code);
  const found = new Map<bigint, State>();
  const { complete } = explore(
    program,
    START,
    MOST_STEPS,
    () => true,
    ({ selector, state }) => {
      if (selector === undefined) {
        return true;
      }
      if (!found.has(selector)) {
        found.set(selector, state);
      }
      return false;
    },
  );
  const functions = [...found].map(([selector, entry]) => ({
    selector: `0x${selector.toString(16).padStart(8, "0")}` as const,
    entry,
  }));
  return { program, functions, complete };
}

/**
 * Selectors that code compares something with before it jumps, wherever that is: for dispatchers that
 * cannot be followed to their end. Some may be compared for another reason.
 */
export function comparedSelectors(code: Hex): readonly Hex[] {
  // PUSH4 or PUSH3, one DUP or SWAP at most, EQ or SUB or XOR, ISZERO at most, PUSH of the target, JUMPI.
  const pattern =
    /(?:63([0-9a-f]{8})|62([0-9a-f]{6}))(?:8[0-3]|9[01])?(?:14|18|03)(?:15)?(?:60[0-9a-f]{2}|61[0-9a-f]{4}|62[0-9a-f]{6})57/gi;
  const found = [...code.slice(2).toLowerCase().matchAll(pattern)]
    .filter(({ index }) => index % 2 === 0)
    .map(([, four, three = ""]) => `0x${four ?? three.padStart(8, "0")}` as const);
  return [...new Set(found)];
}
