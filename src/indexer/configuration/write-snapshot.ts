import { EmergencyError } from "../../errors.js";
import { canonicalJson } from "../../json.js";
import type { Indexer } from "../indexer.js";
import type { Cluster } from "../kubernetes/cluster.js";
import type { ClusterObject, Workload } from "../kubernetes/objects.js";
import { contentOf, objectNameOf, sameContent } from "./content.js";
import { copyBody, copyName, readCopy } from "./copies.js";
import type { ConfigurationName } from "./references.js";
import {
  BY_ANNOTATION,
  FIELD,
  SNAPSHOT_LABEL,
  recordName,
  type Snapshot,
  type SnapshotObject,
  type Why,
} from "./snapshots.js";

/** What a snapshot will hold. */
export interface NewSnapshot {
  readonly number: number;
  readonly template: string;
  readonly revision: number;
  readonly why: Why;
  /** With the object that was copied; null where an earlier copy holds the same, or there is no object. */
  readonly objects: readonly (SnapshotObject & { readonly source: ClusterObject | null })[];
}

/**
 * What a new snapshot would hold. Reads the newest copies, so that what has not changed is not copied again.
 * @param present what there is now; null where there is nothing.
 */
export async function planSnapshot(
  cluster: Cluster,
  workload: Workload,
  snapshots: readonly Snapshot[],
  about: Pick<NewSnapshot, "template" | "revision" | "why">,
  present: readonly (ConfigurationName & { readonly object: ClusterObject | null })[],
): Promise<NewSnapshot> {
  const objects = await Promise.all(
    present.map(async ({ kind, name, object }): Promise<NewSnapshot["objects"][number]> => {
      if (object === null) {
        return { kind, name, copy: null, source: null };
      }
      const newest = snapshots
        .flatMap((snapshot) =>
          snapshot.objects
            .filter((each) => each.kind === kind && each.name === name)
            .flatMap(({ copy }) => (copy === null ? [] : [{ snapshot, copy }])),
        )
        .at(-1);
      const known =
        newest === undefined
          ? undefined
          : await readCopy(cluster, newest.snapshot, { kind, name, copy: newest.copy }).catch(
              () => undefined,
            );
      return newest !== undefined &&
        known !== undefined &&
        sameContent(known.content, contentOf(kind, object))
        ? { kind, name, copy: newest.copy, source: null }
        : { kind, name, copy: copyName(workload, kind, object), source: object };
    }),
  );
  const number = (snapshots.at(-1)?.number ?? 0) + 1;
  return { ...about, number, objects };
}

/**
 * Writes a snapshot: the copies first, so that a list never names what is not there. Whatever is there already
 * is not written again.
 * @throws EmergencyError PRIOR_STATE_CHANGED when somebody else has taken one of the same number meanwhile.
 */
export async function writeSnapshot(
  { cluster, workload: { kind }, by }: Pick<Indexer, "cluster" | "workload" | "by">,
  workload: Workload,
  snapshot: NewSnapshot,
): Promise<void> {
  const owner = {
    apiVersion: "apps/v1",
    kind,
    name: workload.metadata.name,
    uid: workload.metadata.uid,
  };
  // Secrets first: whoever may not make those leaves nothing behind.
  const objects = [...snapshot.objects].sort((a, b) => (a.kind > b.kind ? -1 : 1));
  for (const { kind: own, name, copy, source } of objects) {
    if (copy === null || source === null) {
      continue;
    }
    const body = copyBody(own, name, copy, source, owner);
    const written = await cluster.create(objectNameOf({ kind: own, name: copy }), body);
    // A copy of the same version of the object holds the same.
    if ("refused" in written) {
      await readCopy(cluster, snapshot, { kind: own, name, copy });
    }
  }
  const name = recordName(workload, snapshot.number);
  const { template, revision, why } = snapshot;
  const text = canonicalJson({
    ...{ template, revision, why },
    objects: snapshot.objects.map(({ source: _source, ...object }) => object),
  });
  const written = await cluster.create(
    { apiVersion: "v1", plural: "configmaps" },
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: {
        name,
        labels: { [SNAPSHOT_LABEL]: workload.metadata.uid },
        annotations: { [BY_ANNOTATION]: by },
        ownerReferences: [owner],
      },
      immutable: true,
      data: { [FIELD]: text },
    },
  );
  if ("refused" in written) {
    const there = await cluster.object({ apiVersion: "v1", plural: "configmaps", name });
    if (there === null || contentOf("ConfigMap", there).data[FIELD] !== text) {
      throw new EmergencyError(
        "PRIOR_STATE_CHANGED",
        `somebody else has taken snapshot ${snapshot.number} of ${kind} ${workload.metadata.name} in the same moment (${written.refused}). Nothing of the configuration was changed`,
        "type the command again: it looks at what there is now",
      );
    }
  }
}

/**
 * Removes snapshots, and the copies that no other one names. The copies first: a kill leaves a list that is
 * removed the next time.
 * @param also copies that must stay besides.
 */
export async function removeSnapshots(
  cluster: Cluster,
  snapshots: readonly Snapshot[],
  gone: readonly Snapshot[],
  also: readonly string[] = [],
): Promise<void> {
  const needed = new Set<string | null>([
    ...also,
    ...snapshots
      .filter((snapshot) => !gone.includes(snapshot))
      .flatMap(({ objects }) => objects.map(({ copy }) => copy)),
  ]);
  for (const { objects, record } of gone) {
    for (const { kind, copy } of objects) {
      if (copy !== null && !needed.has(copy)) {
        const name = objectNameOf({ kind, name: copy });
        const looked = await cluster.object(name);
        if (looked !== null) {
          await cluster.remove(name, looked);
        }
      }
    }
    await cluster.remove(
      { apiVersion: "v1", plural: "configmaps", name: record.metadata.name },
      record,
    );
  }
}
