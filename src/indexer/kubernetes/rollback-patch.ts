import type { PatchOperation } from "./cluster.js";
import type { Revision } from "./history.js";
import { MARK_ANNOTATION, writeMark, type Mark } from "./mark.js";
import type { Workload, WorkloadKind } from "./objects.js";
import { LAST_APPLIED, templatePatch, withAppliedTemplate } from "./template-patch.js";

export { LAST_APPLIED };

/**
 * Annotations that say how a Deployment is, and not how it was: they stay when all others become those of the
 * ReplicaSet. The same as kubectl's (pkg/polymorphichelpers/rollback.go).
 */
const ABOUT_NOW = [
  LAST_APPLIED,
  "deployment.kubernetes.io/revision",
  "deployment.kubernetes.io/revision-history",
  "deployment.kubernetes.io/desired-replicas",
  "deployment.kubernetes.io/max-replicas",
  "deprecated.deployment.rollback.to",
];

/**
 * The patch that brings a workload back to a revision. Pure.
 *
 * It holds only as long as nobody else has changed what it replaces: the template and the annotations must be
 * those that were looked at. What it does not touch, such as the number of replicas, anybody may change.
 *
 * It differs from kubectl's in three things: those tests; the mark; and that what `kubectl apply` remembers
 * of the template becomes the template that is now there. Left as it is, the next apply would not know that
 * fields of the old revision are there, and would keep those that its manifest no longer has.
 */
export function rollbackPatch(
  kind: WorkloadKind,
  workload: Workload,
  revision: Revision,
  mark: Mark,
): readonly PatchOperation[] {
  const after = annotationsAfter(kind, workload.metadata.annotations, revision, mark);
  return templatePatch(workload, revision.template, after);
}

function annotationsAfter(
  kind: WorkloadKind,
  now: Readonly<Record<string, string>>,
  revision: Revision,
  mark: Mark,
): Readonly<Record<string, string>> {
  const kept =
    kind === "Deployment"
      ? {
          ...without(revision.annotations, [...ABOUT_NOW, MARK_ANNOTATION]),
          ...only(now, ABOUT_NOW),
        }
      : now;
  return {
    ...withAppliedTemplate(kept, () => revision.template),
    [MARK_ANNOTATION]: writeMark(mark),
  };
}

function only(
  annotations: Readonly<Record<string, string>>,
  names: readonly string[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(annotations).filter(([name]) => names.includes(name)));
}

function without(
  annotations: Readonly<Record<string, string>>,
  names: readonly string[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(annotations).filter(([name]) => !names.includes(name)));
}
