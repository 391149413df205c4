import type { z } from "zod";

import { isRecord, type JsonObject } from "../json.js";
import { parseIntent } from "../parse-intent.js";
import type {
  Action,
  Decision,
  Effects,
  Facts,
  Observation,
  PlannedStep,
  Progress,
  Step,
  Verification,
} from "../step.js";

/** Tells what is waited for. */
export type Tell = (what: string) => void;

/**
 * One way to change a subgraph, on a graph-node or at a host: what is looked at, what follows from it, and how
 * it is done and read back. `World` is the indexer, `Seen` what a look has found.
 */
export interface SubgraphChange<World, Intent extends { readonly indexer: string }, Seen> {
  readonly kind: string;
  readonly intent: z.ZodType<Intent, z.ZodTypeDef, unknown>;
  look(world: World, intent: Intent): Promise<Seen>;
  /** What the decision rests on, and only that: not how far the indexing is, which changes while one looks. */
  facts(seen: Seen): Facts;
  /** Pure. */
  decide(world: World, intent: Intent, seen: Seen): Decision;
  /** Does one of the decision's actions; what it returns goes into the report. */
  act(world: World, seen: Seen, action: Action, tell: Tell): Promise<JsonObject>;
  /** Waits until it has come about. Never writes. */
  readBack(
    world: World,
    intent: Intent,
    step: PlannedStep,
    tell: Tell,
    effects: Effects,
  ): Promise<Verification>;
}

/** Whether an indexer is one that keeps nothing. */
interface MayBeDry {
  readonly dryRun: boolean;
}

/**
 * The life of a step that changes a subgraph. No such server has a dry run: the rehearsal looks at everything
 * that the step looks at, and sends nothing.
 */
export class SubgraphStep<
  World extends MayBeDry,
  Intent extends { readonly indexer: string },
  Seen,
> implements Step {
  readonly kind: string;
  readonly #change: SubgraphChange<World, Intent, Seen>;
  readonly #book: (name: string) => Promise<World>;
  readonly #seen = new WeakMap<Observation, Seen>();
  /** Whom to tell while a step is read back: the runner gives no `Progress` then. */
  readonly #tells = new Map<string, Tell>();

  constructor(change: SubgraphChange<World, Intent, Seen>, book: (name: string) => Promise<World>) {
    this.kind = change.kind;
    this.#change = change;
    this.#book = book;
  }

  async observe(raw: JsonObject): Promise<Observation> {
    const { world, intent } = await this.#open(raw);
    const seen = await this.#change.look(world, intent);
    const observation: Observation = {
      facts: this.#change.facts(seen),
      decide: () => this.#change.decide(world, intent, seen),
    };
    this.#seen.set(observation, seen);
    return observation;
  }

  async perform(step: PlannedStep, progress: Progress, looked?: Observation): Promise<Effects> {
    const { world } = await this.#open(step.intent);
    const observation = looked ?? (await this.observe(step.intent));
    const seen = this.#seen.get(observation);
    if (seen === undefined) {
      throw new TypeError("the step was not looked at");
    }
    const tell: Tell = (what) => {
      progress({ type: "advance", step: step.id, what });
    };
    this.#tells.set(step.id, tell);
    const actions: JsonObject[] = [];
    for (const action of step.actions) {
      progress({ type: "sending", step: step.id, summary: action.summary });
      const did = await this.#change.act(world, seen, action, tell);
      const effect = { did: action.summary, ...did };
      progress({ type: "done", step: step.id, effect });
      actions.push(effect);
    }
    return { actions };
  }

  async rehearse(step: PlannedStep): Promise<Effects> {
    const { world } = await this.#open(step.intent);
    if (!world.dryRun) {
      throw new TypeError("only what keeps nothing is rehearsed on");
    }
    return await this.perform(step, () => undefined);
  }

  async verify(step: PlannedStep, effects: Effects): Promise<Verification> {
    const { world, intent } = await this.#open(step.intent);
    if (world.dryRun) {
      const evidence = ["the server has no dry run: what is there was looked at, and nothing sent"];
      return { verified: true, evidence };
    }
    const tell = this.#tells.get(step.id) ?? (() => undefined);
    return await this.#change.readBack(world, intent, step, tell, effects);
  }

  async compare(rehearsed: Effects, real: Effects): Promise<readonly string[]> {
    const [wanted, got] = [rehearsed, real].map(({ actions }) =>
      actions
        .map((action) => (isRecord(action) && typeof action.did === "string" ? action.did : ""))
        .join("; "),
    );
    return await Promise.resolve(
      wanted === got ? [] : [`the rehearsal would ${wanted ?? ""}, and ${got ?? ""} was done`],
    );
  }

  async #open(raw: JsonObject): Promise<{ world: World; intent: Intent }> {
    const intent = parseIntent(this.kind, this.#change.intent, raw);
    return { world: await this.#book(intent.indexer), intent };
  }
}

/** A text that an action carries. */
export function textIn(action: Action, field: string): string {
  const text = action[field];
  if (typeof text !== "string") {
    throw new TypeError(`an action "${action.type}" has a ${field}`);
  }
  return text;
}

/** A decision to do nothing. */
export function nothingToDo(title: string, notes: readonly string[] = []): Decision {
  const inverse = { none: "nothing is done" };
  return { title, actions: [], expected: [], outputs: {}, inverse, notes };
}
