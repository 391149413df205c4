import { sameAddress, type Address } from "../address.js";
import { findCallers } from "../authority/callers.js";
import { STRANGER, type Authority, type Holder } from "../authority/holders.js";
import type { Fork } from "../chain.js";
import { madeUpCall } from "../experiments/arguments.js";
import type { Exercise } from "../experiments/exercise.js";
import type { Laboratory } from "../experiments/laboratory.js";
import { notRestored } from "../experiments/restored.js";
import {
  hasEffect,
  tryCall,
  tryCalls,
  type SlotChange,
  type TrialCall,
} from "../experiments/trial.js";
import { effectOf, type FunctionEffect } from "./effect.js";
import { describeCall, selectorOf, type PausedState } from "./mechanism.js";
import type { PauseRoute, TargetedCall } from "./route.js";
import type { SeenRoute } from "./routes.js";
import { clearFlag } from "./flag.js";
import { findInverse, send } from "./inverse.js";
import { stateOn } from "./state.js";
import { exercise, type Subject } from "./subject.js";

/** What the experiment with one way to stop a contract showed. */
export interface RouteProof {
  readonly route: PauseRoute;
  /** What its read-back says on the live chain; null where it gives no answer. */
  readonly paused: PausedState | null;
  readonly pausers: Authority;
  /** Null when it cannot be undone. */
  readonly unpausers: Authority | null;
  /** True: stopped and read back. False: it does not stop. Undefined: it could not be shown. */
  readonly pauses: boolean | undefined;
  /** What it did to each function; empty when nobody could stop it. */
  readonly effects: readonly FunctionEffect[];
  readonly evidence: readonly string[];
  readonly unknown: readonly string[];
  /** False where the read-back says "stopped" and nothing shows that functions go by it. */
  readonly obeyed?: boolean;
  /** Why it cannot be used now, where that was read and not tried: its window has closed. */
  readonly closed?: string;
}

/** A route that cannot be used now, as a proof of nothing. */
export function closedRoute({ route, paused }: SeenRoute, reason: string): RouteProof {
  return {
    route,
    paused,
    pausers: { needs: "a window that is open", holders: [], unknown: [] },
    unpausers: null,
    pauses: false,
    effects: [],
    evidence: [reason],
    unknown: [],
    closed: reason,
  };
}

/**
 * Stops a contract on the fork as somebody who may, exercises its functions, starts it again, and
 * compares its storage with what it was. The fork is afterwards as before.
 * @param baseline what the functions do now; used where the contract is not stopped.
 */
export async function proveRoute(
  laboratory: Laboratory,
  subject: Subject,
  seen: SeenRoute,
  baseline: readonly Exercise[],
): Promise<RouteProof> {
  return await laboratory.undone(async () => await experiment(laboratory, subject, seen, baseline));
}

