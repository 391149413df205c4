import type { JsonObject } from "../../json.js";
import type { PatchOperation } from "../kubernetes/cluster.js";
import type { SuspendedMark } from "./owner-mark.js";
import type { Heals } from "./claims.js";

/**
 * How one kind of owner is told to leave alone what it keeps, and told to take it up again. Pure: from the
 * owner's JSON to operations of a patch.
 */
export interface Brake {
  /** "Argo CD". */
  readonly tool: string;
  /** What makes it act by itself, to be kept while it is suspended; null when it does not act by itself. */
  active(owner: JsonObject): JsonObject | null;
  /** How soon it puts things back while it is active. */
  heals(owner: JsonObject): Heals;
  /** What it is doing just now that may still put things back; null: nothing. */
  busy(owner: JsonObject): string | null;
  /** What a person does to end what `busy` says. */
  readonly whenBusy: string;
  /** "its automated sync is taken out": what is done, for people. */
  readonly how: string;
  /** Changes to its spec, and to its annotations: null removes one. */
  suspend(owner: JsonObject): OwnerChange;
  /** @param was what `active` has said when it was suspended. */
  resume(owner: JsonObject, was: JsonObject): OwnerChange;
  /** What is kept in the mark: what was there, added to what an earlier suspension for another workload has kept. */
  keep(was: JsonObject, mark: SuspendedMark | null): JsonObject;
  /** What is left in the mark when this is resumed; null: nothing, and the mark goes. */
  left(was: JsonObject, mark: SuspendedMark): JsonObject | null;
  /** What the mark keeps for what this brake is about; null: nothing. */
  kept(mark: SuspendedMark): JsonObject | null;
  /** Whether its controller has said that it has seen the newest change; null where it never says so. */
  seen(owner: JsonObject): boolean | null;
}

/** What is changed in an owner. */
export interface OwnerChange {
  readonly spec: readonly PatchOperation[];
  readonly annotations: Readonly<Record<string, string | null>>;
}

/** Brakes that are about the owner as a whole: the mark keeps what was there, and nothing else. */
export const WHOLE = {
  keep: (was: JsonObject) => was,
  left: () => null,
  kept: (mark: SuspendedMark) => mark.was,
};
