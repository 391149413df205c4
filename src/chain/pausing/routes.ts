import type { Address } from "../address.js";
import { coalescing } from "../authority/coalesce.js";
import { lookAt, type Block, type Chain } from "../chain.js";
import type { InspectedContract } from "../inspection/contract.js";
import type { CustomMechanism } from "./custom.js";
import { Explorer, type Explored } from "./explorer.js";
import { IDIOMS } from "./idioms/catalogue.js";
import type { PausedState } from "./mechanism.js";
import { recognise, recognitionReads } from "./recognise.js";
import { routeOf, type PauseRoute } from "./route.js";

/** A route that a contract has, and what its read-back says now. */
export interface SeenRoute {
  readonly route: PauseRoute;
  readonly paused: PausedState;
}

/** The routes that were found, the best first. */
export interface RouteSearch {
  readonly found: readonly SeenRoute[];
  /** Why likely idioms were not taken: "its pause window closed on …". One line each. */
  readonly reasons: readonly string[];
  /** Those that are there and cannot be used now: their window has closed. */
  readonly closed: readonly { readonly seen: SeenRoute; readonly reason: string }[];
}

/**
 * Every known way to stop a contract, also by calls to other contracts, and those of the
 * configuration. Only reads, all at one block. Whether a route really stops the contract is not
 * tried: that takes a fork.
 *
 * First those that the configuration names for this very contract; then those of the contract itself;
 * then those that call another contract, the one that stops least first. Those that cannot be undone
 * come last.
 */
export async function findRoutes(
  chain: Chain,
  block: Block,
  contract: InspectedContract,
  custom: readonly CustomMechanism[],
): Promise<RouteSearch> {
  const together = coalescing(chain);
  const explorer = new Explorer(together, block, contract);
  const own = custom.filter((mechanism) => mechanism.contract === contract.address);
  const anywhere = custom.filter((mechanism) => mechanism.contract === undefined);
  const [named, direct, known, general] = await Promise.all([
    Promise.all(own.map(async ({ idiom, known: values }) => await explorer.explore(idiom, values))),
    directRoutes(together, block, contract),
    Promise.all(IDIOMS.map(async (idiom) => await explorer.explore(idiom))),
    Promise.all(
      anywhere.map(async ({ idiom, known: values }) => await explorer.explore(idiom, values)),
    ),
  ]);
  const explored = [...named, ...known, ...general];
  const found = bestFirst([
    ...named.flatMap(({ seen }) => seen ?? []),
    ...direct.found,
    ...[...known, ...general].flatMap(({ seen }) => seen ?? []),
  ]);
  const reasons = [
    ...(found.length === 0 ? direct.reasons : []),
    ...explored.flatMap(({ reason }) => reason ?? []),
    ...unreadable(explored, found),
  ];
  const closed = explored.flatMap(({ closed: seen, reason }) =>
    seen === undefined || reason === undefined ? [] : [{ seen, reason }],
  );
  return { found, closed, reasons: [...new Set(reasons)] };
}

/** Whether any contract can have a route with this id. */
export function isKnownRoute(id: string, custom: readonly CustomMechanism[]): boolean {
  return [...IDIOMS, ...custom.map(({ idiom }) => idiom)].some((idiom) => idiom.id === id);
}

/**
 * One route again, by its mechanism's id, as a plan names it.
 * @returns undefined when it is not there any more, or never was.
 */
export async function findRoute(
  chain: Chain,
  block: Block,
  contract: InspectedContract,
  custom: readonly CustomMechanism[],
  id: string,
): Promise<SeenRoute | undefined> {
  const together = coalescing(chain);
  const explorer = new Explorer(together, block, contract);
  for (const { idiom, known, contract: only } of custom) {
    if (idiom.id === id && (only === undefined || only === contract.address)) {
      return (await explorer.explore(idiom, known)).seen;
    }
  }
  const idiom = IDIOMS.find((candidate) => candidate.id === id);
  if (idiom !== undefined) {
    return (await explorer.explore(idiom)).seen;
  }
  const { found } = await directRoutes(together, block, contract);
  return found.find(({ route }) => route.id === id);
}

async function directRoutes(
  chain: Chain,
  block: Block,
  contract: InspectedContract,
): Promise<RouteSearch> {
  const replies = await lookAt(chain, block.number, recognitionReads(contract.address));
  const { found, reason } = recognise(contract, replies);
  return {
    found: found.map(({ mechanism, paused }) => ({
      route: routeOf(mechanism, contract.address),
      paused,
    })),
    closed: [],
    reasons: found.length > 0 ? [] : [reason],
  };
}

/** Calls that are there, and which no idiom could read back. Several idioms may begin with the same call. */
function unreadable(explored: readonly Explored[], found: readonly SeenRoute[]): readonly string[] {
  const known = new Set(found.map(({ route }) => callKey(route.pause)));
  return explored.flatMap(({ unreadable: call }) =>
    call === undefined || known.has(callKey(call))
      ? []
      : [`it has ${call.about}, but nothing known to read it back with`],
  );
}

/** Each call once, where several idioms have it; those that can be undone first. */
function bestFirst(found: readonly SeenRoute[]): readonly SeenRoute[] {
  const undoable = found.filter(({ route }) => route.unpause !== null);
  const forEver = found.filter(({ route }) => route.unpause === null);
  const calls = new Set<string>();
  return [...undoable, ...forEver].filter(({ route }) => {
    const key = callKey(route.pause);
    const fresh = !calls.has(key);
    calls.add(key);
    return fresh;
  });
}

function callKey({ to, data }: { readonly to: Address; readonly data: string }): string {
  return `${to} ${data}`.toLowerCase();
}