async function experiment(
  laboratory: Laboratory,
  subject: Subject,
  { route, paused }: SeenRoute,
  baseline: readonly Exercise[],
): Promise<RouteProof> {
  const { fork } = laboratory;
  const evidence: string[] = [];
  const unknown: string[] = [];
  const ours = subject.ours.map((address) => ({ address, via: "an account of this network" }));
  let unpausers: Authority | null = null;
  let before = baseline;
  let obeyed: boolean | undefined;
  if (paused !== false) {
    // What is stopped must first be started: its read-back may say "paused" whatever is done.
    unpausers = route.unpause === null ? null : await findCallers(laboratory, route.unpause, ours);
    if (route.unpause !== null && unpausers !== null) {
      await callAs(fork, route.unpause, unpausers, evidence);
    }
    if ((await stateOn(fork, route.readBack)) === false) {
      evidence.push(`fork: ${route.readBack.text} is then false`);
      before = await exercise(laboratory, subject);
    } else {
      const cleared = await clearFlag(laboratory, subject, route.readBack);
      if (cleared === undefined) {
        const why = "it says that it is paused, and nobody and nothing starts it on the fork";
        return {
          ...{ route, paused, unpausers, pauses: undefined, effects: [], evidence },
          pausers: await findCallers(laboratory, route.pause, ours),
          unknown: [`${why}, so no new pause can be shown`, ...(unpausers?.unknown ?? [])],
          obeyed: false,
        };
      }
      evidence.push(
        `fork: nobody was found who starts it; with its flag cleared by force its functions ${cleared.obeyed ? "go by it" : "are the same"}`,
      );
      obeyed = cleared.obeyed;
      before = cleared.running;
    }
  }
  const pausers = await findCallers(laboratory, route.pause, ours);
  const pauser = pausers.holders.find(({ proved }) => proved);
  if (pauser === undefined) {
    evidence.push(`fork: nobody was found for whom ${describeCall(route.pause)} succeeds`);
    return {
      ...{ route, paused, pausers, unpausers, pauses: undefined, effects: [], evidence, unknown },
      ...(obeyed === undefined ? {} : { obeyed }),
    };
  }
  const steady = await steadyOnes(laboratory, othersThan(route, subject.named.address, before));
  const views = await answering(laboratory, subject);
  const { slots } = await tryCall(fork, { from: pauser.address, ...route.pause });
  const stopped = await callAs(fork, route.pause, pausers, evidence);
  const state = await stateOn(fork, route.readBack);
  evidence.push(`fork: ${route.readBack.text} is then ${say(state)}`);
  const effects = await effectOf(laboratory, subject.named.address, steady);
  const guards = await failing(laboratory, views);
  const lasting = await laboratory.undone(async () => {
    await fork.later(ONE_SLOT_SECONDS);
    return await stateOn(fork, route.readBack);
  });
  if (guards.length > 0) {
    evidence.push(`fork: others who ask are refused by ${guards.join(", ")}`);
  }
  let proved = route;
  if (route.unpause !== null && stopped !== undefined) {
    // Who may start it is only seen while it is stopped.
    const starters = await findCallers(laboratory, route.unpause, ours);
    const started = await callAs(fork, route.unpause, starters, evidence);
    evidence.push(
      started === undefined
        ? `fork: nobody was found for whom ${describeCall(route.unpause)} succeeds`
        : `fork: ${route.readBack.text} is then ${say(await stateOn(fork, route.readBack))}; ${await restored(fork, slots)}`,
    );
    const other =
      started === undefined
        ? await otherInverse(laboratory, subject, route, pauser.address, steady, effects, slots)
        : undefined;
    if (other === undefined) {
      unpausers ??= starters;
    } else {
      // Same name, other custom: the idiom's own way back is not this contract's.
      proved = { ...route, unpause: other };
      unpausers = await findCallers(laboratory, other, ours);
      evidence.push(`fork: ${describeCall(other)} starts it again`);
    }
  }
  const judged = judge(state, lasting, effects, steady, guards.length > 0, pausers);
  return {
    route: proved,
    paused,
    pausers,
    unpausers,
    pauses: judged.pauses,
    effects,
    evidence: [...evidence, ...judged.evidence],
    unknown: [...unknown, ...judged.unknown],
    ...(obeyed === undefined ? {} : { obeyed }),
  };
}

/** What starts it again, where the idiom's own inverse does not. */
async function otherInverse(
  laboratory: Laboratory,
  { named, functions }: Subject,
  { pause }: PauseRoute,
  pauser: Address,
  exercises: readonly Exercise[],
  effects: readonly FunctionEffect[],
  slots: readonly SlotChange[],
): Promise<TargetedCall | undefined> {
  const fn = functions.find(({ selector }) => selector === selectorOf(pause));
  if (fn === undefined || pause.to !== named.address) {
    return undefined;
  }
  const by = { address: named.address, functions };
  const stop = { ...pause, fn, named: true };
  const inverse = await findInverse(
    laboratory,
    by,
    stop,
    pauser,
    named.address,
    exercises,
    effects,
    slots,
  );
  return inverse?.call;
}

/**
 * Stopped means: the read-back says so, still says so in the next block, and what others than those who
 * stop it could do is affected. A flag that no function obeys stops nothing, whatever it says.
 */
