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
 * Beginnings of annotations by which Argo CD, Flux, Helm and others know a Deployment as theirs, and are told to
 * leave it alone. kubectl takes those of the ReplicaSet, which may be older than its owner: then its owner would
 * not know it any more.
 */
const OF_OWNERS = [
  "argocd.argoproj.io/",
  "configmanagement.gke.io/",
  "configsync.gke.io/",
  "helm.toolkit.fluxcd.io/",
  "kustomize.toolkit.fluxcd.io/",
  "meta.helm.sh/",
  "objectset.rio.cattle.io/",
];

/**
 * The patch that brings a workload back to a revision. Pure.
 *
 * It holds only as long as nobody else has changed what it replaces: the template and the annotations must be
 * those that were looked at. What it does not touch, such as the number of replicas, anybody may change.
 *
 * It differs from kubectl's in four things: those tests; the mark; the annotations of owners; and that what `kubectl apply` remembers
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
          ...those(revision.annotations, (name) => !isAboutNow(name) && name !== MARK_ANNOTATION),
          ...those(now, isAboutNow),
        }
      : now;
  return {
    ...withAppliedTemplate(kept, () => revision.template),
    [MARK_ANNOTATION]: writeMark(mark),
  };
}

function isAboutNow(name: string): boolean {
  return ABOUT_NOW.includes(name) || OF_OWNERS.some((beginning) => name.startsWith(beginning));
}

function those(
  annotations: Readonly<Record<string, string>>,
  wanted: (name: string) => boolean,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(annotations).filter(([name]) => wanted(name)));
}
