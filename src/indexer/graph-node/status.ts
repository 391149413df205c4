import { judged, named, type SubgraphStatus } from "../subgraph-status.js";
import type { GraphNodeIndexer } from "./graph-node.js";

/** How a subgraph on a graph-node is now. */
export async function lookAtGraphNode({
  name,
  node,
  subgraph,
}: GraphNodeIndexer): Promise<SubgraphStatus> {
  const { current, pending } = await node.versions(subgraph);
  return {
    indexer: name,
    place: node.place,
    subgraph,
    ...judged(current),
    version: current === null ? null : named("current", current),
    others: pending === null ? [] : [named("next", pending)],
  };
}
