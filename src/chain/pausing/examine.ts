import { sameAddress, type Address, type Hex } from "../address.js";
import { actsForPeople } from "../authority/reach.js";
import { authorityTree } from "../authority/tree.js";
import type { Block } from "../chain.js";
import type { Exercise } from "../experiments/exercise.js";
import type { RecordedCall } from "../experiments/history.js";
import type { Laboratory } from "../experiments/laboratory.js";
import { inspectContract, type InspectedContract } from "../inspection/contract.js";
import { followForwarder } from "../inspection/forwarder.js";
import type { ContractFunction } from "../inspection/functions.js";
import type { NamedContract } from "../label.js";
import type { CustomMechanism } from "./custom.js";
import { discover, discoverAsleep, type Discovery } from "./discover.js";
import { selectorOf } from "./mechanism.js";
import { neighboursOf } from "./neighbours.js";
import { closedRoute, proveRoute, type RouteProof } from "./proof.js";
import type { Looked } from "./first-look.js";
import { findRoutes } from "./routes.js";
import { exercise, subjectOf, type Subject } from "./subject.js";

/** What an examination needs to know of the project that it is made in. */
export interface ExaminationTools {
  /** The functions of a contract, from the project's artifacts, a file or the bytecode. */
  readonly functionsOf: (
    contract: InspectedContract,
    named?: NamedContract,
  ) => Promise<readonly ContractFunction[]>;
  /** Mechanisms of the configuration. */
  readonly custom: readonly CustomMechanism[];
  /** Calls to make again, besides those that are found. */
  readonly recorded: (
    laboratory: Laboratory,
  ) => Promise<{ readonly calls: readonly RecordedCall[]; readonly unknown: readonly string[] }>;
}

/** Everything that the experiments with one contract showed. */
export interface Examination {
  readonly looked: Looked;
  readonly functions: readonly ContractFunction[];
  /** Each known way to stop it, and each that was discovered, in the order of their worth. */
  readonly proofs: readonly RouteProof[];
  /** Why what might have been a way is none, or could not be decided. */
  readonly reasons: readonly string[];
  readonly undecided: readonly string[];
  readonly unknown: readonly string[];
}

/**
 * Examines one contract on the fork: proves every way to stop it that is known, and looks for others
 * by experiment. Nothing of it stays on the fork.
 */
export async function examine(
  laboratory: Laboratory,
  block: Block,
  seen: Looked,
  ours: readonly Address[],
  tools: ExaminationTools,
): Promise<Examination> {
  return await laboratory.alone(async () => {
    const looked = await throughForwarder(laboratory, block, seen, tools);
    const { named, contract, search } = looked;
    const functions = await tools.functionsOf(contract, named);
    const given = await tools.recorded(laboratory);
    const subject = await subjectOf(laboratory, named, contract, functions, ours, given.calls);
    const exercises = await exercise(laboratory, subject);
    const proofs: RouteProof[] = search.closed.map(({ seen: route, reason }) =>
      closedRoute(route, reason),
    );
    for (const route of search.found) {
      proofs.push(await proveRoute(laboratory, subject, route, exercises));
    }
    const itself = await discoverOn(laboratory, subject, exercises, proofs);
    const known = [...proofs, ...itself.proofs];
    // A pause that only another contract may call is that contract's: there people can turn it.
    const around = (
      await Promise.all(known.map(async (proof) => await worksForPeople(laboratory, proof)))
    ).includes(true)
      ? NOTHING_FOUND
      : await discoverAround(laboratory, subject, exercises, tools);
    const awake = [...known, ...around.proofs];
    const all = works(awake)
      ? awake
      : [...awake, ...(await asleep(laboratory, subject, exercises))];
    const people = await Promise.all(
      all.map(async (proof) => await worksForPeople(laboratory, proof)),
    );
    return {
      looked,
      functions,
      proofs: inOrder(
        named.address,
        all.map((proof, index) => ({ proof, people: people[index] === true })),
      ),
      reasons: search.reasons,
      undecided: [...itself.undecided, ...around.undecided],
      unknown: [...given.unknown, ...subject.unknown],
    };
  });
}

/** A forwarder that slots do not explain shows on the fork where its functions are. */
async function throughForwarder(
  laboratory: Laboratory,
  block: Block,
  seen: Looked,
  { custom }: ExaminationTools,
): Promise<Looked> {
  const contract = await followForwarder(laboratory, seen.contract);
  return contract === seen.contract
    ? seen
    : {
        ...seen,
        contract,
        search: await findRoutes(laboratory.chain, block, contract, custom),
      };
}

