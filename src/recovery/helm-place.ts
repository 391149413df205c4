import { hostname } from "node:os";
import path from "node:path";

import type { EmergencyIndexerConfig } from "../config/types.js";
import { EmergencyError } from "../errors.js";
import type { HelmBook, HelmRelease } from "../indexer/helm/helm-release.js";
import type { Indexer } from "../indexer/indexer.js";
import { openCluster } from "../indexer/kubernetes/open-cluster.js";
import { once } from "../once.js";

/**
 * The Helm releases of indexers, each opened when it is first asked for.
 * @param root the project's folder.
 * @param common what an indexer has wherever it runs.
 */
export function helmBook(
  config: (name: string) => EmergencyIndexerConfig,
  root: string,
  dryRun: boolean,
  common: (name: string) => Omit<Indexer, "workload" | "cluster">,
): HelmBook {
  const opened = new Map<string, () => Promise<HelmRelease>>();
  return async (name) => {
    const open = opened.get(name) ?? once(async () => await openRelease(name));
    opened.set(name, open);
    return await open();
  };

  async function openRelease(name: string): Promise<HelmRelease> {
    const { helm } = config(name);
    if (helm === undefined) {
      throw new EmergencyError(
        "BAD_CONFIG",
        `indexer "${name}" is no Helm release`,
        `describe it in hardhat.config.ts: emergency.indexers.${name}.helm = { release }`,
      );
    }
    const { helmProgram } = await import("../indexer/helm/program.js");
    const { driverOf } = await import("../indexer/helm/storage.js");
    const { release, program, namespace, context, kubeconfig } = helm;
    const file = kubeconfig === undefined ? undefined : path.resolve(root, kubeconfig);
    const cluster = await openCluster({ kubeconfig: file, context, namespace }, dryRun);
    const driver = driverOf(process.env.HELM_DRIVER);
    // Without a slash, it is found on PATH.
    const found = /[/\\]/.test(program) ? path.resolve(root, program) : program;
    return {
      ...common(name),
      cluster,
      release,
      driver,
      helm: helmProgram(found, cluster, driver),
      host: hostname(),
    };
  }
}
