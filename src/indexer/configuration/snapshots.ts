import { z } from "zod";

import type { Cluster } from "../kubernetes/cluster.js";
import type { ClusterObject, Workload } from "../kubernetes/objects.js";
import { contentOf } from "./content.js";
import type { ConfigurationName } from "./references.js";

/*
 * A snapshot is a small ConfigMap that lists what a workload used, and immutable copies beside it.
 *
 * It is not an annotation on the ReplicaSet or the ControllerRevision: the Deployment controller writes the
 * Deployment's own annotations over those of its present ReplicaSet, and `kubectl rollout undo` writes those of a
 * ReplicaSet over the Deployment's, so what stands there would sooner or later speak of another revision. It
 * is found by the workload's uid and speaks of one template.
 */

/** The workload's uid, on a snapshot. */
export const SNAPSHOT_LABEL = "hardhat-emergency/snapshot-of";
/** Who took it. */
export const BY_ANNOTATION = "hardhat-emergency/by";
/** Where its list is. */
export const FIELD = "snapshot";

/**
 * Why a snapshot was taken:
 * - `deploy`: somebody asked for it, after a deploy
 * - `left`: a rollback leaves this template
 * - `restored`: the configuration was just brought back from elsewhere, and this is what it is now
 * - `before`: the configuration is about to change under the same template. It only serves to undo that.
 */
export type Why = (typeof WHYS)[number];

const WHYS = ["deploy", "left", "restored", "before"] as const;

/** One object of a snapshot. */
export interface SnapshotObject extends ConfigurationName {
  /** The copy's name; null when there was no such object. */
  readonly copy: string | null;
}

/** What a workload used while it had a template. */
export interface Snapshot {
  /** Counted from 1 for each workload. */
  readonly number: number;
  /** `versionHash` of its template: a restart is no other configuration. */
  readonly template: string;
  /** The number that the revision had then. */
  readonly revision: number;
  readonly why: Why;
  /** ISO 8601, of the API server. */
  readonly at: string;
  readonly by: string;
  /** Sorted. */
  readonly objects: readonly SnapshotObject[];
  readonly record: ClusterObject;
}

const recordShape = z.object({
  template: z.string(),
  revision: z.number().int(),
  why: z.enum(WHYS),
  objects: z.array(
    z.object({
      kind: z.enum(["ConfigMap", "Secret"]),
      name: z.string(),
      copy: z.string().nullable(),
    }),
  ),
});

/** All snapshots of a workload, oldest first. What cannot be read as one is none. */
export async function readSnapshots(
  cluster: Cluster,
  workload: Workload,
): Promise<readonly Snapshot[]> {
  const records = await cluster.objects(
    { apiVersion: "v1", plural: "configmaps" },
    `${SNAPSHOT_LABEL}=${workload.metadata.uid}`,
  );
  return records.flatMap(snapshotOf).sort((a, b) => a.number - b.number);
}

function snapshotOf(record: ClusterObject): readonly Snapshot[] {
  const number = Number(/-(\d+)$/.exec(record.metadata.name)?.[1]);
  const { data } = contentOf("ConfigMap", record);
  let value: unknown;
  try {
    value = JSON.parse(data[FIELD] ?? "");
  } catch {
    return [];
  }
  const parsed = recordShape.safeParse(value);
  return parsed.success && Number.isSafeInteger(number)
    ? [
        {
          ...parsed.data,
          number,
          at: record.metadata.creationTimestamp,
          by: record.metadata.annotations[BY_ANNOTATION] ?? "",
          record,
        },
      ]
    : [];
}

/** The snapshot that says what a template used last; see {@link Why}. Pure. */
export function snapshotFor(
  snapshots: readonly Snapshot[],
  template: string,
): Snapshot | undefined {
  return snapshots.findLast((each) => each.template === template && each.why !== "before");
}

/** Whether a snapshot is in the cluster. */
export async function hasSnapshot(
  cluster: Cluster,
  workload: Workload,
  number: number,
): Promise<boolean> {
  const name = recordName(workload, number);
  return (await cluster.object({ apiVersion: "v1", plural: "configmaps", name })) !== null;
}

/** The name of a snapshot, which ends in its number: nobody can take the same number twice. */
export function recordName({ metadata: { name, uid } }: Workload, number: number): string {
  return `${name.slice(0, 100)}-snapshot-${uid.slice(0, 8)}-${number}`;
}

/** So many snapshots of one revision are kept: whoever needs an older one has to say so in time. */
const KEPT = 5;

/** Snapshots that nobody can need any more: of revisions that are gone, and older ones of the others. Pure. */
export function outdated(
  snapshots: readonly Snapshot[],
  templates: ReadonlySet<string>,
): readonly Snapshot[] {
  return snapshots.filter((snapshot) => {
    const own = snapshots.filter(({ template }) => template === snapshot.template);
    const best = snapshotFor(snapshots, snapshot.template);
    return (
      !templates.has(snapshot.template) ||
      (!own.slice(-KEPT).includes(snapshot) && snapshot !== best)
    );
  });
}
