import { z } from "zod";

import type { Verification } from "../../step.js";
import { nothingToDo, SubgraphStep, type SubgraphChange, type Tell } from "../subgraph-step.js";
import { failureOf, progressOf } from "../version-state.js";
import { EmergencyError } from "../../errors.js";
import type { Deployment, GraphNodeBook, GraphNodeIndexer } from "./graph-node.js";
import { confirmPaused, currentOf, deploymentOf, pollMs, switchPause } from "./settle.js";

const pauseIntent = z
  .object({
    indexer: z.string(),
    /** Default: the one that queries get. */
    deployment: z.string().optional(),
  })
  .strict();

type Intent = z.infer<typeof pauseIntent>;

/**
 * Pauses a deployment and waits until it stands still, or resumes it and waits until it goes on. Queries are
 * answered all the while, from the block that it stands at.
 */
export function graphNodePauseStep(
  what: "pause" | "resume",
  book: GraphNodeBook,
): SubgraphStep<GraphNodeIndexer, Intent, Deployment> {
  return new SubgraphStep(change(what), book);
}

function change(what: "pause" | "resume"): SubgraphChange<GraphNodeIndexer, Intent, Deployment> {
  const paused = what === "pause";
  return {
    kind: `graph-node-${what}`,
    intent: pauseIntent,
    look: async (indexer, { deployment }) =>
      deployment === undefined ? await currentOf(indexer) : await deploymentOf(indexer, deployment),
    facts: (found) => ({
      deployment: found.deployment,
      paused: found.paused,
      assigned: found.assigned,
    }),
    decide({ name, subgraph, node }, _intent, found) {
      const { deployment: hash } = found;
      if (!found.assigned) {
        throw unassigned(hash);
      }
      if (found.paused === paused) {
        return nothingToDo(`${subgraph} is ${paused ? "paused" : "not paused"} (${hash})`);
      }
      const lacking = node.lacks("pause");
      if (lacking !== undefined) {
        throw lacking;
      }
      return {
        title: `${what} ${subgraph}`,
        actions: [{ type: `graph-node-${what}`, summary: `${what} ${hash}`, deployment: hash }],
        expected: [{ fact: "paused", before: !paused, after: paused }],
        outputs: { deployment: hash },
        inverse: {
          kind: paused ? "graph-node-resume" : "graph-node-pause",
          intent: { indexer: name, deployment: hash },
        },
        notes: [`it ${progressOf(found)}`],
      };
    },
    async act(indexer, found) {
      await switchPause(indexer, found.deployment, paused);
      return {};
    },
    async readBack(indexer, { deployment }, _step, tell) {
      const hash = deployment ?? (await currentOf(indexer)).deployment;
      return paused
        ? await readPaused(indexer, hash, tell)
        : await readResumed(indexer, hash, tell);
    },
  };
}

/** Nobody indexes it, so that it can neither be paused nor resumed. */
function unassigned(hash: string): EmergencyError {
  return new EmergencyError(
    "UNKNOWN_VERSION",
    `no node has the task of indexing ${hash}`,
    `give it to one: graphman reassign ${hash} <node>`,
  );
}

/** Waits until it stands still. Also for one that was paused before: whoever paused it may have been killed. */
async function readPaused(
  indexer: GraphNodeIndexer,
  hash: string,
  tell: Tell,
): Promise<Verification> {
  try {
    const found = await confirmPaused(indexer, hash, tell);
    return { verified: true, evidence: [`${hash} is paused and ${progressOf(found)}`] };
  } catch (error) {
    if (error instanceof EmergencyError && error.code === "PAUSE_NOT_CONFIRMED") {
      return { verified: false, evidence: [], problem: `${error.what}: ${error.next}` };
    }
    throw error;
  }
}

/** Waits until it indexes a block, is at the chain's head, or has failed. */
async function readResumed(
  indexer: GraphNodeIndexer,
  hash: string,
  tell: Tell,
): Promise<Verification> {
  const startedMs = indexer.now();
  const first = await deploymentOf(indexer, hash);
  for (let found = first; ; found = await deploymentOf(indexer, hash)) {
    if (found.paused !== false) {
      return { verified: false, evidence: [], problem: `somebody has paused ${hash} since` };
    }
    if (found.health === "failed") {
      return { verified: false, evidence: [`${hash} is resumed`], problem: failureOf(found) };
    }
    const at = found.latest?.number ?? -1;
    if (at > (first.latest?.number ?? -1) || (found.head !== null && at >= found.head)) {
      return { verified: true, evidence: [`${hash} is resumed and ${progressOf(found)}`] };
    }
    if (indexer.now() - startedMs >= indexer.waitMs) {
      return {
        verified: false,
        evidence: [`${hash} is resumed`],
        problem: `it has indexed nothing since: it ${progressOf(found)}. See in graph-node's log why`,
      };
    }
    tell("until it indexes a block");
    await indexer.wait(pollMs(indexer));
  }
}
