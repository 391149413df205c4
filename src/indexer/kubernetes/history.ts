import type { JsonObject } from "../../json.js";
import type { Cluster } from "./cluster.js";
import type { ControllerRevision, Pod, ReplicaSet, Workload, WorkloadName } from "./objects.js";
import { imagesOf, ownTemplate, templateHash } from "./template.js";

/** How a revision did, as far as the cluster still shows it. It keeps no record of what is gone. */
export type Health =
  /** Pods of it are available now. */
  | "healthy"
  /** It has pods, and none of them is available. */
  | "failing"
  /** It has no pods. */
  | "unknown";

/** One state of a workload that it can go back to. */
export interface Revision {
  readonly number: number;
  /** The ReplicaSet's or ControllerRevision's name. */
  readonly name: string;
  /** Whether its template is the workload's own. */
  readonly present: boolean;
  readonly images: readonly string[];
  /** What whoever made it wrote down, in `kubernetes.io/change-cause`. */
  readonly changeCause: string | null;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly pods: number;
  readonly available: number;
  readonly health: Health;
  /** See `templateHash`. */
  readonly hash: string;
  /** As the workload would have it. */
  readonly template: JsonObject;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A workload and all that it was, oldest first. */
export interface History {
  readonly workload: Workload;
  readonly revisions: readonly Revision[];
}

/** Where a Deployment keeps its revision's number. */
export const REVISION_ANNOTATION = "deployment.kubernetes.io/revision";

const CHANGE_CAUSE = "kubernetes.io/change-cause";

/**
 * Reads a workload and its revisions.
 * @throws EmergencyError UNKNOWN_WORKLOAD, and what every question to a cluster throws.
 */
export async function readHistory(cluster: Cluster, name: WorkloadName): Promise<History> {
  const workload = await cluster.workload(name);
  if (name.kind === "Deployment") {
    return { workload, revisions: ofReplicaSets(workload, await cluster.replicaSets(workload)) };
  }
  const [revisions, pods] = await Promise.all([
    cluster.controllerRevisions(workload),
    cluster.pods(workload),
  ]);
  return { workload, revisions: ofControllerRevisions(workload, revisions, pods) };
}

/** The revisions of a Deployment. Pure. */
export function ofReplicaSets(
  deployment: Workload,
  replicaSets: readonly ReplicaSet[],
): readonly Revision[] {
  const present = templateHash(deployment.spec.template);
  const revisions = replicaSets
    .filter((replicaSet) => isControlledBy(replicaSet.metadata, deployment))
    .flatMap((replicaSet) => {
      const { metadata, spec, status } = replicaSet;
      const number = Number(metadata.annotations[REVISION_ANNOTATION]);
      return Number.isSafeInteger(number)
        ? [
            revisionOf(number, metadata, spec.template, present, {
              pods: status.replicas,
              available: status.availableReplicas,
            }),
          ]
        : [];
    });
  return inOrder(revisions);
}

/** The revisions of a StatefulSet or a DaemonSet. Pure. */
export function ofControllerRevisions(
  workload: Workload,
  controllerRevisions: readonly ControllerRevision[],
  pods: readonly Pod[],
): readonly Revision[] {
  const present = templateHash(workload.spec.template);
  const revisions = controllerRevisions
    .filter(({ metadata }) => isControlledBy(metadata, workload))
    .map(({ metadata, revision, data }) => {
      const own = pods.filter((pod) => isPodOf(pod, workload, metadata));
      return revisionOf(revision, metadata, data.spec.template, present, {
        pods: own.length,
        available: own.filter(isReady).length,
      });
    });
  return inOrder(revisions);
}

function revisionOf(
  number: number,
  { name, annotations, creationTimestamp }: Workload["metadata"],
  template: JsonObject,
  present: string,
  { pods, available }: { readonly pods: number; readonly available: number },
): Revision {
  const hash = templateHash(template);
  return {
    number,
    name,
    present: hash === present,
    images: imagesOf(template),
    changeCause: annotations[CHANGE_CAUSE] ?? null,
    createdAt: creationTimestamp,
    pods,
    available,
    health: available > 0 ? "healthy" : pods > 0 ? "failing" : "unknown",
    hash,
    template: ownTemplate(template),
    annotations,
  };
}

/** Whether an object is the workload's own. A selector may match others as well. */
export function isControlledBy(
  { ownerReferences }: Pick<Workload["metadata"], "ownerReferences">,
  owner: { readonly metadata: { readonly uid: string } },
): boolean {
  return ownerReferences.some(({ uid, controller }) => controller && uid === owner.metadata.uid);
}

/** Pods of a StatefulSet bear the whole name of their revision, those of a DaemonSet its last part. */
export function isPodOf(
  pod: Pod,
  workload: Workload,
  revision: { readonly name: string; readonly labels: Readonly<Record<string, string>> },
): boolean {
  const hash = pod.metadata.labels["controller-revision-hash"];
  return (
    isControlledBy(pod.metadata, workload) &&
    hash !== undefined &&
    (hash === revision.name || hash === revision.labels["controller-revision-hash"])
  );
}

/** Whether a pod is ready to be asked. */
export function isReady({ metadata, status }: Pod): boolean {
  return (
    metadata.deletionTimestamp === undefined &&
    status.conditions.some((condition) => condition.type === "Ready" && condition.status === "True")
  );
}

function inOrder(revisions: readonly Revision[]): readonly Revision[] {
  return [...revisions].sort((a, b) => a.number - b.number);
}
