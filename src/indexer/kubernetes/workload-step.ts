import type { z } from "zod";

import { canonicalJson, type Json, type JsonObject } from "../../json.js";
import { parseIntent } from "../../parse-intent.js";
import type {
  Decision,
  Effects,
  Facts,
  Observation,
  PlannedStep,
  Progress,
  Step,
  Verification,
} from "../../step.js";
import type { Indexer, IndexerBook } from "../indexer.js";

/** How something was read back: what was seen, and what is not as it should be. */
export interface ReadBack {
  readonly evidence: readonly string[];
  readonly problem?: string;
}

/** Tells what is waited for. */
export type Tell = (what: string) => void;

/**
 * One way to change a workload: what is looked at, what follows from it, and how it is done and read back.
 * `Seen` is what a look has found.
 */
export interface WorkloadChange<Intent extends { readonly indexer: string }, Seen> {
  readonly kind: string;
  readonly intent: z.ZodType<Intent, z.ZodTypeDef, unknown>;
  look(indexer: Indexer, intent: Intent): Promise<Seen>;
  /** What the decision rests on, and only that: a plan is refused when it has changed. */
  facts(seen: Seen, intent: Intent): Facts;
  /** Pure. */
  decide(indexer: Indexer, intent: Intent, seen: Seen): Decision;
  /** One write for each of the decision's actions, in their order; each gives its effect. */
  writes(
    indexer: Indexer,
    intent: Intent,
    seen: Seen,
    tell: Tell,
  ): readonly (() => Promise<JsonObject>)[];
  /** Waits until it has come about. Never writes, and never asked of a cluster that keeps nothing. */
  readBack(indexer: Indexer, intent: Intent, tell: Tell): Promise<ReadBack>;
}

/** "Deployment api". */
export function titleOf({ workload: { kind, name } }: Pick<Indexer, "workload">): string {
  return `${kind} ${name}`;
}

/** A decision to do nothing. */
export function nothingToDo(title: string, notes: readonly string[] = []): Decision {
  const inverse = { none: "nothing is done" };
  return { title, actions: [], expected: [], outputs: {}, inverse, notes };
}

/**
 * The life of a step that changes one workload. The rehearsal is the API server's own dry run: it does
 * everything up to keeping the result, admission and validation included.
 */
export class WorkloadStep<Intent extends { readonly indexer: string }, Seen> implements Step {
  readonly kind: string;
  readonly #change: WorkloadChange<Intent, Seen>;
  readonly #indexers: IndexerBook;
  readonly #seen = new WeakMap<Observation, Seen>();
  /** What came of the wait that follows the writes, by the step's id. */
  readonly #waited = new Map<string, ReadBack>();

  constructor(change: WorkloadChange<Intent, Seen>, indexers: IndexerBook) {
    this.kind = change.kind;
    this.#change = change;
    this.#indexers = indexers;
  }

  async observe(raw: JsonObject): Promise<Observation> {
    const { indexer, intent } = await this.#open(raw);
    const seen = await this.#change.look(indexer, intent);
    const observation: Observation = {
      facts: this.#change.facts(seen, intent),
      decide: () => this.#change.decide(indexer, intent, seen),
    };
    this.#seen.set(observation, seen);
    return observation;
  }

  async perform(step: PlannedStep, progress: Progress, looked?: Observation): Promise<Effects> {
    const { indexer, intent } = await this.#open(step.intent);
    const seen =
      (looked === undefined ? undefined : this.#seen.get(looked)) ??
      (await this.#change.look(indexer, intent));
    const tell: Tell = (what) => {
      progress({ type: "advance", step: step.id, what });
    };
    const effects: Json[] = [];
    const writes = this.#change.writes(indexer, intent, seen, tell);
    for (const [index, action] of step.actions.entries()) {
      progress({ type: "sending", step: step.id, summary: action.summary });
      const effect = await writes[index]?.();
      if (effect !== undefined) {
        effects.push(effect);
        progress({ type: "done", step: step.id, effect });
      }
    }
    if (!indexer.cluster.dryRun) {
      this.#waited.set(step.id, await this.#change.readBack(indexer, intent, tell));
    }
    return { actions: effects };
  }

  async rehearse(step: PlannedStep): Promise<Effects> {
    const { indexer } = await this.#open(step.intent);
    if (!indexer.cluster.dryRun) {
      throw new TypeError("only a dry run is rehearsed on");
    }
    return await this.perform(step, () => undefined);
  }

  async verify(step: PlannedStep): Promise<Verification> {
    const { indexer, intent } = await this.#open(step.intent);
    if (indexer.cluster.dryRun) {
      return { verified: true, evidence: ["the API server would accept it"] };
    }
    const found =
      this.#waited.get(step.id) ?? (await this.#change.readBack(indexer, intent, () => undefined));
    return { ...found, verified: found.problem === undefined };
  }

  async compare(rehearsed: Effects, real: Effects): Promise<readonly string[]> {
    const [wanted, got] = [rehearsed, real].map(({ actions }) => canonicalJson(actions));
    return await Promise.resolve(
      wanted === got ? [] : ["what was done is not what the dry run has shown"],
    );
  }

  async #open(raw: JsonObject): Promise<{ readonly indexer: Indexer; readonly intent: Intent }> {
    const intent = parseIntent(this.kind, this.#change.intent, raw);
    return { indexer: await this.#indexers(intent.indexer), intent };
  }
}
