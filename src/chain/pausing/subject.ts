import { addressInWord, sameAddress, type Address } from "../address.js";
import { grantedTo } from "../authority/callers.js";
import { STRANGER } from "../authority/holders.js";
import { exerciseAll, type Cast, type Exercise } from "../experiments/exercise.js";
import { recentCalls, replayAll, usersOf, type RecordedCall } from "../experiments/history.js";
import type { Laboratory } from "../experiments/laboratory.js";
import type { InspectedContract } from "../inspection/contract.js";
import type { ContractFunction } from "../inspection/functions.js";
import type { NamedContract } from "../label.js";
import { takeReadings } from "./readings.js";

/** A contract under examination: what it is, what it can do, and who uses it. */
export interface Subject {
  readonly named: NamedContract;
  readonly contract: InspectedContract;
  /** All its functions; views as well. */
  readonly functions: readonly ContractFunction[];
  readonly cast: Cast;
  /** Real calls to make again. */
  readonly recorded: readonly RecordedCall[];
  /** The network's own accounts. */
  readonly ours: readonly Address[];
  /** What could not be known about its use. */
  readonly unknown: readonly string[];
}

/** How many real users' accounts are tried for each function. */
const MOST_USERS = 3;
const MOST_OFFICERS = 4;
/** So many of the last blocks are searched for transactions to make again. */
const BLOCKS = 2_000;
const MOST_CALLS = 40;

/** Gathers what is needed to exercise a contract. */
export async function subjectOf(
  laboratory: Laboratory,
  named: NamedContract,
  contract: InspectedContract,
  functions: readonly ContractFunction[],
  ours: readonly Address[],
  given: readonly RecordedCall[],
): Promise<Subject> {
  const [users, recent, granted] = await Promise.all([
    usersOf(laboratory, named.address, MOST_USERS),
    recentCalls(laboratory, named.address, { blocks: BLOCKS, most: MOST_CALLS }),
    grantedTo(laboratory, [named.address]),
  ]);
  const officers = [...new Set([...granted.candidates.map(({ address }) => address), ...ours])];
  return {
    named,
    contract,
    functions,
    ours,
    cast: {
      actors: [
        ...users.map((address) => ({ address, who: "a user" })),
        { address: STRANGER, who: "a stranger" },
      ],
      officers: officers
        .filter((officer) => !users.some((user) => sameAddress(user, officer)))
        .slice(0, MOST_OFFICERS),
      parts: await partsOf(laboratory, named.address, functions),
    },
    recorded: [...given, ...recent.calls],
    unknown: recent.unknown,
  };
}

/** One or two of a kind are enough: what is done to one market is done to the others. */
const MOST_PARTS = 2;

/** The addresses that a contract lists in getters without arguments: its markets, reserves, tokens. */
async function partsOf(
  { fork }: Laboratory,
  address: Address,
  functions: readonly ContractFunction[],
): Promise<readonly Address[]> {
  const readings = await takeReadings(fork, [{ address, functions }]);
  const lists = await Promise.all(
    [...readings.values()].map(async ({ answer }) => await addressesIn(answer)),
  );
  return [...new Set(lists.flatMap((list) => list.slice(0, 1)))].slice(0, MOST_PARTS);
}

/** An ABI-encoded `address[]`; nothing when it is anything else. */
async function addressesIn(answer: string): Promise<readonly Address[]> {
  const [offset, length, ...words] = answer.slice(2).match(/.{64}/g) ?? [];
  if (
    BigInt(`0x${offset ?? "0"}`) !== 32n ||
    BigInt(`0x${length ?? "0"}`) !== BigInt(words.length)
  ) {
    return [];
  }
  const found = await Promise.all(
    words.slice(0, 1).map(async (word) => await addressInWord(`0x${word}`)),
  );
  return found.filter((address) => address !== undefined);
}

/**
 * Exercises every mutating function in the state in which the fork is now: by real calls where there
 * are some, else by made-up ones.
 */
export async function exercise(
  laboratory: Laboratory,
  { named, functions, cast, recorded }: Subject,
): Promise<readonly Exercise[]> {
  const mutating = functions.filter(({ mutability }) => mutability !== "view");
  // Views as well: a call of one is then not taken for a call of another function.
  const replayed = await replayAll(laboratory, named.address, functions, recorded);
  const rest = mutating.filter(
    ({ selector }) => !replayed.some(({ fn }) => fn.selector === selector),
  );
  return [...replayed, ...(await exerciseAll(laboratory, named.address, rest, cast))];
}
