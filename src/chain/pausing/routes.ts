import { lookAt, type Block, type Chain } from "../chain.js";
import type { InspectedContract } from "../inspection/contract.js";
import type { CustomMechanism } from "./custom.js";
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
}

/**
 * Every known way to stop a contract, also by calls to other contracts, and those of the
 * configuration. Only reads, all at one block.
 */
export async function findRoutes(
  chain: Chain,
  block: Block,
  contract: InspectedContract,
  _custom: readonly CustomMechanism[],
): Promise<RouteSearch> {
  const replies = await lookAt(chain, block.number, recognitionReads(contract.address));
  const { found, reason } = recognise(contract, replies);
  return {
    found: found.map(({ mechanism, paused }) => ({
      route: routeOf(mechanism, contract.address),
      paused,
    })),
    reasons: found.length > 0 ? [] : [reason],
  };
}
