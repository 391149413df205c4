import type { JsonObject } from "../../json.js";
import type { Cluster } from "./cluster.js";
import type { ControllerRevision, Pod, ReplicaSet, Workload, WorkloadName } from "./objects.js";
import { recordOf, type HealthRecord } from "./health-record.js";
import { imagesOf, isStoppedTemplate, ownTemplate, templateHash } from "./template.js";

/**
 * How a revision does, or did when it ran. Pods that it has now say more than a record, and Kubernetes itself
 * keeps none of pods that are gone. That somebody has rolled it back says more than either.
 */
export type Health = HealthRecord["health"] | "unknown";

/** One state of a workload that it can go back to. */
export interface Revision {
  readonly number: number;
  /** The ReplicaSet's or ControllerRevision's name. */
  readonly name: string;
  readonly uid: string;
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
  /** What was recorded of it when it ran; null: nothing. */
  readonly recorded: HealthRecord | null;
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
  const own = controllerRevisions.filter(({ metadata }) => isControlledBy(metadata, workload));
  const running = new Set(
    own
      .map(({ data }) => data.spec.template)
      .filter((template) => !isStoppedTemplate(template))
      .map(templateHash),
  );
  const revisions = own
    // That it was stopped for a while is no revision of its own.
    .filter(
      ({ data }) =>
        !isStoppedTemplate(data.spec.template) || !running.has(templateHash(data.spec.template)),
    )
    .map(({ metadata, revision, data }) => {
      const its = pods.filter((pod) => isPodOf(pod, workload, metadata));
      return revisionOf(revision, metadata, data.spec.template, present, {
        pods: its.length,
        available: its.filter(isReady).length,
      });
    });
  return inOrder(revisions);
}

function revisionOf(
  number: number,
  { name, uid, annotations, creationTimestamp, labels }: Workload["metadata"],
  template: JsonObject,
  present: string,
  { pods, available }: { readonly pods: number; readonly available: number },
): Revision {
  const hash = templateHash(template);
  const recorded = recordOf({ labels }, hash);
  const isPresent = hash === present;
  return {
    number,
    name,
    uid,
    present: isPresent,
    images: imagesOf(template),
    changeCause: annotations[CHANGE_CAUSE] ?? null,
    createdAt: creationTimestamp,
    pods,
    available,
    health: healthOf(pods, available, isPresent, recorded),
    recorded,
    hash,
    template: ownTemplate(template),
    annotations,
  };
}

function healthOf(
  pods: number,
  available: number,
  isPresent: boolean,
  recorded: HealthRecord | null,
): Health {
  // Its last pods may still be there. What is present again was gone back to since.
  if (recorded?.health === "rolled-back" && !isPresent) {
    return "rolled-back";
  }
  return available > 0 ? "healthy" : pods > 0 ? "failing" : (recorded?.health ?? "unknown");
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
