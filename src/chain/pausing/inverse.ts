import type { Address } from "../address.js";
import { findCallers } from "../authority/callers.js";
import type { Exercise } from "../experiments/exercise.js";
import type { Laboratory } from "../experiments/laboratory.js";
import { notRestored } from "../experiments/restored.js";
import { hasEffect, tryCall, type SlotChange, type Trial } from "../experiments/trial.js";
import type { ContractFunction } from "../inspection/functions.js";
import { quantity } from "../reads.js";
import { startingCalls, type CandidateCall } from "./candidate-calls.js";
import type { FunctionEffect } from "./effect.js";
import { takeReadings, type Readings } from "./readings.js";
import type { TargetedCall } from "./route.js";

/** A contract whose functions may stop the one under examination: itself, or one that it depends on. */
export interface Stoppable {
  readonly address: Address;
  readonly functions: readonly ContractFunction[];
}

/** A call that starts again what another has stopped. */
export interface Inverse {
  readonly call: TargetedCall;
  /** What the getters say after it. */
  readonly after: Readings;
}

/**
 * The call after which everything works again that the stop had blocked. One that also brings back
 * every storage word is the true inverse; another is taken only where there is none: a level that was
 * zero may work as well when it is one.
 */
export async function findInverse(
  laboratory: Laboratory,
  by: Stoppable,
  stop: CandidateCall,
  stopper: Address,
  target: Address,
  users: readonly Exercise[],
  effects: readonly FunctionEffect[],
  changed: readonly SlotChange[],
): Promise<Inverse | undefined> {
  let nearly: Inverse | undefined;
  const affected = users.filter((_, index) => effects[index]?.guarded === true);
  for (const call of await startingCalls(by, stop, target)) {
    const caller = await starterOf(laboratory, call, stopper);
    if (caller === undefined) {
      continue;
    }
    const undo = await laboratory.undone(async () => {
      if (!(await send(laboratory, caller, call))) {
        return undefined;
      }
      for (const one of affected) {
        const now = await tryCall(laboratory.fork, one.call);
        if (!asBefore(one.before, now)) {
          return undefined;
        }
      }
      const after = await takeReadings(laboratory.fork, [by]);
      const whole = (await notRestored(laboratory.fork, changed)).length === 0;
      return { call, after, whole };
    });
    if (undo?.whole === true) {
      return undo;
    }
    nearly ??= undo;
  }
  return nearly;
}

/** Whoever stopped it may often start it; else whoever is found. */
async function starterOf(
  laboratory: Laboratory,
  call: TargetedCall,
  stopper: Address,
): Promise<Address | undefined> {
  const own = await tryCall(laboratory.fork, { from: stopper, to: call.to, data: call.data });
  if (own.ok && own.slots.length > 0) {
    return stopper;
  }
  const authority = await findCallers(laboratory, call);
  return authority.holders.find(({ proved }) => proved)?.address;
}

function asBefore(before: Trial, now: Trial): boolean {
  return hasEffect(before)
    ? hasEffect(now)
    : before.output.slice(0, 10) === now.output.slice(0, 10);
}

/** Makes a call on the fork for good. */
export async function send(
  { fork }: Pick<Laboratory, "fork">,
  from: Address,
  { to, data }: TargetedCall,
): Promise<boolean> {
  const reply = await fork.send({ from, to, data, gas: quantity(EXPERIMENT_GAS) });
  return reply.ok;
}

/** Under the cap of one transaction (EIP-7825). */
const EXPERIMENT_GAS = 10_000_000;
