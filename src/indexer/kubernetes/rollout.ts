import type { Workload, WorkloadKind } from "./objects.js";

/** How far a rollout has come. */
export type Rollout =
  | { readonly state: "done"; readonly what: string }
  | { readonly state: "going"; readonly what: string }
  /** It goes no further by itself. */
  | { readonly state: "stuck"; readonly what: string };

/**
 * How far a rollout has come, by the rules of `kubectl rollout status` (pkg/polymorphichelpers/rollout_status.go),
 * but for three things: a paused Deployment, for which kubectl waits for ever, and an update strategy that
 * kubectl knows no status for, are said to be stuck, with the way out; and a StatefulSet without a partition is
 * only done when its update is, for which kubectl looks at a field that the API server never leaves out.
 * Pure.
 */
export function rolloutOf(kind: WorkloadKind, workload: Workload): Rollout {
  const { metadata, status } = workload;
  if (metadata.deletionTimestamp !== undefined) {
    return { state: "stuck", what: "somebody is deleting it" };
  }
  if (status.observedGeneration < metadata.generation) {
    return { state: "going", what: "its controller has not seen the change yet" };
  }
  switch (kind) {
    case "Deployment":
      return ofDeployment(workload);
    case "StatefulSet":
      return ofStatefulSet(workload);
    case "DaemonSet":
      return ofDaemonSet(workload);
  }
}

function ofDeployment({ metadata, spec, status }: Workload): Rollout {
  const replicas = spec.replicas ?? 1;
  const progressing = status.conditions.find(({ type }) => type === "Progressing");
  if (progressing?.reason === "ProgressDeadlineExceeded") {
    return { state: "stuck", what: "it has exceeded its progress deadline" };
  }
  const { updatedReplicas, availableReplicas } = status;
  const waiting =
    updatedReplicas < replicas
      ? `${updatedReplicas} of ${replicas} pods are updated`
      : status.replicas > updatedReplicas
        ? `${status.replicas - updatedReplicas} old pods are still there`
        : availableReplicas < updatedReplicas
          ? `${availableReplicas} of ${updatedReplicas} updated pods are available`
          : undefined;
  if (waiting === undefined) {
    return { state: "done", what: `${availableReplicas} of ${replicas} pods are available` };
  }
  return spec.paused
    ? {
        state: "stuck",
        what: `its rollout is paused (${waiting}): kubectl rollout resume deployment/${metadata.name}`,
      }
    : { state: "going", what: waiting };
}

function ofStatefulSet({ spec, status }: Workload): Rollout {
  const byHand = onDelete(spec.updateStrategy?.type);
  const replicas = spec.replicas ?? 1;
  const partition = spec.updateStrategy?.rollingUpdate?.partition ?? 0;
  // Those below the partition stay as they are, by somebody's wish.
  const wanted = Math.max(0, replicas - partition);
  const { readyReplicas, updatedReplicas, currentRevision, updateRevision } = status;
  const all = currentRevision === updateRevision;
  const updated = all ? replicas : updatedReplicas;
  if (updated < wanted) {
    const what = `${updated} of ${wanted} pods are updated`;
    return byHand ?? { state: "going", what };
  }
  if (readyReplicas < replicas) {
    return { state: "going", what: `${readyReplicas} of ${replicas} pods are ready` };
  }
  if (!all && partition === 0) {
    return { state: "going", what: `${updated} of ${replicas} pods are updated` };
  }
  const kept = replicas - wanted;
  return {
    state: "done",
    what: `${readyReplicas} of ${replicas} pods are ready${partition > 0 && kept > 0 && !all ? `, and the partition keeps ${Math.min(kept, replicas)} of them as they were` : ""}`,
  };
}

function ofDaemonSet({ spec, status }: Workload): Rollout {
  const byHand = onDelete(spec.updateStrategy?.type);
  const { desiredNumberScheduled: desired, updatedNumberScheduled, numberAvailable } = status;
  if (updatedNumberScheduled < desired) {
    const what = `${updatedNumberScheduled} of ${desired} pods are updated`;
    return byHand ?? { state: "going", what };
  }
  return numberAvailable < desired
    ? { state: "going", what: `${numberAvailable} of ${desired} pods are available` }
    : { state: "done", what: `${numberAvailable} of ${desired} pods are available` };
}

function onDelete(strategy: string | undefined): Rollout | undefined {
  return strategy === "OnDelete"
    ? {
        state: "stuck",
        what: "its update strategy is OnDelete: each pod is replaced when somebody deletes it",
      }
    : undefined;
}
