import { EmergencyError } from "../../errors.js";
import type { Address } from "../address.js";
import { describeName } from "../label.js";
import type { Quote } from "../transactions/quote.js";
import { describeCall, type PausedState } from "./mechanism.js";
import type { PauseDirection, PauseIntent } from "./pause-intent.js";
import type { PauseRoute, TargetedCall } from "./route.js";

/** A route that the contract has, and what its read-back says now. */
interface Seen {
  readonly route: PauseRoute;
  readonly paused: PausedState;
}

/** An account for which the call succeeds. */
export interface ChosenSigner {
  readonly from: Address;
  readonly quote: Quote & { ok: true };
}

/** The call that a route makes in this direction; null when it has none. */
export function callOf(kind: PauseDirection, route: PauseRoute): TargetedCall | null {
  return route[kind];
}

/**
 * The route by which the contract is already as it should be; undefined when there is something left
 * to do. One way to be stopped is enough to be stopped. It only runs when nothing stops it, and of a
 * contract that is stopped in sections all sections count.
 */
export function alreadyDone<S extends Seen>(
  kind: PauseDirection,
  found: readonly S[],
): S | undefined {
  if (kind === "unpause") {
    return found.every(({ paused }) => paused === false) ? found[0] : undefined;
  }
  const wholes = found.filter(({ route }) => route.section !== true);
  if (wholes.length > 0) {
    return wholes.find(({ paused }) => paused === true);
  }
  return found.every(({ paused }) => paused === true) ? found[0] : undefined;
}

/**
 * The routes that may be used: those that have this direction and something to change, and those that
 * cannot be undone only when that was asked for, as the last.
 * @throws EmergencyError IRREVERSIBLE
 */
export function usableRoutes<S extends Seen>(
  kind: PauseDirection,
  intent: PauseIntent,
  found: readonly S[],
): readonly S[] {
  const name = describeName({ label: intent.label, address: intent.contract });
  const left = found.filter(({ paused }) => paused !== (kind === "pause"));
  const usable = left.filter(({ route }) => callOf(kind, route) !== null);
  const [first] = left;
  if (usable.length === 0 && first !== undefined) {
    throw new EmergencyError(
      "IRREVERSIBLE",
      `${name} cannot be started again: ${first.route.title} is for ever`,
      "create the corrected contract at a new address: npx hardhat deploy-fixed",
    );
  }
  const undoable = usable.filter(({ route }) => route.unpause !== null);
  if (intent.irreversible === true) {
    return [...undoable, ...usable.filter(({ route }) => route.unpause === null)];
  }
  const [forEver] = usable;
  if (undoable.length === 0 && forEver !== undefined) {
    throw new EmergencyError(
      "IRREVERSIBLE",
      `${name} can only be stopped for ever: ${describeCall(forEver.route.pause)} cannot be undone`,
      `npx hardhat pause --contract ${intent.label} --irreversible`,
    );
  }
  return undoable;
}

/** The first account for which the call succeeds; one that can pay for it before one that cannot. */
export function chooseSigner(
  accounts: readonly Address[],
  quotes: readonly Quote[],
): ChosenSigner | undefined {
  const able: ChosenSigner[] = [];
  for (const [index, from] of accounts.entries()) {
    const quote = quotes[index];
    if (quote?.ok === true) {
      able.push({ from, quote });
    }
  }
  return able.find(({ quote }) => quote.balanceWei > 0n) ?? able[0];
}
