import { z } from "zod";

import { canonicalJson, isRecord, type JsonObject } from "../../json.js";
import { parseIntent } from "../../parse-intent.js";
import type {
  Effects,
  Observation,
  PlannedStep,
  Progress,
  Step,
  Verification,
} from "../../step.js";
import { emptiedTables } from "./emptiness.js";
import { look } from "./look.js";
import { moveViews, type Sources } from "./move-views.js";
import { quotedIn } from "./names.js";
import type { PonderBook, PonderIndexer } from "./ponder-indexer.js";
import { describeCheckpoints } from "./progress.js";
import { ACCEPTABLE, decidePromotion, type Observed } from "./promote-decision.js";
import { readDeployment } from "./deployments.js";
import { readRelations } from "./relations.js";

const promoteIntent = z
  .object({
    indexer: z.string(),
    schema: z.string().min(1),
    accept: z.array(z.enum(ACCEPTABLE)).default([]),
  })
  .strict();

/**
 * Sends readers to another deployment of a Ponder app: the views that they read through are pointed at its tables,
 * all of them in one transaction, so that nobody ever sees an error, an empty table, or two deployments at once.
 *
 * The rehearsal is that same transaction, rolled back at its end. Readers may wait for it, as for the real one, for at
 * most a third of a second.
 */
export class PonderPromoteStep implements Step {
  readonly kind = "ponder-promote";
  readonly #apps: PonderBook;

  constructor(apps: PonderBook) {
    this.#apps = apps;
  }

  async observe(raw: JsonObject): Promise<Observation> {
    const { indexer, schema, accept } = parseIntent(this.kind, promoteIntent, raw);
    const ponder = await this.#apps(indexer);
    const observed = await observe(ponder, schema);
    return {
      facts: observed.look.facts,
      decide: () => decidePromotion(ponder, observed, accept),
    };
  }

  async perform(step: PlannedStep, progress: Progress): Promise<Effects> {
    const { indexer, schema } = parseIntent(this.kind, promoteIntent, step.intent);
    const ponder = await this.#apps(indexer);
    const [action] = step.actions;
    if (action === undefined) {
      return { actions: [] };
    }
    progress({ type: "sending", step: step.id, summary: action.summary });
    const views = await moveViews(ponder, schema, step.prior, (what) => {
      progress({ type: "advance", step: step.id, what });
    });
    const effect = { did: action.summary, views };
    progress({ type: "done", step: step.id, effect });
    return { actions: [effect] };
  }

  async rehearse(step: PlannedStep): Promise<Effects> {
    const { indexer } = parseIntent(this.kind, promoteIntent, step.intent);
    if (!(await this.#apps(indexer)).dryRun) {
      throw new TypeError("only what is rolled back is rehearsed on");
    }
    return await this.perform(step, () => undefined);
  }

  async verify(step: PlannedStep, effects: Effects): Promise<Verification> {
    const { indexer, schema } = parseIntent(this.kind, promoteIntent, step.intent);
    const ponder = await this.#apps(indexer);
    if (ponder.dryRun) {
      const seen = effects.actions.map(sourcesOf);
      const agreed = seen.every((views) => Object.values(views).every((from) => from === schema));
      const count = Object.keys(seen[0] ?? {}).length;
      return agreed
        ? {
            verified: true,
            evidence: [
              `inside the transaction, which was rolled back, ${count} views read from "${schema}", and their owner may`,
            ],
          }
        : { verified: false, evidence: [], problem: "not all views would read from there" };
    }
    return await readBack(ponder, schema);
  }

  async compare(rehearsed: Effects, real: Effects): Promise<readonly string[]> {
    const same = canonicalJson(rehearsed.actions) === canonicalJson(real.actions);
    return await Promise.resolve(
      same ? [] : ["the views do not all read from where the rehearsal has shown"],
    );
  }
}

async function observe(ponder: PonderIndexer, schema: string): Promise<Observed> {
  const { database, views, url } = ponder;
  const found = await database.session(async (session) => {
    const seen = await look(session, views, schema);
    // Whoever may not look into it is told so by the decision.
    const denied = seen.change.problems.some(({ kind }) => kind === "denied");
    const emptied = denied ? [] : await emptiedTables(session, seen.target, seen.change);
    return { look: seen, emptied };
  });
  const ready = url === undefined ? undefined : `${url}/ready`;
  return {
    ...found,
    ready:
      ready === undefined
        ? undefined
        : { url: ready, status: await ponder.get(ready).catch(() => undefined) },
  };
}

/** What readers get, on a connection of its own. */
async function readBack({ database, views }: PonderIndexer, schema: string): Promise<Verification> {
  return await database.session(async (session) => {
    const target = await readDeployment(session, schema);
    const wanted = [...target.tables, ...target.ownViews];
    const relations = await readRelations(session, views);
    const elsewhere = wanted.filter((name) => {
      const sources = relations.find((each) => each.name === name)?.sources ?? [];
      return sources.length !== 1 || sources[0]?.schema !== schema;
    });
    if (elsewhere.length > 0) {
      return {
        verified: false,
        evidence: [],
        problem: `these views do not read from "${schema}": ${elsewhere.join(", ")}. Somebody has changed them since, or a Ponder that was started with --views-schema has`,
      };
    }
    await session.query(
      wanted.map((name) => `SELECT FROM ${quotedIn(views, name)} LIMIT 1`).join(";\n"),
    );
    return {
      verified: true,
      evidence: [
        `${wanted.length} tables are read from "${schema}" (build ${target.buildId}): ${describeCheckpoints(target)}`,
      ],
    };
  });
}

function sourcesOf(effect: unknown): Sources {
  const views = isRecord(effect) && isRecord(effect.views) ? effect.views : {};
  return Object.fromEntries(Object.entries(views).map(([name, from]) => [name, String(from)]));
}
