import type { Action } from "../../step.js";
import { isRecord, type Json, type JsonObject } from "../../json.js";
import type { Address, Hex } from "../address.js";
import { isHex } from "../reads.js";

/**
 * A transaction as a plan holds it: who sends what to whom. Gas and fees are decided when it is
 * sent; they do not change what it does.
 */
export interface TransactionAction extends Action {
  readonly type: "transaction";
  readonly from: Address;
  /** Null deploys a contract. */
  readonly to: Address | null;
  readonly data: Hex;
  /** In wei, decimal. */
  readonly valueWei: string;
  /** Set where an address in the plan follows from it, else null: any nonce will do. */
  readonly nonce: number | null;
}

/** An event as it was logged. */
export interface LoggedEvent extends JsonObject {
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
  /** In a rehearsal: what it holds depends on the time or the block. */
  readonly varies?: boolean;
}

/** One storage word that a transaction changed. 32-byte words in hex. */
export interface StorageChange extends JsonObject {
  readonly address: string;
  readonly slot: string;
  readonly before: string;
  readonly after: string;
  /** In a rehearsal: the value depends on the time or the block. */
  readonly varies?: boolean;
}

/** What a mined transaction did. */
export interface TransactionEffect extends JsonObject {
  readonly type: "transaction";
  readonly hash: string;
  readonly block: number;
  readonly nonce: number;
  readonly from: string;
  readonly contractAddress: string | null;
  readonly gasUsed: number;
  /** What it cost, in wei, decimal. */
  readonly feeWei: string;
  readonly events: readonly LoggedEvent[];
  /** Known on a fork; null where the node cannot say. */
  readonly storage: readonly StorageChange[] | null;
}

/** A call to a function, as a plan's action. */
export function callAction(call: {
  readonly summary: string;
  readonly from: Address;
  readonly to: Address;
  readonly data: Hex;
}): TransactionAction {
  return { type: "transaction", ...call, valueWei: "0", nonce: null };
}

/** The creation of a contract, as a plan's action. The nonce fixes its address. */
export function createAction(creation: {
  readonly summary: string;
  readonly from: Address;
  readonly data: Hex;
  readonly nonce: number;
}): TransactionAction {
  return { type: "transaction", ...creation, to: null, valueWei: "0" };
}

/** Whether an action, as read from a plan, is a whole transaction. */
export function isTransactionAction(action: Action): action is TransactionAction {
  return (
    action.type === "transaction" &&
    isHex(action.from) &&
    (action.to === null || isHex(action.to)) &&
    isHex(action.data) &&
    typeof action.valueWei === "string" &&
    /^\d+$/.test(action.valueWei) &&
    (action.nonce === null || typeof action.nonce === "number")
  );
}

/** Whether an effect, as read from a plan's rehearsal, is that of a transaction. */
export function isTransactionEffect(effect: Json | undefined): effect is TransactionEffect {
  return (
    isRecord(effect) &&
    effect.type === "transaction" &&
    typeof effect.hash === "string" &&
    typeof effect.gasUsed === "number" &&
    Array.isArray(effect.events)
  );
}
