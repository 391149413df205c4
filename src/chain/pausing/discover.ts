import type { Address, Hex } from "../address.js";
import { changesState, findCallers } from "../authority/callers.js";
import { PASSER_BY, STRANGER } from "../authority/holders.js";
import type { Fork } from "../chain.js";
import { consultedBy } from "../experiments/consulted.js";
import type { Exercise } from "../experiments/exercise.js";
import type { Laboratory } from "../experiments/laboratory.js";
import { hasEffect, tryCall, type SlotChange, type Trial } from "../experiments/trial.js";
import type { ContractFunction } from "../inspection/functions.js";
import { candidateCalls, wakingCalls, type CandidateCall } from "./candidate-calls.js";
import { effectOf, refusedInOtherWords } from "./effect.js";
import { findInverse, send, type Stoppable } from "./inverse.js";
import { describeCall } from "./mechanism.js";
import { takeReadings, readBackFrom } from "./readings.js";
import type { PauseRoute } from "./route.js";
import type { SeenRoute } from "./routes.js";
import { stateOn } from "./state.js";

/** What the search by experiment found. */
export interface Discovery {
  readonly found: readonly SeenRoute[];
  /** Functions that speak of stopping, but of which could not be decided what they do. */
  readonly undecided: readonly string[];
}

/** So many ways to stop one contract are enough. */
const MOST_FOUND = 4;

/**
 * Looks for ways to stop a contract that no idiom knows: functions that speak of stopping, or of which
 * nobody knows the name, are called on the fork as somebody who may. One after which users are
 * refused what they were allowed before, or refused earlier than before, stops the contract. What
 * brings them back is its inverse, and the getter or the storage word that tells the two states apart
 * is its read-back.
 * @param by whose functions are tried.
 * @param target the contract that shall stop.
 * @param exercises what users can do with the target now.
 * @param known functions that an idiom explains already.
 * @param officers who is likely to hold powers.
 * @param nameless whether functions are tried of which nobody knows the name.
 */
export async function discover(
  laboratory: Laboratory,
  by: Stoppable,
  target: Address,
  exercises: readonly Exercise[],
  known: ReadonlySet<Hex>,
  officers: readonly Address[],
  nameless = true,
): Promise<Discovery> {
  const users = exercises.filter(({ officer }) => officer !== true);
  const candidates = by.functions.filter(
    ({ selector, mutability }) => mutability !== "view" && !known.has(selector),
  );
  const found: SeenRoute[] = [];
  const undecided: string[] = [];
  for (const fn of candidates) {
    if (found.length === MOST_FOUND) {
      break;
    }
    const tried = await tryFunction(laboratory, by, fn, target, users, officers, nameless);
    if (tried.route !== undefined) {
      found.push({ route: tried.route, paused: false });
    } else if (tried.undecided !== undefined) {
      undecided.push(tried.undecided);
    }
  }
  return { found, undecided };
}

interface Tried {
  readonly route?: PauseRoute;
  readonly undecided?: string;
}

async function tryFunction(
  laboratory: Laboratory,
  by: Stoppable,
  fn: ContractFunction,
  target: Address,
  users: readonly Exercise[],
  officers: readonly Address[],
  nameless: boolean,
): Promise<Tried> {
  const candidates = await candidateCalls(by.address, fn, target);
  const calls = nameless ? candidates : candidates.filter(({ named }) => named);
  let nobody: string | undefined;
  for (const call of calls) {
    let caller = await likelyCaller(laboratory, call, officers);
    if (caller === undefined && call.named) {
      const authority = await findCallers(laboratory, call);
      caller = authority.holders.find(({ proved }) => proved)?.address;
      if (caller === undefined && authority.unknown.length > 0) {
        nobody ??= `${describeCall(call)} of ${by.address}: ${authority.unknown.join("; ")}`;
      }
    }
    const as = caller;
    // What anybody may do and has no name is not there to stop the contract.
    if (as === undefined || (as === PASSER_BY && !call.named)) {
      continue;
    }
    const route = await laboratory.undone(
      async () => await experiment(laboratory, by, call, as, target, users),
    );
    if (route !== undefined) {
      return { route };
    }
  }
  return nobody === undefined ? {} : { undecided: nobody };
}

/**
 * Looks for ways to stop a contract that is stopped now, in a way that no idiom knows: so nothing can
 * be seen to stop. It is started first, by a call after which users can do what they could not.
 */
export async function discoverAsleep(
  laboratory: Laboratory,
  by: Stoppable,
  exercises: readonly Exercise[],
  officers: readonly Address[],
  exerciseAgain: () => Promise<readonly Exercise[]>,
): Promise<readonly SeenRoute[]> {
  for (const call of await wakingCalls(by)) {
    const caller = await likelyCaller(laboratory, call, officers);
    if (caller === undefined) {
      continue;
    }
    const found = await laboratory.undone(async () => {
      if (!(await send(laboratory, caller, call))) {
        return [];
      }
      const effects = await effectOf(laboratory, by.address, exercises);
      const woken = effects.some(
        ({ verdict }, index) =>
          verdict === "open" &&
          exercises[index] !== undefined &&
          !hasEffect(exercises[index].before),
      );
      return woken
        ? (await discover(laboratory, by, by.address, await exerciseAgain(), new Set(), officers))
            .found
        : [];
    });
    if (found.length > 0) {
      // The contract itself is as it was: what they read back there is what they say of it.
      return await Promise.all(
        found.map(async ({ route }) => ({
          route,
          paused: (await stateOn(laboratory.fork, route.readBack)) ?? false,
        })),
      );
    }
  }
  return [];
}

