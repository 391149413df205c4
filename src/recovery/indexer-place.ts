import { hostname, userInfo } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";

import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import type { EmergencyIndexerConfig } from "../config/types.js";
import { EmergencyError } from "../errors.js";
import type { Indexer } from "../indexer/indexer.js";
import { openCluster } from "../indexer/kubernetes/open-cluster.js";

/** Kubernetes starts a container that crashes again after 10, 20 and 40 seconds: once more may help, thrice not. */
const PATIENCE_MS = 30_000;

/** A configured indexer, and how it is configured. */
export interface ConfiguredIndexer {
  readonly indexer: Indexer;
  readonly config: EmergencyIndexerConfig;
}

/**
 * The indexer of a name; without one, the only one.
 * @throws EmergencyError UNKNOWN_INDEXER, BAD_CONFIG
 */
export async function openIndexer(
  hre: Pick<HardhatRuntimeEnvironment, "config">,
  name: string | undefined,
): Promise<ConfiguredIndexer> {
  const { indexers } = hre.config.emergency;
  const names = Object.keys(indexers);
  const chosen = name ?? (names.length === 1 ? names[0] : undefined);
  const config = chosen === undefined ? undefined : indexers[chosen];
  if (chosen === undefined || config === undefined) {
    const all = names.join(", ");
    throw new EmergencyError(
      "UNKNOWN_INDEXER",
      name === undefined
        ? `there are ${names.length} indexers, and none is named`
        : `no indexer "${name}" is configured`,
      all === ""
        ? "describe it in hardhat.config.ts: emergency.indexers.api = { kubernetes: { name, namespace } }"
        : `name one of these with --indexer: ${all}`,
    );
  }
  const { kind, name: workload, namespace, context, kubeconfig } = config.kubernetes;
  const file =
    kubeconfig === undefined ? undefined : path.resolve(hre.config.paths.root, kubeconfig);
  const indexer: Indexer = {
    name: chosen,
    cluster: await openCluster({ kubeconfig: file, context, namespace }),
    workload: { kind, name: workload },
    waitMs: config.waitSeconds * 1000,
    patienceMs: PATIENCE_MS,
    by: `${userInfo().username}@${hostname()}`,
    now: () => new Date(),
    wait: async (milliseconds) => {
      await wait(milliseconds);
    },
  };
  return { indexer, config };
}
