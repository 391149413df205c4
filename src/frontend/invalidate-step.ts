import { z } from "zod";

import { EmergencyError } from "../errors.js";
import type { JsonObject } from "../json.js";
import { parseIntent } from "../parse-intent.js";
import type { Effects, Observation, PlannedStep, Progress, Step, Verification } from "../step.js";
import type { Edge } from "./cloudfront/edge.js";
import type { Site } from "./site.js";

const invalidateIntent = z
  .object({
    frontend: z.string(),
    /** Relative to the site's root; null: what is known that caches may still hold. */
    paths: z.array(z.string().min(1)).min(1).nullable(),
    /** Names this one change: the same again is asked for once. */
    reference: z.string().min(1),
  })
  .strict();

const invalidateAction = z.object({ paths: z.array(z.string()), reference: z.string() });

/** Lets caches forget what they hold: what an earlier run did not wait for, or what is named. */
export class FrontendInvalidateStep implements Step {
  readonly kind = "frontend-invalidate";
  readonly #site: Site;

  constructor(site: Site) {
    this.#site = site;
  }

  async observe(raw: JsonObject): Promise<Observation> {
    const intent = parseIntent(this.kind, invalidateIntent, raw);
    const edge = this.#edge();
    const pending = await this.#site.store.pending();
    const paths = intent.paths ?? pending?.paths ?? [];
    const plan = edge.plan(paths);
    return {
      facts: { "what caches may still hold": pending?.reference ?? null },
      decide: () => ({
        title: `invalidate what ${edge.place} holds`,
        actions:
          plan.paths.length === 0
            ? []
            : [
                {
                  type: "invalidate",
                  summary: `${plan.summary} in ${edge.place}, and wait until it is done`,
                  paths: [...plan.paths],
                  reference: intent.paths === null ? (pending?.reference ?? "") : intent.reference,
                },
              ],
        expected: [],
        outputs: {},
        inverse: { none: "caches fill themselves again" },
        notes:
          plan.paths.length === 0
            ? ["no cache is known to hold anything old; name paths with --paths to invalidate them"]
            : [],
      }),
    };
  }

  async perform(step: PlannedStep, progress: Progress): Promise<Effects> {
    const { store, by } = this.#site;
    const edge = this.#edge();
    const effects = [];
    for (const action of step.actions) {
      progress({ type: "sending", step: step.id, summary: action.summary });
      const { paths, reference } = invalidateAction.parse(action);
      const result = await edge.invalidate(paths, reference, (what) => {
        progress({ type: "advance", step: step.id, what });
      });
      if (result.completed) {
        await store.locked(by, async (writer) => {
          await writer.invalidated(reference);
        });
      }
      const effect = { did: "invalidate what caches hold", ...result };
      progress({ type: "done", step: step.id, effect });
      effects.push(effect);
    }
    return { actions: effects };
  }

  async rehearse(): Promise<Effects> {
    return await Promise.resolve({ actions: [{ did: "invalidate what caches hold" }] });
  }

  async verify(_step: PlannedStep, effects: Effects): Promise<Verification> {
    const pending = await this.#site.store.pending();
    const done = effects.actions.every(
      (effect) =>
        typeof effect === "object" &&
        effect !== null &&
        "completed" in effect &&
        effect.completed === true,
    );
    return pending === null && done
      ? { verified: true, evidence: ["no cache is known to hold anything old"] }
      : {
          verified: false,
          evidence: [],
          problem:
            "it is not known yet whether caches have forgotten it: type the same command again to wait for it",
        };
  }

  async compare(): Promise<readonly string[]> {
    return await Promise.resolve([]);
  }

  #edge(): Edge {
    const { edge, name } = this.#site;
    if (edge === null) {
      throw new EmergencyError(
        "BAD_ARGUMENTS",
        `no cache in front of ${name} is configured`,
        `name the distribution in hardhat.config.ts: emergency.frontends.${name}.cloudfront`,
      );
    }
    return edge;
  }
}
