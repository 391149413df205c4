import { judged, named, type SubgraphStatus } from "../subgraph-status.js";
import type { HostedIndexer } from "./hosted.js";

/** How a hosted subgraph is now. */
export async function lookAtHosted({ name, host }: HostedIndexer): Promise<SubgraphStatus> {
  const served = await host.served();
  return {
    indexer: name,
    place: host.place,
    subgraph: host.place,
    ...judged(served),
    version: served === null ? null : named(served.version ?? "live", served),
    others: [],
  };
}
