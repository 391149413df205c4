import type { EmergencyIndexerConfig } from "../config/types.js";
import { EmergencyError } from "../errors.js";
import type { GraphNodeBook, GraphNodeIndexer } from "../indexer/graph-node/graph-node.js";
import type { HostedBook, HostedIndexer } from "../indexer/hosted/hosted.js";
import { once } from "../once.js";

type Configs = (name: string) => EmergencyIndexerConfig;

/** What an indexer has wherever it runs. */
type Common = (name: string) => Pick<GraphNodeIndexer, "waitMs" | "wait">;

/**
 * The subgraphs on graph-nodes, each opened when it is first asked for.
 * @param root of the project; graphman runs there.
 * @param dryRun whether what is tried is only remembered.
 */
export function graphNodeBook(
  config: Configs,
  root: string,
  dryRun: boolean,
  common: Common,
): GraphNodeBook {
  return remembered(async (name): Promise<GraphNodeIndexer> => {
    const { graphNode } = config(name);
    if (graphNode === undefined) {
      throw new EmergencyError(
        "BAD_CONFIG",
        `indexer "${name}" is no subgraph on a graph-node`,
        `describe it in hardhat.config.ts: emergency.indexers.${name}.graphNode = { subgraph, status, admin }`,
      );
    }
    const { openGraphNode } = await import("../indexer/graph-node/open-graph-node.js");
    return openGraphNode(name, graphNode, root, common(name), dryRun);
  });
}

/**
 * The subgraphs at hosts, each opened when it is first asked for.
 * @param dryRun whether what is tried is only remembered.
 */
export function hostedBook(config: Configs, dryRun: boolean, common: Common): HostedBook {
  return remembered(async (name): Promise<HostedIndexer> => {
    const { hosted } = config(name);
    if (hosted === undefined) {
      throw new EmergencyError(
        "BAD_CONFIG",
        `indexer "${name}" is hosted neither at Goldsky nor at Alchemy`,
        `describe it in hardhat.config.ts: emergency.indexers.${name}.goldsky = { subgraph, tag, token }`,
      );
    }
    const { openHosted } = await import("../indexer/hosted/open-hosted.js");
    return openHosted(name, hosted, common(name), dryRun);
  });
}

function remembered<T>(open: (name: string) => Promise<T>): (name: string) => Promise<T> {
  const opened = new Map<string, () => Promise<T>>();
  return async (name) => {
    const found = opened.get(name) ?? once(async () => await open(name));
    opened.set(name, found);
    return await found();
  };
}
