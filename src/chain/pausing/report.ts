import type { Address, Hex } from "../address.js";
import type { AuthorityNode } from "../authority/tree.js";
import type { Proxy } from "../inspection/contract.js";
import type { FunctionEffect } from "./effect.js";
import type { PausedState } from "./mechanism.js";

/**
 * Whether a contract can be stopped now:
 * - `pausable`: by a call on itself
 * - `pausable-elsewhere`: by a call on another contract
 * - `not-pausable`: everything was looked at, and nobody can
 * - `unknown`: could not be decided
 */
export type Verdict = "pausable" | "pausable-elsewhere" | "not-pausable" | "unknown";

/** A call that pauses or unpauses, whole. */
export interface PauseCall {
  readonly to: Address;
  readonly signature: string;
  readonly args: readonly string[];
  readonly data: Hex;
}

/** Somebody who may make the call that pauses. */
export interface CallerReport {
  readonly address: Address;
  readonly via: string;
  /** The call was made as this address, on a fork of the chain, and succeeded. */
  readonly proved: boolean;
}

/** A way to stop a contract, who may use it, and what it stops. */
export interface MechanismReport {
  readonly id: string;
  readonly title: string;
  /** Found by experiment, rather than known by its idiom. */
  readonly discovered: boolean;
  readonly call: PauseCall;
  /** Null when it cannot be undone. */
  readonly inverse: PauseCall | null;
  readonly readback: string;
  /** What the read-back says now: true, false, "partly", or null when it cannot be read. */
  readonly paused: PausedState | null;
  /** Whether it was seen to stop the contract on the fork; null when that could not be shown. */
  readonly works: boolean | null;
  readonly needs: string;
  readonly callers: readonly CallerReport[];
  /** Who may start it again: often others than those who may stop it. Empty where it cannot be undone. */
  readonly starters: readonly CallerReport[];
  readonly limits: string;
  /** When it ends by itself, in words. */
  readonly expires: string | null;
  /** What it did to each mutating function, on the fork. */
  readonly functions: readonly FunctionEffect[];
  readonly summary: EffectSummary;
  /** One line a claim, with how it is known. */
  readonly evidence: readonly string[];
}

/** How many functions a pause stops. */
export interface EffectSummary {
  /** Those that did something before the pause. */
  readonly exercised: number;
  readonly blocked: number;
  readonly open: number;
  /** Those that failed before and after. */
  readonly failing: number;
  readonly notExercised: number;
  /** Signatures, or selectors, of what is still open and moves tokens or ETH. */
  readonly openMovingFunds: readonly string[];
}

/** Whether the network's own accounts can make a call now, and pay for it. */
export interface ReachReport {
  /** Null when it is not known. */
  readonly now: boolean | null;
  readonly by: readonly Address[];
  readonly why: string;
  /** The accounts that can send it; empty where none of them holds the power. */
  readonly funds: readonly FundsReport[];
}

/** Whether an account can pay for the gas at the fee of this moment. */
export interface FundsReport {
  readonly account: Address;
  /** In wei, decimal. */
  readonly balanceWei: string;
  /** The most that the transaction can cost, in wei, decimal: room for rising fees is in it. */
  readonly atMostWei: string;
  readonly enough: boolean;
}

/** Who may change the code of a contract. */
export interface UpgradeReport {
  /** The function that does it; null where there is none to call, as with a Safe. */
  readonly how: string | null;
  /** The contract that is called for it: the proxy, its ProxyAdmin, its beacon. */
  readonly to: Address | null;
  readonly needs: string;
  readonly callers: readonly CallerReport[];
  /** From those who may down to people. */
  readonly authority: readonly AuthorityNode[];
  readonly canYou: ReachReport;
  /** How it is known, one line a claim. */
  readonly evidence: readonly string[];
  /** What could not be known. */
  readonly unknown: readonly string[];
}

/** Code that a call to the contract may run. */
export interface CodeReport {
  readonly address: Address;
  readonly codeHash: Hex;
}

/** How many functions a contract has. */
export interface FunctionCounts {
  readonly total: number;
  /** Those that may change something. */
  readonly mutating: number;
  /** Those of which only the selector is known. */
  readonly nameless: number;
}

/** What `verify-pausable` found out about one contract. Plain JSON. */
export interface PausableReport {
  readonly label: string;
  readonly address: Address;
  readonly verdict: Verdict;
  /** Null when it cannot be read. */
  readonly paused: boolean | null;
  readonly proxy: Pick<Proxy, "kind" | "implementation" | "admin" | "beacon"> | null;
  /** The contract in one line, for people. */
  readonly about: string;
  readonly codeHash: Hex;
  /** Where its functions are, and the hash of the code there. */
  readonly implementation: { readonly address: Address; readonly codeHash: Hex };
  /** Every code that a call to it may run, from the outside to the inside: its own, the implementation, each facet. */
  readonly codes: readonly CodeReport[];
  readonly functions: FunctionCounts;
  /** How its functions are known: "contracts/Token.sol:Token, matched by code". */
  readonly abi: string;
  /** The best first. */
  readonly mechanisms: readonly MechanismReport[];
  /** What looks like a way to stop it, and was not seen to be one on the fork. */
  readonly rejected: readonly MechanismReport[];
  /** The network's own accounts that may make the best mechanism's call now. */
  readonly ours: readonly Address[];
  readonly canYou: ReachReport;
  /** From those who may pause down to people. */
  readonly authority: readonly AuthorityNode[];
  /** Who may change its code; null where nobody can, or it is not known how. */
  readonly upgrade: UpgradeReport | null;
  /** What else can be done about it, one line each: upgrade, take out, revoke. */
  readonly alternatives: readonly string[];
  /** One line a claim, with how it is known. */
  readonly evidence: readonly string[];
  /** What could not be known. */
  readonly unknown: readonly string[];
}

/** The verdict on several contracts, all at one block. */
export interface PausableReports {
  readonly chainId: number;
  readonly block: number;
  readonly contracts: readonly PausableReport[];
}
