import type { Address } from "../address.js";
import type { ContractFunction } from "../inspection/functions.js";
import { madeUpCall, type Ingredients } from "./arguments.js";
import { consultedBy } from "./consulted.js";
import type { Laboratory } from "./laboratory.js";
import { hasEffect, loops, tryCall, type Trial, type TrialCall } from "./trial.js";

/** A call to a function, and what it did before anything was stopped. */
export interface Exercise {
  readonly fn: ContractFunction;
  readonly call: TrialCall;
  /** For people: "made up, as a stranger", "transaction 0x… replayed". */
  readonly origin: string;
  readonly before: Trial;
  /** Made as somebody with a power that users do not have. */
  readonly officer?: true;
  /** Of a function that fails: other calls, which fail for other reasons. */
  readonly others?: readonly OtherCall[];
}

/** Another call to the same function, which fails. */
export interface OtherCall {
  readonly call: TrialCall;
  readonly before: Trial;
  /** Made as somebody with a power that users do not have. */
  readonly officer?: true;
}

/** Somebody as whom calls are made. */
export interface Actor {
  readonly address: Address;
  /** "a stranger", "a user", "who may pause". */
  readonly who: string;
}

/** As whom and with what functions are exercised. */
export interface Cast {
  /** Users first, strangers last. */
  readonly actors: readonly Actor[];
  /** Tried in any case where users are refused. */
  readonly officers: readonly Address[];
  /** What the contract deals with: its tokens, its markets. Functions want them as arguments. */
  readonly parts: readonly Address[];
}

/** A function closed to strangers names a few addresses that it would obey; more are not tried. */
const MOST_OFFICERS = 5;

/**
 * Exercises functions with made-up calls, as each of the actors in turn, until one has an effect.
 * Where nobody's has, those are tried whom the refused call has looked at: its officers. What never
 * succeeds is kept with its first refusal: a pause may still change the reason.
 */
export async function exerciseAll(
  laboratory: Laboratory,
  to: Address,
  functions: readonly ContractFunction[],
  cast: Cast,
): Promise<readonly Exercise[]> {
  const exercises: Exercise[] = [];
  for (const fn of functions) {
    const exercise = await exerciseOne(laboratory, to, fn, cast);
    if (exercise !== undefined) {
      exercises.push(exercise);
    }
  }
  return exercises;
}

async function exerciseOne(
  laboratory: Laboratory,
  to: Address,
  fn: ContractFunction,
  { actors, officers, parts }: Cast,
): Promise<Exercise | undefined> {
  const byUser = await firstEffect(laboratory, to, fn, actors, parts);
  if (byUser === undefined || byUser.before.ok) {
    return byUser;
  }
  const { addresses, slots } = await consultedBy(laboratory.fork, byUser.call);
  const likely = slots.length === 0 ? [] : officers;
  const candidates = [...new Set([...addresses.slice(0, MOST_OFFICERS), ...likely])].map(
    (address) => ({ address, who: "an officer" }),
  );
  const byOfficer = await firstEffect(laboratory, to, fn, candidates, []);
  if (byOfficer === undefined) {
    return byUser;
  }
  if (hasEffect(byOfficer.before)) {
    return { ...byOfficer, officer: true };
  }
  // An officer who is refused as well is refused later, by what a pause may come before.
  const { call, before, others = [] } = byOfficer;
  const asOfficer = [{ call, before }, ...others].map((one) => ({
    ...one,
    officer: true as const,
  }));
  return { ...byUser, others: [...(byUser.others ?? []), ...asOfficer] };
}

/** The first call with an effect; else the first that succeeds, else the refusals. */
async function firstEffect(
  { fork }: Laboratory,
  to: Address,
  fn: ContractFunction,
  actors: readonly Actor[],
  parts: readonly Address[],
): Promise<Exercise | undefined> {
  const refused: Exercise[] = [];
  let idle: Exercise | undefined;
  for (const [index, { address: from, who }] of actors.entries()) {
    const other = actors.find(({ address }) => address !== from)?.address ?? to;
    const tried = new Set<string>();
    // One actor is enough to see whether a part of the contract is what a function wants.
    const special = index === 0 ? parts.map((part) => withPart(part)) : [];
    for (const ingredients of [...recipes(from, other), ...special]) {
      const data = await madeUpCall(fn, ingredients);
      if (tried.has(data)) {
        continue;
      }
      tried.add(data);
      for (const valueWei of fn.mutability === "payable" ? [1n, 0n] : [0n]) {
        const call = { from, to, data, ...(valueWei === 0n ? {} : { valueWei }) };
        const before = await tryCall(fork, call);
        const exercise = { fn, call, origin: `made up, as ${who}`, before };
        if (hasEffect(before)) {
          return exercise;
        }
        if (before.ok) {
          idle ??= exercise;
        } else if (!refused.some((earlier) => sameRefusal(earlier.before, before))) {
          refused.push(exercise);
        }
        if (loops(before)) {
          // It loops for ever, whoever calls: more of it only takes time.
          return idle ?? deepest(refused);
        }
      }
    }
  }
  return idle ?? deepest(refused);
}

/** The same place in the code, as far as words and gas tell: many refusals have no words. */
function sameRefusal(a: Trial, b: Trial): boolean {
  return a.output === b.output && a.gasUsed === b.gasUsed;
}

/** So many other refusals of a function are tried again after a pause. */
const MOST_REFUSALS = 4;

/**
 * The refusal that came last in the function's code first: it went by most checks. The others are
 * kept, because a pause may be checked after or before any of them.
 */
function deepest(refused: readonly Exercise[]): Exercise | undefined {
  const [first, ...others] = [...refused].sort((a, b) => b.before.gasUsed - a.before.gasUsed);
  return first === undefined
    ? undefined
    : {
        ...first,
        others: others.slice(0, MOST_REFUSALS).map(({ call, before }) => ({ call, before })),
      };
}

/** One unit of something that the contract deals with. */
function withPart(part: Address): Ingredients {
  return { address: part, number: 1n, flag: true, listLength: 1 };
}

/** One unit to somebody else, one unit to oneself, nothing at all. */
function recipes(own: Address, other: Address): readonly Ingredients[] {
  return [
    { address: other, number: 1n, flag: true, listLength: 0 },
    { address: own, number: 1n, flag: true, listLength: 1 },
    { address: own, number: 0n, flag: false, listLength: 0 },
  ];
}