interface Found {
  readonly proofs: readonly RouteProof[];
  readonly undecided: readonly string[];
}

const NOTHING_FOUND: Found = { proofs: [], undecided: [] };

/** Looks for ways to stop it among its own functions that no idiom explains. */
async function discoverOn(
  laboratory: Laboratory,
  subject: Subject,
  exercises: readonly Exercise[],
  proofs: readonly RouteProof[],
): Promise<Found> {
  const known = new Set<Hex>(
    // What an idiom explains wrongly may still stop the contract, in a way that it does not know.
    proofs
      .filter(({ pauses, closed }) => pauses !== false || closed !== undefined)
      .flatMap(({ route: { pause, unpause } }) => [
        selectorOf(pause),
        ...(unpause === null ? [] : [selectorOf(unpause)]),
      ]),
  );
  const { address } = subject.named;
  const found = await discover(
    laboratory,
    { address, functions: subject.functions },
    address,
    exercises,
    known,
    subject.cast.officers,
    // Where a known way works, another that nobody knows by name is only another guess.
    !works(proofs),
  );
  return await proved(laboratory, subject, exercises, found);
}

/** Looks for ways to stop what is stopped now in a way that no idiom knows. */
async function asleep(
  laboratory: Laboratory,
  subject: Subject,
  exercises: readonly Exercise[],
): Promise<readonly RouteProof[]> {
  const { functions, cast, named } = subject;
  const found = await discoverAsleep(
    laboratory,
    { address: named.address, functions },
    exercises,
    cast.officers,
    async () => await exercise(laboratory, subject),
  );
  return (await proved(laboratory, subject, exercises, { found, undecided: [] })).proofs;
}

/** Looks for ways to stop it among the functions of the contracts that it depends on. */
async function discoverAround(
  laboratory: Laboratory,
  subject: Subject,
  exercises: readonly Exercise[],
  tools: ExaminationTools,
): Promise<Found> {
  const proofs: RouteProof[] = [];
  const undecided: string[] = [];
  for (const address of await neighboursOf(laboratory, subject, exercises)) {
    const functions = await functionsAt(laboratory, address, tools);
    const found = await discover(
      laboratory,
      { address, functions: functions.filter(({ signature }) => signature !== undefined) },
      subject.named.address,
      exercises,
      new Set(),
      subject.cast.officers,
    );
    const more = await proved(laboratory, subject, exercises, found);
    proofs.push(...more.proofs);
    undecided.push(...more.undecided);
    if (works(proofs)) {
      break;
    }
  }
  return { proofs, undecided };
}

async function functionsAt(
  laboratory: Laboratory,
  address: Address,
  tools: ExaminationTools,
): Promise<readonly ContractFunction[]> {
  try {
    const { contract } = await inspectContract(laboratory.fork, address);
    return await tools.functionsOf(await followForwarder(laboratory, contract));
  } catch {
    // A neighbour that is broken, or leads to itself, stops nothing.
    return [];
  }
}

async function proved(
  laboratory: Laboratory,
  subject: Subject,
  exercises: readonly Exercise[],
  { found, undecided }: Discovery,
): Promise<Found> {
  const proofs: RouteProof[] = [];
  for (const route of found) {
    proofs.push(await proveRoute(laboratory, subject, route, exercises));
  }
  return { proofs, undecided };
}

function works(proofs: readonly RouteProof[]): boolean {
  return proofs.some(({ pauses }) => pauses === true);
}

/** Whether it works for somebody who is, or acts for, people. */
async function worksForPeople(
  { chain, block }: Laboratory,
  { pauses, pausers }: RouteProof,
): Promise<boolean> {
  const may = pausers.holders.filter(({ proved }) => proved);
  if (pauses !== true || may.some(({ kind }) => kind === "account")) {
    return pauses === true;
  }
  return (await authorityTree(chain, block, may)).some(actsForPeople);
}

/** What works comes first; of that what people can do, what can be undone, and what is a call on itself. */
function inOrder(
  address: Address,
  all: readonly { readonly proof: RouteProof; readonly people: boolean }[],
): readonly RouteProof[] {
  const worth = ({ proof: { pauses, route }, people }: (typeof all)[number]): number =>
    (pauses === true ? 0 : pauses === undefined ? 16 : 32) +
    (people ? 0 : 8) +
    (route.unpause === null ? 4 : 0) +
    (route.discovered ? 2 : 0) +
    (sameAddress(route.pause.to, address) ? 0 : 1);
  return [...all].sort((a, b) => worth(a) - worth(b)).map(({ proof }) => proof);
}
