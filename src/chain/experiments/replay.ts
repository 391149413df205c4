import { checksummed, sameAddress, type Address, type Hex } from "../address.js";
import type { ContractFunction } from "../inspection/functions.js";
import { isHex } from "../reads.js";
import type { Exercise } from "./exercise.js";
import type { Laboratory } from "./laboratory.js";
import type { RecordedCall } from "./past-transaction.js";
import { movesAssets } from "./transfers.js";
import { hasEffect, tryCall, type Frame, type Trial, type TrialCall } from "./trial.js";

/**
 * How much an exercise says about its function, the least first:
 * - `whole`: a transaction that goes through this function of the contract and no other
 * - `part`: the call inside a transaction, made alone by whoever made it
 * - `direct`: a transaction that calls the function
 */
const KINDS = ["whole", "part", "direct"] as const;
type Kind = (typeof KINDS)[number];

interface Rated extends Exercise {
  readonly kind: Kind;
  readonly moves: boolean;
}

/** A function that does not move assets in so many replays does not do so in general. */
const ENOUGH = 4;

/**
 * Makes recorded calls again on the fork, as it is now, and takes nothing over. Which functions of
 * the contract a call goes through is seen in its trace, so a swap through a router exercises the
 * pool's `swap`. Of each function the best exercise is kept: one that moves assets, and that depends
 * on nothing else. Calls that do nothing any more are no exercises.
 *
 * A transaction that goes through several functions says nothing about one of them: what stops it
 * may be another. There only those parts count that have an effect when they are made alone.
 */
export async function replayAll(
  { fork }: Laboratory,
  contract: Address,
  functions: readonly ContractFunction[],
  calls: readonly RecordedCall[],
): Promise<readonly Exercise[]> {
  const mutating = functions.filter(changesState);
  const bySelector = new Map(mutating.map((fn) => [fn.selector.toLowerCase(), fn] as const));
  const views = new Set(
    functions.filter((fn) => !changesState(fn)).map(({ selector }) => selector.toLowerCase()),
  );
  const best = new Map<ContractFunction, Rated>();
  const tries = new Map<ContractFunction, number>();

  function keep(rated: Rated): void {
    tries.set(rated.fn, (tries.get(rated.fn) ?? 0) + 1);
    const known = best.get(rated.fn);
    if (known === undefined || worth(rated) > worth(known)) {
      best.set(rated.fn, rated);
    }
  }

  for (const call of calls) {
    if (mutating.every((fn) => isBest(best.get(fn)))) {
      break;
    }
    const fn = sameAddress(call.to, contract) ? bySelector.get(selectorOf(call.data)) : undefined;
    if (fn !== undefined && (isBest(best.get(fn)) || (tries.get(fn) ?? 0) >= ENOUGH)) {
      continue;
    }
    const before = await tryCall(fork, withoutOrigin(call));
    if (!hasEffect(before)) {
      continue;
    }
    if (fn !== undefined) {
      keep(rate(fn, call, `${call.origin}, replayed`, before, "direct"));
    }
    for (const part of await partsOf(before, contract)) {
      const inner = bySelector.get(selectorOf(part.data));
      if (inner === undefined || inner === fn || best.get(inner)?.kind === "direct") {
        continue;
      }
      const alone = await tryCall(fork, part);
      if (hasEffect(alone)) {
        const origin = `${call.origin}: the call by ${part.from} inside it, replayed alone`;
        keep(rate(inner, part, origin, alone, "part"));
      }
    }
    const only = fn === undefined ? onlyFunction(before, contract, views) : undefined;
    const through = only === undefined ? undefined : bySelector.get(only);
    if (through !== undefined) {
      keep(rate(through, call, `${call.origin}, replayed; it goes through it`, before, "whole"));
    }
  }
  return mutating.flatMap((fn) => {
    const rated = best.get(fn);
    return rated === undefined
      ? []
      : [{ fn, call: rated.call, origin: rated.origin, before: rated.before }];
  });
}