/** A stranger, whoever the refused call has looked at, and the likely ones. */
async function likelyCaller(
  laboratory: Laboratory,
  call: CandidateCall,
  officers: readonly Address[],
): Promise<Address | undefined> {
  const { to, data } = call;
  const may = async (from: Address): Promise<boolean> =>
    changesState(await tryCall(laboratory.fork, { from, to, data }));
  // Whoever stops it must not be the one who uses it: he might only stop himself.
  if ((await may(STRANGER)) && (await may(PASSER_BY))) {
    return PASSER_BY;
  }
  const { addresses } = await consultedBy(laboratory.fork, { from: STRANGER, to, data });
  for (const address of new Set([...addresses.slice(0, MOST_LIKELY), ...officers])) {
    if (await may(address)) {
      return address;
    }
  }
  return undefined;
}

const MOST_LIKELY = 8;

async function experiment(
  laboratory: Laboratory,
  by: Stoppable,
  call: CandidateCall,
  caller: Address,
  target: Address,
  users: readonly Exercise[],
): Promise<PauseRoute | undefined> {
  const { fork } = laboratory;
  const others = users.filter(
    ({ fn, call: made }) => made.to !== call.to || fn.selector !== call.data.slice(0, 10),
  );
  const trial = await tryCall(fork, { from: caller, to: call.to, data: call.data });
  // A setter without a name may break things in many ways. A switch is what changes one flag.
  if (
    !call.named &&
    !(isSwitch(trial.slots) && (await takesOnlyFlags(fork, call, caller, trial)))
  ) {
    return undefined;
  }
  const places = [by, ...(by.address === target ? [] : [{ address: target, functions: [] }])];
  const before = await takeReadings(fork, places);
  if (!(await send(laboratory, caller, call))) {
    return undefined;
  }
  const effects = await effectOf(
    laboratory,
    target,
    others,
    // Any setter may change what a refusal costs. One without a name must do more than that.
    call.named ? undefined : refusedInOtherWords,
  );
  // What anybody may do must take something from users to count: they change each other's reasons all day.
  // And what only officers are refused may be that one of them has lost his power.
  const enough = effects.some(({ guarded, verdict, officer }) =>
    caller === PASSER_BY ? verdict === "blocked" : guarded && (call.named || !officer),
  );
  if (!enough) {
    return undefined;
  }
  const during = await takeReadings(fork, places);
  const undo = await findInverse(
    laboratory,
    by,
    call,
    caller,
    target,
    others,
    effects,
    trial.slots,
  );
  const readBack = readBackFrom(before, during, undo?.after, trial.slots);
  if (readBack === undefined) {
    return undefined;
  }
  if (!call.named && undo === undefined) {
    return undefined;
  }
  const stopped = effects.filter(({ verdict }) => verdict === "blocked");
  return {
    id: "discovered",
    title: `found by experiment: ${describeCall(call)}`,
    discovered: true,
    pause: call,
    unpause: undo?.call ?? null,
    readBack,
    limits: `on the fork it stopped ${stopped.length} of ${others.length} functions`,
    expires: null,
  };
}

/** Whether a call changes nothing but one small number, to or from nothing: a flag, or a few of them. */
function isSwitch(slots: readonly SlotChange[]): boolean {
  const [change] = slots;
  if (slots.length !== 1 || change === undefined) {
    return false;
  }
  const mask = change.before ^ change.after;
  const bits = mask.toString(2);
  const lowest = BigInt(bits.length - 1 - bits.lastIndexOf("1"));
  const [before, after] = [change.before & mask, change.after & mask].map((part) => part >> lowest);
  return bits.length - Number(lowest) <= 8 && (before === 0n || after === 0n);
}

/**
 * Whether a function without a name has a flag as its argument. Given an address instead, a flag is
 * refused or cut to one bit; the setter of an address or a number keeps it, and one that sets the price
 * feed to 0x1 is no switch, though nothing works after it.
 */
async function takesOnlyFlags(
  fork: Fork,
  { to, data, fn }: CandidateCall,
  from: Address,
  { slots }: Trial,
): Promise<boolean> {
  const word = PASSER_BY.slice(2).toLowerCase().padStart(64, "0");
  const other = await tryCall(fork, {
    from,
    to,
    data: `${fn.selector}${word.repeat((data.length - 10) / word.length)}`,
  });
  // Another word for another argument is a list: somebody is put on it, and nobody else is stopped.
  return (
    other.slots.length === 0 ||
    slots.every(({ address, slot, after }) =>
      other.slots.some(
        (change) => change.address === address && change.slot === slot && change.after === after,
      ),
    )
  );
}
