import { sameAddress, type Address } from "../address.js";
import { grantedTo } from "../authority/callers.js";
import { STRANGER } from "../authority/holders.js";
import { exerciseAll, type Actor, type Exercise } from "../experiments/exercise.js";
import { recentCalls, replayAll, usersOf, type RecordedCall } from "../experiments/history.js";
import type { Laboratory } from "../experiments/laboratory.js";
import type { InspectedContract } from "../inspection/contract.js";
import type { ContractFunction } from "../inspection/functions.js";
import type { NamedContract } from "../label.js";

/** A contract under examination: what it is, what it can do, and who uses it. */
export interface Subject {
  readonly named: NamedContract;
  readonly contract: InspectedContract;
  /** All its functions; views as well. */
  readonly functions: readonly ContractFunction[];
  readonly actors: readonly Actor[];
  readonly officers: readonly Address[];
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
    actors: [
      ...users.map((address) => ({ address, who: "a user" })),
      { address: STRANGER, who: "a stranger" },
    ],
    officers: officers
      .filter((officer) => !users.some((user) => sameAddress(user, officer)))
      .slice(0, MOST_OFFICERS),
    recorded: [...given, ...recent.calls],
    unknown: recent.unknown,
  };
}

/**
 * Exercises every mutating function in the state in which the fork is now: by real calls where there
 * are some, else by made-up ones.
 */
export async function exercise(
  laboratory: Laboratory,
  { named, functions, actors, officers, recorded }: Subject,
): Promise<readonly Exercise[]> {
  const mutating = functions.filter(({ mutability }) => mutability !== "view");
  // Views as well: a call of one is then not taken for a call of another function.
  const replayed = await replayAll(laboratory, named.address, functions, recorded);
  const rest = mutating.filter(
    ({ selector }) => !replayed.some(({ fn }) => fn.selector === selector),
  );
  return [...replayed, ...(await exerciseAll(laboratory, named.address, rest, actors, officers))];
}