/**
 * Whether a trial gets through a function of a contract without its being refused there: a router
 * may go on after the contract has refused.
 */
export function goesThrough({ frames }: Trial, contract: Address, selector: Hex): boolean {
  return reached(frames, contract).some(
    ({ frame }) => selectorOf(frame.input) === selector.toLowerCase(),
  );
}

function rate(
  fn: ContractFunction,
  call: TrialCall,
  origin: string,
  before: Trial,
  kind: Kind,
): Rated {
  return { fn, call: withoutOrigin(call), origin, before, kind, moves: movesAssets(before) };
}

function worth({ kind, moves }: Rated): number {
  return KINDS.indexOf(kind) + (moves ? KINDS.length : 0);
}

function isBest(rated: Rated | undefined): boolean {
  return rated?.kind === "direct" && rated.moves;
}

function changesState({ mutability }: ContractFunction): boolean {
  return mutability !== "view";
}

function withoutOrigin({ from, to, data, valueWei }: TrialCall): TrialCall {
  return { from, to, data, ...(valueWei === undefined ? {} : { valueWei }) };
}

/** In lower case. Shorter than a selector where a call has none. */
function selectorOf(data: string): string {
  return data.slice(0, 10).toLowerCase();
}

/** A call that reached the contract and was not taken back. */
interface Reached {
  readonly frame: Frame;
  /** Who the contract takes for its caller, in lower case. */
  readonly sender: string;
  /** Whether it is part of another call of the contract. */
  readonly inside: boolean;
}

/**
 * The calls of a trace that reached the contract, itself calling itself included (a multicall
 * delegates to its own address, for its own caller). Reads and what was taken back are left out.
 */
function reached(frames: readonly Frame[], contract: Address): readonly Reached[] {
  const found: Reached[] = [];
  // What each depth is inside of: something without effect, and a call of the contract, by its sender.
  const around: { idle: boolean; sender: string | undefined }[] = [];
  for (const frame of frames) {
    around.length = frame.depth;
    const above = around.at(-1);
    const idle = frame.failed || frame.type === "STATICCALL" || above?.idle === true;
    const own = sameAddress(frame.to, contract);
    const delegated = frame.type === "DELEGATECALL" && sameAddress(frame.from, contract);
    const called = frame.type === "CALL" && own;
    const sender = called ? frame.from : above?.sender;
    if (!idle && (called || (delegated && own)) && sender !== undefined) {
      found.push({ frame, sender, inside: above?.sender !== undefined });
    }
    around.push({ idle, sender });
  }
  return found;
}

/** A hostile contract calls on and on; an honest transaction uses a few functions. */
const MOST_PARTS = 8;

/** The calls of the contract inside a transaction, the first of each function, as calls of their own. */
async function partsOf({ frames }: Trial, contract: Address): Promise<readonly TrialCall[]> {
  const parts = new Map<string, TrialCall>();
  for (const { frame, sender } of reached(frames, contract)) {
    const { depth, input, type, valueWei } = frame;
    const selector = selectorOf(input);
    if (depth === 0 || !isHex(input) || parts.has(selector) || parts.size === MOST_PARTS) {
      continue;
    }
    // A multicall's parts all see the value of the whole; made alone they are tried without.
    const value = type === "CALL" ? valueWei : 0n;
    parts.set(selector, {
      from: await checksummed(sender),
      to: contract,
      data: input,
      ...(value === 0n ? {} : { valueWei: value }),
    });
  }
  return [...parts.values()];
}

/** The selector of the one function of the contract that a transaction goes through. */
function onlyFunction(
  { frames }: Trial,
  contract: Address,
  views: ReadonlySet<string>,
): string | undefined {
  const selectors = new Set(
    reached(frames, contract)
      .filter(({ inside }) => !inside)
      .map(({ frame }) => selectorOf(frame.input))
      .filter((selector) => !views.has(selector)),
  );
  const [only] = selectors;
  return selectors.size === 1 ? only : undefined;
}
