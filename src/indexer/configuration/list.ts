import type { Indexer } from "../indexer.js";
import { readHistory } from "../kubernetes/history.js";
import { versionHash } from "../kubernetes/template.js";
import { titleOf as titleOfWorkload } from "../kubernetes/workload-step.js";
import { referencesOf, titleOf, type ConfigurationReference } from "./references.js";
import { readSnapshots, type Snapshot } from "./snapshots.js";

/** The snapshots of a workload's configuration, oldest first. Names only. */
export interface SnapshotList {
  readonly indexer: string;
  readonly place: string;
  /** "Deployment api". */
  readonly workload: string;
  /** What the present revision reads. */
  readonly reads: readonly ConfigurationReference[];
  readonly snapshots: readonly (Omit<Snapshot, "record" | "objects" | "template" | "revision"> & {
    /** The revision that has this template now; null when it is gone. */
    readonly revision: number | null;
    readonly present: boolean;
    readonly objects: readonly string[];
  })[];
}

/** @throws EmergencyError UNKNOWN_WORKLOAD, and what every question to a cluster throws. */
export async function listSnapshots(indexer: Indexer): Promise<SnapshotList> {
  const { cluster, name } = indexer;
  const { workload, revisions } = await readHistory(cluster, indexer.workload);
  const now = versionHash(workload.spec.template);
  return {
    indexer: name,
    place: cluster.place,
    workload: titleOfWorkload(indexer),
    reads: referencesOf(workload.spec.template),
    snapshots: (await readSnapshots(cluster, workload)).map((snapshot) => {
      const { number, why, at, by, objects, template } = snapshot;
      const revision = revisions.findLast((each) => versionHash(each.template) === template);
      return {
        ...{ number, why, at, by },
        revision: revision?.number ?? null,
        present: template === now,
        objects: objects.map(titleOf),
      };
    }),
  };
}
