import { lookAtGraphNode } from "../indexer/graph-node/status.js";
import { lookAtHosted } from "../indexer/hosted/status.js";
import { waitForSubgraph, type SubgraphStatus, type Waited } from "../indexer/subgraph-status.js";
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
