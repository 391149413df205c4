import { candidateOf } from "../indexer/graph-node/promote-step.js";
import { lookAtGraphNode } from "../indexer/graph-node/status.js";
import { lookAtHosted } from "../indexer/hosted/status.js";
import {
  waitForSubgraph,
  waitUntilFit,
  type SubgraphStatus,
  type Waited,
} from "../indexer/subgraph-status.js";
import type { Indexers } from "./indexer-place.js";

/**
 * How a subgraph is, on a graph-node or at a host.
 * @param tell told what is waited for; undefined: nothing is.
 */
export async function statusOfSubgraph(
  name: string,
  { config, liveOthers }: Pick<Indexers, "config" | "liveOthers">,
  tell: ((what: string) => void) | undefined,
): Promise<SubgraphStatus> {
  const { waits, look } = await opened();
  return tell === undefined ? await look() : await waitForSubgraph(waits, look, tell);

  async function opened(): Promise<{
    readonly waits: Waited;
    readonly look: () => Promise<SubgraphStatus>;
  }> {
    if (config(name).graphNode === undefined) {
      const hosted = await liveOthers.hosted(name);
      return { waits: hosted, look: async () => await lookAtHosted(hosted) };
    }
    const indexer = await liveOthers.graphNode(name);
    return { waits: indexer, look: async () => await lookAtGraphNode(indexer) };
  }
}

/**
 * Waits until a version of a subgraph can be served, or will not be fit for it by itself.
 * @param to its label, its IPFS hash, or the name that it has at a host.
 */
export async function waitForVersion(
  name: string,
  { config, liveOthers }: Pick<Indexers, "config" | "liveOthers">,
  to: string,
  tell: (what: string) => void,
): Promise<void> {
  if (config(name).graphNode === undefined) {
    const hosted = await liveOthers.hosted(name);
    const look = async () => ({
      candidate: await hosted.host.version(to),
      served: await hosted.host.served(),
    });
    await waitUntilFit(hosted, look, tell);
    return;
  }
  const indexer = await liveOthers.graphNode(name);
  const look = async () => ({
    candidate: await candidateOf(indexer, to),
    served: (await indexer.node.versions(indexer.subgraph)).current,
  });
  await waitUntilFit(indexer, look, tell);
}
