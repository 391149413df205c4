import type { Address, Hex } from "../../address.js";
import type { Chain } from "../../chain.js";
import type { Getter, SeenContract } from "../contracts.js";
import type { Finding, Lead } from "../node.js";

/** Where a kind reads what it needs beyond the getters. */
export interface View {
  /** What is asked side by side travels together. */
  readonly chain: Chain;
  readonly blockNumber: number;
  /** Accounts that are asked about in any case, such as the network's own. */
  readonly also: readonly Address[];
}

/** A kind of authority. One file a kind: what it asks of every contract, and what it makes of the answers. */
export interface Kind {
  readonly getters: readonly Getter[];
  /** What it has found, or undefined when the contract is not of this kind. */
  readonly read: (seen: SeenContract, view: View) => Promise<Finding | undefined>;
}

/** A getter. */
export function getter(signature: string, selector: Hex): Getter {
  return { signature, selector };
}

/** A finding, where the usual is left out: acts at once, any one member is enough. */
export function finding(
  found: Pick<Finding, "kind" | "about"> & Partial<Omit<Finding, "kind" | "about">>,
): Finding {
  return { facts: {}, delaySeconds: 0, needed: 1, leads: [], known: [], unknown: [], ...found };
}

/** Leads without what was not found. */
export function present(leads: readonly (Lead | undefined)[]): readonly Lead[] {
  return leads.filter((each) => each !== undefined);
}
