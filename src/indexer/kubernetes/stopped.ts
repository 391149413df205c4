import type { PatchOperation } from "./cluster.js";
import { replaced, withLabel, withoutLabel } from "./guarded-patch.js";
import { readLabelTime, writeLabelTime } from "./label-time.js";
import type { Workload, WorkloadKind } from "./objects.js";
import { isStoppedTemplate, startedTemplate, stoppedTemplate } from "./template.js";

/**
 * How many pods a workload had when it was stopped, and when that was: "3_2026-01-31T12-00-00Z"; with "_plan"
 * behind it where a plan has stopped it for as long as something is changed. A label, see
 * `withLabel`: also `kubectl get deployments -l hardhat-emergency/stopped` finds what is stopped.
 */
export const STOPPED_LABEL = "hardhat-emergency/stopped";

/** What a workload that was stopped was before. */
export interface Remembered {
  readonly replicas: number;
  /** ISO 8601. */
  readonly at: string;
  /** Whether a larger plan has stopped it, and will start it again; otherwise a person has. */
  readonly inPlan: boolean;
}

const IN_PLAN = "plan";

/** What is remembered of a workload; null when nothing is. Pure. */
export function rememberedOf({ metadata }: Workload): Remembered | null {
  const [count = "", time = "", who] = (metadata.labels[STOPPED_LABEL] ?? "").split("_");
  const at = readLabelTime(time);
  const replicas = Number(count);
  return at === null || !/^\d{1,9}$/.test(count) || replicas === 0
    ? null
    : { replicas, at, inPlan: who === IN_PLAN };
}

/** The text of {@link STOPPED_LABEL}. */
export function writeRemembered(workload: Workload, at: Date, inPlan: boolean): string {
  const remembered = `${replicasOf(workload)}_${writeLabelTime(at)}`;
  return inPlan ? `${remembered}_${IN_PLAN}` : remembered;
}

/** Whether a workload is meant to have no pods. Pure. */
export function isStopped(kind: WorkloadKind, { spec }: Workload): boolean {
  return kind === "DaemonSet" ? isStoppedTemplate(spec.template) : replicasOf({ spec }) === 0;
}

/** Whether there should be pods that work, when all is well. Pure. */
export function isMeantToRun(kind: WorkloadKind, workload: Workload): boolean {
  return (
    !isStopped(kind, workload) &&
    (kind !== "DaemonSet" || workload.status.desiredNumberScheduled > 0)
  );
}

/** How many pods a workload is meant to have; Kubernetes takes none given for one. */
export function replicasOf({ spec }: Pick<Workload, "spec">): number {
  return spec.replicas ?? 1;
}

/**
 * The patch that lets a workload have no pods, and remembers how many it had. Pure.
 *
 * A DaemonSet has no number: its pods are sent to nodes that do not exist. That is a part of its template, but
 * it does not count when templates are compared, so it makes no revision that somebody could go back to here.
 * @param remember see `writeRemembered`.
 */
export function stopPatch(
  kind: WorkloadKind,
  workload: Workload,
  remember: string,
): readonly PatchOperation[] {
  if (kind === "DaemonSet") {
    const { template } = workload.spec;
    return replaced("/spec/template", template, stoppedTemplate(template));
  }
  return [
    ...replaced("/spec/replicas", replicasOf(workload), 0),
    ...withLabel(workload.metadata, STOPPED_LABEL, remember),
  ];
}

/** The patch that lets a stopped workload have its pods again. Pure. @param replicas unused by a DaemonSet. */
export function startPatch(
  kind: WorkloadKind,
  workload: Workload,
  replicas: number,
): readonly PatchOperation[] {
  if (kind === "DaemonSet") {
    const { template } = workload.spec;
    return replaced("/spec/template", template, startedTemplate(template));
  }
  return [
    ...replaced("/spec/replicas", replicasOf(workload), replicas),
    ...withoutLabel(workload.metadata, STOPPED_LABEL),
  ];
}
