import { EmergencyError } from "../../errors.js";
import type { Cluster, ObjectName } from "./cluster.js";
import { labelled } from "./guarded-patch.js";
import { readLabelTime, writeLabelTime } from "./label-time.js";
import type { Metadata, WorkloadKind } from "./objects.js";

/**
 * How a revision did when somebody looked: "healthy_2026-01-31T12-00-00Z_0123456789ab", on its ReplicaSet or
 * ControllerRevision. A label, see `withLabel`. It ends with the beginning of the template's hash, and
 * speaks of this template only.
 */
export const HEALTH_LABEL = "hardhat-emergency/health";

const STATES = ["healthy", "failing", "rolled-back"] as const;

/** How a revision did, as it was recorded. */
export interface HealthRecord {
  readonly health:
    /** All its pods worked. */
    | "healthy"
    /** It had pods, and none of them worked. */
    | "failing"
    /** Somebody went back from it to another one, whatever its pods said. */
    | "rolled-back";
  /** ISO 8601, to the second. */
  readonly at: string;
}

/** A revision, by the object that holds it. */
export interface RevisionObject {
  readonly name: string;
  readonly uid: string;
  /** See `templateHash`. */
  readonly hash: string;
}

/** What is recorded of a revision; null when nothing is, or only of another template. Pure. */
export function recordOf({ labels }: Pick<Metadata, "labels">, hash: string): HealthRecord | null {
  const [state, time = "", of] = (labels[HEALTH_LABEL] ?? "").split("_");
  const health = STATES.find((each) => each === state);
  const at = readLabelTime(time);
  return health === undefined || at === null || of !== shortHash(hash) ? null : { health, at };
}

/** The label's text. Pure. */
export function writeRecord({ health, at }: HealthRecord, hash: string): string {
  return [health, writeLabelTime(new Date(at)), shortHash(hash)].join("_");
}

/**
 * Records how a revision does, as long as it is the one that was looked at.
 * @returns false when it is gone, or another one has its name.
 * @throws EmergencyError CLUSTER_DENIED when one may not write on revisions.
 */
export async function recordHealth(
  cluster: Cluster,
  kind: WorkloadKind,
  { name, uid, hash }: RevisionObject,
  record: HealthRecord,
): Promise<boolean> {
  const written = await cluster.patchObject(revisionNamed(kind, name), [
    { op: "test", path: "/metadata/uid", value: uid },
    // It always has labels: those by which its pods are found.
    ...labelled(HEALTH_LABEL, writeRecord(record, hash)),
  ]);
  return "object" in written;
}

/**
 * The same, where it is not what was asked for: whoever may change a workload and not its revisions can do what
 * was asked for all the same.
 * @returns why it was not recorded; undefined when it was.
 */
export async function tryToRecord(
  ...what: Parameters<typeof recordHealth>
): Promise<string | undefined> {
  const [, , { name }, { health }] = what;
  try {
    return (await recordHealth(...what)) ? undefined : `${name} is gone`;
  } catch (error) {
    if (error instanceof EmergencyError) {
      return `that ${name} is ${health} is not recorded: ${error.what}`;
    }
    throw error;
  }
}

/** Where a revision is. */
export function revisionNamed(kind: WorkloadKind, name: string): ObjectName {
  const plural = kind === "Deployment" ? "replicasets" : "controllerrevisions";
  return { apiVersion: "apps/v1", plural, name };
}

function shortHash(hash: string): string {
  return hash.slice(0, 12);
}