function judge(
  state: PausedState | undefined,
  lasting: PausedState | undefined,
  effects: readonly FunctionEffect[],
  exercises: readonly Exercise[],
  othersAreRefused: boolean,
  pausers: Authority,
): Pick<RouteProof, "pauses" | "evidence" | "unknown"> {
  if (state !== true) {
    return { pauses: false, evidence: [], unknown: [] };
  }
  if (lasting === false) {
    const over = `it is over again by itself within ${ONE_SLOT_SECONDS} seconds`;
    return { pauses: false, evidence: [`fork: ${over}`], unknown: [] };
  }
  const byUsers = effects.filter((_, index) => exercises[index]?.officer !== true);
  const open = byUsers.filter(({ verdict }) => verdict === "open");
  const guarded = effects.flatMap((effect, index) => (effect.guarded ? [exercises[index]] : []));
  const onlyTheirOwn = guarded.every(
    (one) => one?.officer === true && mayPause(pausers, one.call.from),
  );
  if (othersAreRefused || (guarded.length > 0 && !onlyTheirOwn)) {
    return { pauses: true, evidence: [], unknown: [] };
  }
  if (open.length === 0 && guarded.length > 0) {
    return { pauses: true, evidence: [], unknown: [] };
  }
  if (open.length === 0) {
    return {
      pauses: true,
      evidence: [],
      unknown: [
        "no function was found that users can call, so what the pause stops could not be shown; other contracts may obey it",
      ],
    };
  }
  const own = guarded.length > 0 ? " and stops what only those may do who stop it" : "";
  const tried = `it sets a flag${own}, but ${open.length} function(s) that users can call go on as before`;
  const failing = byUsers.filter(({ verdict }) => verdict !== "open");
  if (guarded.length > 0 && failing.length > 0) {
    // Some of what users do may be guarded as well: it could not be exercised.
    return { pauses: true, evidence: [], unknown: [] };
  }
  return failing.length === 0
    ? { pauses: false, evidence: [`fork: ${tried}, and there are no others`], unknown: [] }
    : {
        pauses: undefined,
        evidence: [],
        unknown: [
          `${tried}; ${failing.length} more could not be exercised, so whether anything obeys it is not known`,
        ],
      };
}

function mayPause({ holders }: Authority, address: Address): boolean {
  return holders.some((holder) => holder.proved && sameAddress(holder.address, address));
}

/** A view that answers, and how it was asked. */
interface Answering {
  readonly name: string;
  readonly call: TrialCall;
}

/** The views that answer to a made-up question now: of a registry, some refuse while it is stopped. */
async function answering(
  { fork }: Laboratory,
  { named, functions }: Subject,
): Promise<readonly Answering[]> {
  const found: Answering[] = [];
  for (const fn of functions.filter(({ mutability }) => mutability === "view")) {
    const data = await madeUpCall(fn, NOTHING);
    const call = { from: STRANGER, to: named.address, data };
    if ((await tryCall(fork, call)).ok) {
      found.push({ name: fn.signature ?? fn.selector, call });
    }
  }
  return found;
}

const NOTHING = { address: STRANGER, number: 0n, flag: false, listLength: 0 } as const;

/** Those that do not answer any more. */
async function failing(
  { fork }: Laboratory,
  views: readonly Answering[],
): Promise<readonly string[]> {
  const trials = await tryCalls(
    fork,
    views.map(({ call }) => call),
  );
  return views.filter((_, index) => trials[index]?.ok === false).map(({ name }) => name);
}

/** Leaves out what stops and starts itself, and what only works at one moment. */
async function steadyOnes(
  laboratory: Laboratory,
  exercises: readonly Exercise[],
): Promise<readonly Exercise[]> {
  return await laboratory.undone(async () => {
    await laboratory.fork.later(ONE_SLOT_SECONDS);
    const steady: Exercise[] = [];
    for (const one of exercises) {
      if (!hasEffect(one.before) || hasEffect(await tryCall(laboratory.fork, one.call))) {
        steady.push(one);
      }
    }
    return steady;
  });
}

/** The time from one block to the next on Ethereum. */
const ONE_SLOT_SECONDS = 12;

function othersThan(
  { pause, unpause }: PauseRoute,
  address: Address,
  exercises: readonly Exercise[],
): readonly Exercise[] {
  const own = [pause, unpause]
    .filter((call) => call?.to === address)
    .map((call) => (call === null ? "" : selectorOf(call)));
  return exercises.filter(({ fn }) => !own.includes(fn.selector));
}

/** Calls as the first of the holders for whom it succeeds. The call decides, not the earlier trial. */
async function callAs(
  fork: Fork,
  call: TargetedCall,
  { holders }: Authority,
  evidence: string[],
): Promise<Holder | undefined> {
  for (const holder of holders.filter(({ proved }) => proved)) {
    if (await send({ fork }, holder.address, call)) {
      evidence.push(`fork: ${describeCall(call)} as ${holder.address} succeeds`);
      return holder;
    }
  }
  return undefined;
}

async function restored(fork: Fork, slots: readonly SlotChange[]): Promise<string> {
  const differing = await notRestored(fork, slots);
  return differing.length === 0
    ? `the ${slots.length} storage word(s) that the pause changed are as before`
    : `${differing.length} of ${slots.length} storage words differ from before: ${differing.map(({ address, slot }) => `${slot} of ${address}`).join(", ")}`;
}

function say(state: PausedState | undefined): string {
  return state === undefined ? "not readable" : String(state);
}
