import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";

import { openDatabase } from "../../../src/indexer/ponder/pg-database.js";
import type { PonderIndexer } from "../../../src/indexer/ponder/ponder-indexer.js";
import { PonderPromoteStep } from "../../../src/indexer/ponder/promote-step.js";
import { isRecord, type JsonObject } from "../../../src/json.js";
import type { Plan, SiteWorld } from "../../../src/recovery/plan.js";
import { makePlan, performPlan, rehearsePlan, type RunResult } from "../../../src/recovery/run.js";
import type { StepSet } from "../../../src/step.js";

/** The views' schema wherever a test does not need another. */
export const VIEWS = "api";

const WORLD: SiteWorld = { frontend: "none", place: "a test" };

/** The Ponder app in a database. */
export async function ponderIn(
  url: string,
  changes: Partial<PonderIndexer> = {},
): Promise<PonderIndexer> {
  return {
    name: "api",
    database: await openDatabase(url, "emergency.indexers.api.ponder.database"),
    views: VIEWS,
    url: undefined,
    maxBehind: 5,
    waitMs: 5_000,
    dryRun: false,
    by: "a test",
    now: () => new Date(),
    wait: async (milliseconds) => {
      await wait(milliseconds);
    },
    unique: randomUUID,
    get: async (address) => (await fetch(address)).status,
    ...changes,
  };
}

function stepsOf(ponder: PonderIndexer): StepSet {
  const step = new PonderPromoteStep(async () => await Promise.resolve(ponder));
  return new Map([[step.kind, step]]);
}

/** Plans to point the views at a schema. */
export async function planned(
  ponder: PonderIndexer,
  schema: string,
  more: JsonObject = {},
): Promise<Plan<SiteWorld>> {
  const request = {
    id: "promote",
    kind: "ponder-promote",
    intent: { indexer: ponder.name, schema, ...more },
  };
  return await makePlan(
    "indexer promote",
    [request],
    stepsOf(ponder),
    async () => await Promise.resolve(WORLD),
    () => {
      throw new Error("one step builds on no other");
    },
  );
}

/** Performs a plan. */
export async function performed(ponder: PonderIndexer, plan: Plan<SiteWorld>): Promise<RunResult> {
  return await performPlan(plan, stepsOf(ponder), () => undefined, Date.now);
}

/** Rehearses a plan: the transaction is rolled back. */
export async function rehearsed(
  ponder: PonderIndexer,
  plan: Plan<SiteWorld>,
): Promise<Plan<SiteWorld>> {
  return await rehearsePlan(plan, stepsOf({ ...ponder, dryRun: true }), null);
}

/** Points the views at a schema, or fails the test. */
export async function promoted(
  ponder: PonderIndexer,
  schema: string,
  more: JsonObject = {},
): Promise<RunResult> {
  const result = await performed(ponder, await planned(ponder, schema, more));
  if (result.failure !== null || result.outcomes[0]?.verification?.verified !== true) {
    throw result.failure ?? new Error(JSON.stringify(result.outcomes));
  }
  return result;
}

/** How a promise was refused: code and words; fails when it was not. */
export async function refusalOf(
  attempt: Promise<unknown>,
): Promise<{ readonly code: string; readonly what: string; readonly next: string }> {
  const error = await attempt.then(
    (value) => new Error(`it was not refused: ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (
    isRecord(error) &&
    typeof error.code === "string" &&
    typeof error.what === "string" &&
    typeof error.next === "string"
  ) {
    return { code: error.code, what: error.what, next: error.next };
  }
  throw error;
}
