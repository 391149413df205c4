import type { Json, JsonObject } from "./json.js";

/**
 * The life of a step. Everything the plugin does, on chain or off chain, is a step, and every step
 * is observed, planned, rehearsed, performed and verified in the same way. This file knows nothing
 * of chains, buckets or clusters.
 */

/** A fact about the world that a step reads before it acts, by a name a person understands. */
export type Facts = Readonly<Record<string, string | number | boolean | null>>;

/** One fact that will be, or is, different. `before` and `after` are as in {@link Facts}. */
export interface Difference {
  readonly fact: string;
  readonly before: string | number | boolean | null;
  readonly after: string | number | boolean | null;
}

/**
 * One thing that will be done, in full: enough to do exactly this and nothing else. `type` names
 * the executor; the rest is what it needs.
 */
export interface Action extends JsonObject {
  readonly type: string;
  /** For people: "call pause() on 0x…". */
  readonly summary: string;
}

/** How a step could be undone: as a request to plan, or why it cannot be. */
export type Inverse =
  { readonly kind: string; readonly intent: JsonObject } | { readonly none: string };

/** What somebody wants: a kind of step and what it should do. */
export interface StepRequest {
  /** Unique within the plan; other steps refer to it. */
  readonly id: string;
  readonly kind: string;
  /** What to do. A value `{ $output: "deploy.address" }` stands for another step's output. */
  readonly intent: JsonObject;
  /** Ids of the steps whose effect this one builds on. */
  readonly after?: readonly string[];
}

/** What the pure part of a step decides from the observed facts. */
export interface Decision {
  /** For people: "Pause Marketplace". */
  readonly title: string;
  /** Empty when there is nothing left to do. */
  readonly actions: readonly Action[];
  readonly expected: readonly Difference[];
  /** Values that later steps may refer to, known before anything is done. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly inverse: Inverse;
  /** What a person should know before saying yes. Not part of the plan's hash. */
  readonly notes: readonly string[];
}

/** A step of a plan: plain JSON. */
export interface PlannedStep extends Decision {
  readonly id: string;
  readonly kind: string;
  readonly intent: JsonObject;
  readonly after: readonly string[];
  /** What must still be true when the step is performed. */
  readonly prior: Facts;
}

/** What really happened, or happened on the fork. Plain JSON. */
export interface Effects {
  /** One entry an action, in order. What it holds is the executor's business. */
  readonly actions: readonly Json[];
}

/** How a performed step was read back from outside. */
export interface Verification {
  readonly verified: boolean;
  /** One line a claim: what was read, where, and what it says. */
  readonly evidence: readonly string[];
  /** What the next person has to know when it is not verified. */
  readonly problem?: string;
}

/**
 * Told what happens while a step is performed, after it is durable.
 * `done` carries the effect of one action.
 */
export type Progress = (event: ProgressEvent) => void;

/** See {@link Progress}. */
export type ProgressEvent =
  | { readonly type: "sending"; readonly step: string; readonly summary: string }
  | { readonly type: "sent"; readonly step: string; readonly reference: string }
  | { readonly type: "resumed"; readonly step: string; readonly reference: string }
  | { readonly type: "done"; readonly step: string; readonly effect: Json }
  | { readonly type: "warning"; readonly step: string; readonly message: string }
  | {
      /** How far something long has come: "uploaded", 120 of 5000; without numbers, what is waited for. */
      readonly type: "advance";
      readonly step: string;
      readonly what: string;
      readonly done?: number;
      readonly total?: number;
    };

/** Told how far something long has come; see the event of that name. */
export type Advance = (what: string, done?: number, total?: number) => void;

/**
 * One capability, bound to one world: the live chain, or a copy of it. The same code runs on both.
 */
export interface Step {
  readonly kind: string;

  /**
   * Reads the present state. Never writes.
   * @param planned the step as it was planned, when this is the second look. It tells what to expect,
   * so that everything can be read in one round trip; what is read decides all the same.
   * @returns the facts that the plan rests on, and whatever else `decide` needs.
   */
  observe(intent: JsonObject, planned?: PlannedStep): Promise<Observation>;

  /**
   * Does what was planned, and nothing else.
   * @param looked what the runner has seen when it looked again just before.
   * @returns the real effects, one an action.
   */
  perform(step: PlannedStep, progress: Progress, looked?: Observation): Promise<Effects>;

  /**
   * Runs the plan on the copy that this step is bound to, and records the real effects there.
   * Throws when it is not bound to a copy.
   */
  rehearse(step: PlannedStep): Promise<Effects>;

  /** Reads back from outside whether what was expected is now true. Never writes. */
  verify(step: PlannedStep, effects: Effects): Promise<Verification>;

  /**
   * How what really happened differs from what the rehearsal showed; empty when it does not.
   * Reads the world, never writes.
   */
  compare(rehearsed: Effects, real: Effects): Promise<readonly string[]>;
}

/** What `observe` found: facts, and the pure function from there to a decision. */
export interface Observation {
  readonly facts: Facts;
  /** Pure: decides from what was observed. Throws an `EmergencyError` when it must refuse. */
  decide(): Decision;
}

/** The steps of one world, by kind. */
export type StepSet = ReadonlyMap<string, Step>;

/**
 * The differences between the facts a plan rests on and the facts of now.
 * @returns empty when nothing has changed.
 */
export function changedFacts(planned: Facts, now: Facts): readonly Difference[] {
  const names = new Set([...Object.keys(planned), ...Object.keys(now)]);
  const changes: Difference[] = [];
  for (const fact of names) {
    const before = planned[fact] ?? null;
    const after = now[fact] ?? null;
    if (before !== after) {
      changes.push({ fact, before, after });
    }
  }
  return changes;
}
