import { isRecord } from "../../json.js";
import { groupOf, writersOf, type OwnedObject } from "./owned-object.js";

/** How soon a change that its owner does not want is put back. */
export type Heals =
  /** As soon as it is seen, or when the owner next looks. */
  | "at once"
  /** When what the owner was told to keep changes next. */
  | "with its next change"
  /** Only when a person or a pipeline asks for it. */
  | "when asked"
  | "unknown";

/** What an object's own marks say of who keeps it as it is. */
export type Claim =
  /** Argo CD. */
  | {
      readonly by: "application";
      /** Null where the mark does not say: in the namespace of Argo CD itself. */
      readonly namespace: string | null;
      readonly name: string;
      /** Whether only Argo CD makes such a mark. Helm charts bear the label as well. */
      readonly certain: boolean;
    }
  | { readonly by: "applicationset"; readonly namespace: string; readonly name: string }
  /** Flux. */
  | { readonly by: "kustomization"; readonly namespace: string; readonly name: string }
  | { readonly by: "helmrelease"; readonly namespace: string; readonly name: string }
  /** An operator, by the object that it was told with. */
  | {
      readonly by: "custom";
      readonly apiVersion: string;
      readonly kind: string;
      readonly name: string;
    }
  /** Something that cannot be told to stop by way of this cluster's objects. */
  | {
      readonly by: "other";
      /** "Helm release market/api". */
      readonly title: string;
      readonly heals: Heals;
      /** What a person can do about it, or should know of it. */
      readonly advice: string;
    };

/** Argo CD's marks (common/common.go, util/argo/resource_tracking.go). */
const TRACKING_ID = "argocd.argoproj.io/tracking-id";
const INSTANCE_LABELS = ["argocd.argoproj.io/instance", "app.kubernetes.io/instance"];
const OLD_INSTANCE_LABEL = "applications.argoproj.io/app-name";

const KUSTOMIZE = "kustomize.toolkit.fluxcd.io";
const HELM_TOOLKIT = "helm.toolkit.fluxcd.io";

/** Flux leaves an object alone that bears this in the cluster (kustomize-controller, ssa.ApplyOptions.ExclusionSelector). */
export const RECONCILE = `${KUSTOMIZE}/reconcile`;

/** Kinds of Kubernetes' own: what controls a workload and is one of these is no operator. */
const OWN_GROUPS = new Set(["", "apps", "batch"]);

/** What writes like a program that looks at it again and again. */
const PROGRAM = /controller|operator|agent|sync|manager/i;

/** Those of Kubernetes itself, and this plugin: none of them puts anything back. */
const HARMLESS = /^(kube-|kubectl|hardhat-emergency|deployment-controller)/;

/**
 * Who keeps an object as it is, by the marks on it. Pure.
 *
 * - Argo CD: the annotation `argocd.argoproj.io/tracking-id` says which Application, and which object it was
 *   written for: a copy of it on another object says nothing. By label, which Helm charts bear as well, only
 *   where Argo CD has also written the object.
 * - Flux: the labels of kustomize-controller and helm-controller.
 * - Helm: its own label and annotation. An object of Argo CD's or Flux' may have been made from a chart: then
 *   it is theirs.
 * - Operators: the controller among the owner references.
 */
export function claimsOf(owned: OwnedObject): readonly Claim[] {
  const { labels, annotations } = owned.object.metadata;
  const { ownerReferences, managedFields } = writersOf(owned.object);
  const managers = managedFields
    .filter(({ subresource }) => subresource === "")
    .map(({ manager }) => manager);

  const claims: Claim[] = [...argoOf(owned, managers)];
  for (const [by, group] of [
    ["kustomization", KUSTOMIZE],
    ["helmrelease", HELM_TOOLKIT],
  ] as const) {
    const name = labels[`${group}/name`];
    const namespace = labels[`${group}/namespace`];
    if (name !== undefined && namespace !== undefined) {
      claims.push({ by, namespace, name });
    }
  }
  const controller = ownerReferences.find((reference) => reference.controller);
  if (controller !== undefined && !OWN_GROUPS.has(groupOf(controller.apiVersion))) {
    const { apiVersion, kind, name } = controller;
    const isSet = kind === "ApplicationSet" && groupOf(apiVersion) === "argoproj.io";
    claims.push(
      isSet
        ? { by: "applicationset", namespace: owned.namespace, name }
        : { by: "custom", apiVersion, kind, name },
    );
  }
  claims.push(...otherTools(labels, annotations));
  const release = annotations["meta.helm.sh/release-name"];
  if (claims.length === 0 && release !== undefined) {
    const namespace = annotations["meta.helm.sh/release-namespace"] ?? owned.namespace;
    claims.push({
      by: "other",
      title: `Helm release ${namespace}/${release}`,
      heals: "when asked",
      advice: `the next helm upgrade puts back what its chart says; to go back with Helm itself: helm rollback ${release} --namespace ${namespace}`,
    });
  }
  if (claims.length === 0 && owned.apiVersion === "apps/v1") {
    claims.push(...writtenByPrograms(managedFields));
  }
  return claims;
}

