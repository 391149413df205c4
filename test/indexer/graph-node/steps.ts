import { setTimeout as wait } from "node:timers/promises";

import { plainSecrets } from "../../../src/config/sensitive.js";
import { resolveGraphNode } from "../../../src/config/indexers/subgraph-resolve.js";
import type { EmergencyGraphNodeUserConfig } from "../../../src/config/types.js";
import type { GraphNodeIndexer } from "../../../src/indexer/graph-node/graph-node.js";
import type { Graphman } from "../../../src/indexer/graph-node/graphman.js";
import { openGraphNode } from "../../../src/indexer/graph-node/open-graph-node.js";
import { GRAPH_NODE_STEPS } from "../../../src/indexer/graph-node/kinds.js";
import { graphNodeStep } from "../../../src/indexer/graph-node/steps.js";
import type { JsonObject } from "../../../src/json.js";
import type { IndexerWorld, Plan } from "../../../src/recovery/plan.js";
import { makePlan, performPlan, rehearsePlan, type RunResult } from "../../../src/recovery/run.js";
import type { StepSet } from "../../../src/step.js";
import { repository } from "../../helpers/repository.js";

/**
 * An indexer at a stand-in, whose waits are short.
 * @param graphman in place of the program, which takes longer to start than all the rest.
 */
export function indexerAt(
  config: EmergencyGraphNodeUserConfig,
  dryRun = false,
  graphman?: Graphman,
): GraphNodeIndexer {
  const waits = {
    waitMs: 2_000,
    wait: async (milliseconds: number) => {
      await wait(Math.min(milliseconds, 5));
    },
  };
  const resolved = resolveGraphNode(config, plainSecrets);
  const indexer = openGraphNode("market", resolved, repository, waits, dryRun);
  return graphman === undefined ? indexer : { ...indexer, graphman };
}

function stepsAt(
  config: EmergencyGraphNodeUserConfig,
  dryRun = false,
  graphman?: Graphman,
): StepSet {
  const indexer = indexerAt(config, dryRun, graphman);
  const book = async (): Promise<GraphNodeIndexer> => await Promise.resolve(indexer);
  const steps = GRAPH_NODE_STEPS.map((kind) => graphNodeStep(kind, book));
  return new Map(steps.map((step) => [step.kind, step]));
}

/** Plans one step as a command would. */
export async function plan(
  config: EmergencyGraphNodeUserConfig,
  kind: string,
  intent: JsonObject,
  graphman?: Graphman,
): Promise<Plan<IndexerWorld>> {
  return await makePlan(
    "indexer",
    [{ id: "step", kind, intent: { indexer: "market", ...intent } }],
    stepsAt(config, false, graphman),
    async () => await Promise.resolve({ indexer: "market", place: "a stand-in" }),
    async () => await Promise.resolve(stepsAt(config, true, graphman)),
  );
}

/** Rehearses a plan as a command would. */
export async function rehearse(
  config: EmergencyGraphNodeUserConfig,
  planned: Plan<IndexerWorld>,
): Promise<Plan<IndexerWorld>> {
  return await rehearsePlan(planned, stepsAt(config, true), null);
}

/** Performs a plan as a command would. */
export async function perform(
  config: EmergencyGraphNodeUserConfig,
  planned: Plan<IndexerWorld>,
  graphman?: Graphman,
): Promise<RunResult> {
  const steps = stepsAt(config, false, graphman);
  return await performPlan(planned, steps, () => undefined, Date.now);
}

/** Plans and performs one step. */
export async function run(
  config: EmergencyGraphNodeUserConfig,
  kind: string,
  intent: JsonObject,
  graphman?: Graphman,
): Promise<RunResult> {
  return await perform(config, await plan(config, kind, intent, graphman), graphman);
}
