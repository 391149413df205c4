import type { Address } from "../address.js";
import type { ContractFunction } from "../inspection/functions.js";
import { madeUpCall, type Ingredients } from "./arguments.js";
import type { Laboratory } from "./laboratory.js";
import { hasEffect, tryCall, type Trial, type TrialCall } from "./trial.js";

/** A call to a function, and what it did before anything was stopped. */
export interface Exercise {
  readonly fn: ContractFunction;
  readonly call: TrialCall;
  /** For people: "made up, as a stranger", "transaction 0x… replayed". */
  readonly origin: string;
  readonly before: Trial;
}

/** Somebody as whom calls are made. */
export interface Actor {
  readonly address: Address;
  /** "a stranger", "a user", "who may pause". */
  readonly who: string;
}

/**
 * Exercises functions with made-up calls, as each of the actors in turn, until one has an effect.
 * What never succeeds is kept with its first refusal: a pause may still change the reason.
 * @param actors users first, strangers, officers last.
 */
export async function exerciseAll(
  laboratory: Laboratory,
  to: Address,
  functions: readonly ContractFunction[],
  actors: readonly Actor[],
): Promise<readonly Exercise[]> {
  const exercises: Exercise[] = [];
  for (const fn of functions) {
    const exercise = await exerciseOne(laboratory, to, fn, actors);
    if (exercise !== undefined) {
      exercises.push(exercise);
    }
  }
  return exercises;
}

async function exerciseOne(
  { fork }: Laboratory,
  to: Address,
  fn: ContractFunction,
  actors: readonly Actor[],
): Promise<Exercise | undefined> {
  let refused: Exercise | undefined;
  let idle: Exercise | undefined;
  for (const { address: from, who } of actors) {
    const other = actors.find(({ address }) => address !== from)?.address ?? to;
    const tried = new Set<string>();
    for (const ingredients of recipes(from, other)) {
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
        } else {
          refused ??= exercise;
        }
      }
    }
  }
  return idle ?? refused;
}

/** One unit to somebody else, one unit to oneself, nothing at all. */
function recipes(own: Address, other: Address): readonly Ingredients[] {
  return [
    { address: other, number: 1n, flag: true, listLength: 0 },
    { address: own, number: 1n, flag: true, listLength: 1 },
    { address: own, number: 0n, flag: false, listLength: 0 },
  ];
}