function argoOf(owned: OwnedObject, managers: readonly string[]): readonly Claim[] {
  const { labels, annotations } = owned.object.metadata;
  const tracked = annotations[TRACKING_ID];
  if (tracked !== undefined) {
    const [application = "", object, place] = tracked.split(":");
    const isOwn =
      object === `${groupOf(owned.apiVersion)}/${owned.kind}` &&
      place === `${owned.namespace}/${owned.name}`;
    return isOwn && application !== "" ? [applicationOf(application, true)] : [];
  }
  // Where the API server does not say who has written an object, the label is all there is.
  if (managers.length > 0 && !managers.some((manager) => manager.startsWith("argocd"))) {
    return [];
  }
  const label = [...INSTANCE_LABELS, OLD_INSTANCE_LABEL]
    .map((key) => labels[key])
    .find((value) => value !== undefined);
  return label === undefined ? [] : [applicationOf(label, false)];
}

/** "argo-apps_api" is the Application "api" in namespace "argo-apps"; without it, in Argo CD's own. */
function applicationOf(instance: string, certain: boolean): Claim {
  const at = instance.indexOf("_");
  return {
    by: "application",
    namespace: at === -1 ? null : instance.slice(0, at),
    name: instance.slice(at + 1),
    certain,
  };
}

type Words = Readonly<Record<string, string>>;

function otherTools(labels: Words, annotations: Words): readonly Claim[] {
  const found: Claim[] = [];
  // Whoever writes these annotations by hand has them overwritten: what counts is in the repository.
  if (annotations["configmanagement.gke.io/managed"] === "enabled") {
    found.push({
      by: "other",
      title: `Config Sync (${annotations["configsync.gke.io/manager"] ?? "a RootSync or RepoSync"})`,
      heals: "at once",
      advice: "it can only be told in its repository: configmanagement.gke.io/managed: disabled",
    });
  }
  const bundle = annotations["objectset.rio.cattle.io/id"];
  if (bundle !== undefined) {
    found.push({
      by: "other",
      title: `Rancher Fleet (${bundle})`,
      heals: "unknown",
      advice:
        "it puts things back where its GitRepo has spec.correctDrift.enabled; that object is in the managing cluster: spec.paused there stops it",
    });
  }
  if (labels["kapp.k14s.io/app"] !== undefined) {
    found.push({
      by: "other",
      title: "kapp",
      heals: "unknown",
      advice:
        "where kapp-controller deploys it, it does so again within minutes: spec.paused of its App stops it",
    });
  }
  const version = labels["olm.owner"];
  if (version !== undefined && labels["olm.owner.kind"] === "ClusterServiceVersion") {
    found.push({
      by: "other",
      title: `Operator Lifecycle Manager (${version})`,
      heals: "at once",
      advice: "it puts back what its ClusterServiceVersion says: change that instead",
    });
  }
  return found;
}

/** Programs that have written the template, where nothing else says who they work for. */
function writtenByPrograms(
  entries: ReturnType<typeof writersOf>["managedFields"],
): readonly Claim[] {
  const programs = entries
    .filter(({ fieldsV1 }) => isRecord(fieldsV1["f:spec"]) && "f:template" in fieldsV1["f:spec"])
    .map(({ manager }) => manager)
    .filter((manager) => PROGRAM.test(manager) && !HARMLESS.test(manager));
  return [...new Set(programs)].map((manager) => ({
    by: "other",
    title: `the program "${manager}"`,
    heals: "unknown",
    advice: "it has written the workload; nothing on the workload says what it was told",
  }));
}
