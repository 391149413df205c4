import { EmergencyError } from "../errors.js";
import type { HelmBook } from "../indexer/helm/helm-release.js";
import type { IndexerBook } from "../indexer/indexer.js";

/**
 * The workload by whose marks the owners of an indexer are known: its own, or where it is a Helm release, the
 * first one in that.
 */
export function ownedWorkloads(workloads: IndexerBook, helm: HelmBook): IndexerBook {
  return async (name) => {
    try {
      return await workloads(name);
    } catch (error) {
      if (!(error instanceof EmergencyError) || error.code !== "BAD_CONFIG") {
        throw error;
      }
      const release = await helm(name).catch((): never => {
        throw error;
      });
      const { asIndexer, readRevisions, workloadsIn } =
        await import("../indexer/helm/helm-release.js");
      const { readManifest } = await import("../indexer/helm/manifest.js");
      const { newest } = await readRevisions(release);
      const objects = await readManifest(newest.manifest, `revision ${newest.number}`);
      const [first] = workloadsIn(release.cluster, objects);
      if (first === undefined) {
        throw new EmergencyError(
          "UNKNOWN_WORKLOAD",
          `Helm release ${release.release} has no Deployment, StatefulSet or DaemonSet by which its owners could be known`,
          `name one in hardhat.config.ts: emergency.indexers.${name}.kubernetes = { name, namespace }`,
        );
      }
      return asIndexer(release, first.workload);
    }
  };
}
