import { EmergencyError } from "../../errors.js";
import { mayHaveHappened } from "../lost-answer.js";
import type { Deployment, GraphNodeIndexer } from "./graph-node.js";

/** A node is asked so often while something is waited for. */
const POLL_MS = 1_000;

/** How long to wait before the node is asked again: not as long as the whole wait. */
export function pollMs({ settleMs }: Pick<GraphNodeIndexer, "settleMs">): number {
  return Math.min(POLL_MS, settleMs / 4);
}

/**
 * A deployment that must be there.
 * @throws EmergencyError UNKNOWN_VERSION
 */
export async function deploymentOf(
  { node, name }: Pick<GraphNodeIndexer, "node" | "name">,
  hash: string,
): Promise<Deployment> {
  const found = await node.deployment(hash);
  if (found === null) {
    throw new EmergencyError(
      "UNKNOWN_VERSION",
      `${node.place} has no deployment ${hash}`,
      `see what is there: npx hardhat indexer status --indexer ${name}`,
    );
  }
  return found;
}

/**
 * What queries to the subgraph get.
 * @throws EmergencyError UNKNOWN_VERSION when there is nothing.
 */
export async function currentOf({
  node,
  subgraph,
  name,
}: Pick<GraphNodeIndexer, "node" | "subgraph" | "name">): Promise<Deployment> {
  const { current } = await node.versions(subgraph);
  if (current === null) {
    throw new EmergencyError(
      "UNKNOWN_VERSION",
      `${node.place} has no version of "${subgraph}"`,
      `correct emergency.indexers.${name}.graphNode.subgraph, or deploy one with graph deploy`,
    );
  }
  return current;
}

/**
 * Pauses or resumes a deployment, and reads it back. The order is sent once; when its answer is lost, the node is
 * asked what became of it.
 */
export async function switchPause(
  { node }: Pick<GraphNodeIndexer, "node">,
  hash: string,
  paused: boolean,
): Promise<void> {
  try {
    await (paused ? node.pause(hash) : node.resume(hash));
  } catch (error) {
    if (!mayHaveHappened(error) || (await node.deployment(hash))?.paused !== paused) {
      throw error;
    }
  }
}

/**
 * Waits until a pause holds. graph-node notes the order at once and stops later, and says nowhere that it has:
 * so it must be noted, and for long enough no block may have been indexed.
 * @returns the deployment as it stands still.
 * @throws EmergencyError PAUSE_NOT_CONFIRMED
 */
export async function confirmPaused(
  indexer: GraphNodeIndexer,
  hash: string,
  tell: (what: string) => void,
): Promise<Deployment> {
  const { node, dryRun, settleMs, waitMs, now, wait } = indexer;
  const startedMs = now();
  let still = { block: -1, sinceMs: startedMs };
  tell(`until no block has been indexed for ${settleMs / 1000} s`);
  for (;;) {
    const found = await deploymentOf(indexer, hash);
    const ms = now();
    const block = found.latest?.number ?? 0;
    if (found.paused === true && dryRun) {
      return found;
    }
    if (block !== still.block || found.paused !== true) {
      still = { block, sinceMs: ms };
    } else if (ms - still.sinceMs >= settleMs) {
      return found;
    }
    if (ms - startedMs >= Math.max(waitMs, 2 * settleMs)) {
      throw new EmergencyError(
        "PAUSE_NOT_CONFIRMED",
        found.paused === true
          ? `${hash} was paused, and still indexes: it is at block ${block}`
          : `${hash} was told to pause, and ${node.place} does not say that it is`,
        "see in graph-node's log which node indexes it and whether that node runs; it stays paused until it is resumed",
      );
    }
    await wait(pollMs(indexer));
  }
}
