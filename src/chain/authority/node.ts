import type { Json } from "../../json.js";
import type { Address } from "../address.js";

/**
 * What an address with a power is:
 * - `account`: no code; somebody may have its key
 * - `delegated-account`: an account that runs a contract's code (EIP-7702)
 * - `safe`: a Safe whose storage and getters agree; `multisig`: another contract with several owners
 * - `timelock`, `governor`: acts after a delay, after a vote
 * - `proxy-admin`: may change the code of proxies
 * - `access-manager`, `ds-auth`, `ownable`, `access-control`, `registry`: contracts that say who rules them
 * - `contract`: code of an unknown kind
 * - `nobody`: addresses that nobody has a key for
 */
export type AuthorityKind =
  | "account"
  | "delegated-account"
  | "safe"
  | "multisig"
  | "timelock"
  | "governor"
  | "proxy-admin"
  | "access-manager"
  | "ds-auth"
  | "ownable"
  | "access-control"
  | "registry"
  | "contract"
  | "nobody";

/**
 * What a member can do for the one above it:
 * - `decides`: counts towards `needed`
 * - `alone`: may act without the others, as a Safe's module does
 * - `helps`: one of these is needed as well, as a timelock's executor is
 * - `aside`: cannot act through it; may hinder it, or rule it one day
 */
export type Part = "decides" | "alone" | "helps" | "aside";

/** Facts about a node, for JSON. */
export type Facts = Readonly<Record<string, Json>>;

/** One address in the tree from a power down to people. Plain data. */
export interface AuthorityNode {
  readonly address: Address;
  /** As the configuration or the deployment records name it. */
  readonly label: string | null;
  /** Why it is in the tree: "owner()", "holds role PAUSER_ROLE". */
  readonly via: string;
  readonly part: Part;
  /** How long this member must wait before its word counts, in seconds (AccessManager). */
  readonly waitSeconds: number;
  readonly kind: AuthorityKind;
  /** One line for people: "Safe 1.4.1, 3 of 5 owners, nonce 12, 1 module". */
  readonly about: string;
  readonly facts: Facts;
  /** From its members' decision until it acts, at the least. 0: at once. */
  readonly delaySeconds: number;
  /** How many of the members that decide must agree. */
  readonly needed: number;
  /** Empty for people, and where the same address is described further up in the same tree. */
  readonly members: readonly AuthorityNode[];
  /** Whether this address is described further up in the same tree, and not again here. */
  readonly shownAbove: boolean;
  /** How it is known: "storage slots 1 to 5", "getMinDelay()". All at the block of the tree. */
  readonly known: readonly string[];
  /** What could not be known. */
  readonly unknown: readonly string[];
}

/** An address to look at next. */
export interface Lead {
  readonly address: Address;
  readonly via: string;
  readonly part: Part;
  readonly waitSeconds: number;
}

/** A {@link Lead}. */
export function lead(address: Address, via: string, part: Part = "decides", waitSeconds = 0): Lead {
  return { address, via, part, waitSeconds };
}

/** What one kind has found out about a contract. */
export interface Finding {
  readonly kind: AuthorityKind;
  readonly about: string;
  readonly facts: Facts;
  readonly delaySeconds: number;
  readonly needed: number;
  readonly leads: readonly Lead[];
  readonly known: readonly string[];
  readonly unknown: readonly string[];
}

/** "1 owner", "3 owners". */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** "2 days", "36 hours", "90 s": exact, in the largest unit that is. */
export function duration(seconds: number): string {
  for (const [unit, length] of UNITS) {
    if (seconds >= length && seconds % length === 0) {
      return counted(seconds / length, unit);
    }
  }
  return `${seconds} s`;
}

const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
] as const;
