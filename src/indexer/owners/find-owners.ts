import { EmergencyError } from "../../errors.js";
import type { JsonObject } from "../../json.js";
import type { Indexer } from "../indexer.js";
import type { Cluster, ObjectName } from "../kubernetes/cluster.js";
import type { ClusterObject, WorkloadKind } from "../kubernetes/objects.js";
import { applicationBrake, applicationSetBrake } from "./argo.js";
import type { Brake } from "./brake.js";
import { claimsOf, RECONCILE, type Claim, type Heals } from "./claims.js";
import { helmReleaseBrake, kustomizationBrake } from "./flux.js";
import { operatorBrake } from "./operators.js";
import { groupOf, type OwnedObject } from "./owned-object.js";
import { readSuspended, type SuspendedMark } from "./owner-mark.js";
import { at, listAt, textAt } from "./paths.js";

/** How an owner is just now. */
export type OwnerState =
  /** It puts things back; see `heals`. */
  | "active"
  /** Told by this plugin to leave the workload alone. */
  | "suspended"
  /** It does not act by itself, and this plugin has no part in that. */
  | "idle"
  | "unknown";

/** An owner that can be told to leave things alone, as it was looked at. */
export interface Handle {
  readonly name: ObjectName;
  readonly object: ClusterObject;
  readonly brake: Brake;
  /**
   * The Flux Kustomization that applies this owner itself, "namespace/name", and would put back what is
   * changed in it; null when there is none.
   */
  readonly appliedBy: string | null;
}

/** Something that keeps a workload, or another owner, as it is. */
export interface Owner {
  /** "Argo CD Application argocd/api". */
  readonly title: string;
  /** What it keeps: "Deployment market/api", or another owner's title. */
  readonly keeps: string;
  readonly heals: Heals;
  readonly state: OwnerState;
  /** Null where it cannot be told, or not from here. */
  readonly handle: Handle | null;
  /** What this plugin has left on it. */
  readonly mark: SuspendedMark | null;
  /** Where it cannot be told: what a person can do; otherwise what should be known. */
  readonly advice: string | null;
}

/** A workload, and all that keeps it as it is. */
export interface Owners {
  /** "Deployment market/api". */
  readonly workload: string;
  /** Owners of owners come first: they put back what is changed in the others. */
  readonly owners: readonly Owner[];
}

const PLURALS: Record<WorkloadKind, string> = {
  Deployment: "deployments",
  StatefulSet: "statefulsets",
  DaemonSet: "daemonsets",
};

const ARGO = "argoproj.io/v1alpha1";

/** Where Argo CD is, unless somebody has chosen otherwise. */
const ARGO_NAMESPACE = "argocd";

/** Newest first: a cluster that does not know one may know the next. */
const FLUX = {
  kustomization: {
    kind: "Kustomization",
    plural: "kustomizations",
    versions: ["kustomize.toolkit.fluxcd.io/v1", "kustomize.toolkit.fluxcd.io/v1beta2"],
    brake: kustomizationBrake,
  },
  helmrelease: {
    kind: "HelmRelease",
    plural: "helmreleases",
    versions: ["helm.toolkit.fluxcd.io/v2", "helm.toolkit.fluxcd.io/v2beta2"],
    brake: helmReleaseBrake,
  },
} as const;

/** More would be a circle that is not recognised as one. */
const DEEPEST = 8;

/**
 * Finds what keeps an indexer's workload as it is, and what keeps that as it is, by the marks on them.
 * One question where there are no marks.
 * @throws EmergencyError UNKNOWN_WORKLOAD, and what every question to a cluster throws; not being allowed to
 * read an owner is no reason to: then it is said that nobody can tell.
 */
export async function findOwners({ cluster, workload }: Indexer): Promise<Owners> {
  const { namespace } = cluster;
  const place = {
    apiVersion: "apps/v1",
    plural: PLURALS[workload.kind],
    namespace,
    name: workload.name,
  };
  const object = await cluster.object(place);
  if (object === null) {
    // It says what is not there, and where to look.
    await cluster.workload(workload);
    throw new EmergencyError(
      "UNKNOWN_WORKLOAD",
      `${workload.kind} ${workload.name} has come while it was looked for`,
      "type the same command again",
    );
  }
  const owned: OwnedObject = { ...place, kind: workload.kind, object };
  const found = new Map<string, Owner>();
  await visit(cluster, owned, nameOf(owned), found, 0);
  return { workload: nameOf(owned), owners: [...found.values()] };
}

/**
 * The same, and where no mark names one: Applications that were suspended for this workload. `kubectl rollout
 * undo` takes away the mark by which Argo CD knows a workload, if the revision is older than that.
 */
export async function findSuspended(indexer: Indexer): Promise<Owners> {
  const { workload, owners } = await findOwners(indexer);
  if (owners.some(({ title }) => title.startsWith("Argo CD Application "))) {
    return { workload, owners };
  }
  const kind = { apiVersion: ARGO, plural: "applications" };
  const all = await unlessDenied(indexer.cluster.objects({ ...kind, namespace: null }));
  const found = new Map<string, Owner>(owners.map((owner) => [owner.title, owner]));
  for (const { json, metadata } of all ?? []) {
    const { name } = metadata;
    const place = { ...kind, namespace: textAt(json, "metadata", "namespace"), name };
    const isMarked = readSuspended({ json, metadata })?.for === workload;
    // A list holds what the cluster has, and not what was only tried.
    const object = isMarked ? await indexer.cluster.object(place) : null;
    if (object !== null) {
      const owned: OwnedObject = { ...place, kind: "Application", object };
      const title = `Argo CD Application ${place.namespace}/${name}`;
      await visit(indexer.cluster, owned, title, found, 1);
      const handle = { name: place, object, brake: applicationBrake, appliedBy: appliedBy(owned) };
      found.set(title, ownerOf(title, workload, handle));
    }
  }
  return { workload, owners: [...found.values()] };
}

async function unlessDenied<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof EmergencyError && error.code === "CLUSTER_DENIED") {
      return null;
    }
    throw error;
  }
}

/** "Deployment market/api". */
function nameOf({ kind, namespace, name }: OwnedObject): string {
  return `${kind} ${namespace}/${name}`;
}

/** Adds the owners of an object, behind their own owners. */
async function visit(
  cluster: Cluster,
  owned: OwnedObject,
  title: string,
  found: Map<string, Owner>,
  depth: number,
): Promise<void> {
  const leftAlone =
    depth === 0 &&
    [owned.object.metadata.labels, owned.object.metadata.annotations].some(
      (words) => words[RECONCILE]?.toLowerCase() === "disabled",
    );
  for (const claim of claimsOf(owned)) {
    // Flux leaves owners alone that are marked so, which is done together with their suspension.
    if (depth > 0 && claim.by === "kustomization") {
      continue;
    }
    const resolved = await resolve(cluster, owned, title, claim, leftAlone);
    if (resolved === null || found.has(resolved.owner.title)) {
      continue;
    }
    const { owner, next } = resolved;
    if (next !== null && depth < DEEPEST) {
      // Its place is taken before its own owners are looked for: one that owns itself comes once.
      found.set(owner.title, owner);
      await visit(cluster, next, owner.title, found, depth + 1);
      found.delete(owner.title);
    }
    found.set(owner.title, owner);
  }
}

/** An owner, and the object whose own owners are to be looked for. */
interface Resolved {
  readonly owner: Owner;
  readonly next: OwnedObject | null;
}

async function resolve(
  cluster: Cluster,
  owned: OwnedObject,
  keeps: string,
  claim: Claim,
  leftAlone: boolean,
): Promise<Resolved | null> {
  if (claim.by === "other") {
    const { title, heals, advice } = claim;
    const state = heals === "when asked" ? "idle" : heals === "unknown" ? "unknown" : "active";
    return alone({ title, keeps, heals, state, handle: null, mark: null, advice });
  }
  const title = titleOf(claim, owned);
  let looked: Looked | null;
  try {
    looked = await look(cluster, owned, claim);
  } catch (error) {
    if (!(error instanceof EmergencyError) || error.code !== "CLUSTER_DENIED") {
      throw error;
    }
    if (claim.by === "application" && !claim.certain) {
      return null;
    }
    return alone({
      ...unknown(title, keeps),
      advice: `${error.what}; so nobody can tell from here whether it puts back what is changed`,
    });
  }
  if (looked === null) {
    if (claim.by === "application" && !claim.certain) {
      return null;
    }
    const advice =
      claim.by === "custom"
        ? "its object cannot be found: ask those who run the operator how it is told to stop"
        : `there is no such object in this cluster: either what acts on it is in another cluster, and is told there to stop${claim.by === "application" ? ` (argocd app set ${claim.name} --sync-policy none)` : ""}, or the mark is left over`;
    return alone({
      ...unknown(title, keeps),
      ...(claim.by === "custom" ? { heals: "at once", state: "active" } : {}),
      advice,
    });
  }
  const { name, kind, object, brake } = looked;
  const next: OwnedObject = { ...name, kind, namespace: name.namespace ?? "", object };
  const found = titleOf(claim, owned, next.namespace);
  if (brake === undefined) {
    return {
      owner: {
        title: found,
        keeps,
        heals: "at once",
        state: "active",
        handle: null,
        mark: null,
        advice: `an operator keeps it as ${kind} ${name.name} says, and no way is known to tell it to stop: change that object instead`,
      },
      next,
    };
  }
  const handle = { name, object, brake, appliedBy: appliedBy(next) };
  if (leftAlone && claim.by === "kustomization") {
    const advice = `${keeps} is marked ${RECONCILE}: disabled, and left alone`;
    const heals = brake.heals(object.json);
    return alone({ title: found, keeps, heals, state: "idle", handle: null, mark: null, advice });
  }
  return { owner: ownerOf(found, keeps, handle), next };
}

/** An owner, from its object as it is now. Pure. */
export function ownerOf(title: string, keeps: string, handle: Handle): Owner {
  const { object, brake } = handle;
  const isActive = brake.active(object.json) !== null;
  const read = readSuspended(object);
  const mark = read !== null && brake.kept(read) !== null ? read : null;
  return {
    title,
    keeps,
    heals: isActive ? brake.heals(object.json) : (healsAfter(brake, object, mark) ?? "when asked"),
    state: isActive ? "active" : mark === null ? "idle" : "suspended",
    handle,
    mark,
    advice: null,
  };
}

/** How soon it would put things back if it was resumed. */
function healsAfter(
  brake: Brake,
  { json }: ClusterObject,
  mark: SuspendedMark | null,
): Heals | undefined {
  const automated = at(mark?.was, "automated");
  return mark === null
    ? undefined
    : automated === undefined
      ? brake.heals(json)
      : brake.heals({ ...json, spec: { syncPolicy: { automated } } });
}

interface Looked {
  readonly name: ObjectName;
  readonly kind: string;
  readonly object: ClusterObject;
  readonly brake: Brake | undefined;
}

async function look(
  cluster: Cluster,
  owned: OwnedObject,
  claim: Exclude<Claim, { readonly by: "other" }>,
): Promise<Looked | null> {
  switch (claim.by) {
    case "application":
      return await lookForApplication(cluster, owned, claim);
    case "applicationset": {
      const { namespace, name } = claim;
      const place = { apiVersion: ARGO, plural: "applicationsets", namespace, name };
      const brake = applicationSetBrake(owned.name);
      return withObject(await cluster.object(place), place, "ApplicationSet", brake);
    }
    case "kustomization":
    case "helmrelease": {
      const { kind, plural, versions, brake } = FLUX[claim.by];
      for (const apiVersion of versions) {
        const place = { apiVersion, plural, namespace: claim.namespace, name: claim.name };
        const object = await cluster.object(place);
        if (object !== null) {
          return { name: place, kind, object, brake };
        }
      }
      return null;
    }
    case "custom": {
      const { apiVersion, kind, name } = claim;
      const known = (await cluster.kinds(apiVersion)).find((each) => each.kind === kind);
      if (known === undefined) {
        return null;
      }
      const namespace = known.namespaced ? owned.namespace : null;
      const place = { apiVersion, plural: known.plural, namespace, name };
      return withObject(await cluster.object(place), place, kind, operatorBrake(apiVersion));
    }
  }
}

function withObject(
  object: ClusterObject | null,
  name: ObjectName,
  kind: string,
  brake: Brake | undefined,
): Looked | null {
  return object === null ? null : { name, kind, object, brake };
}

/**
 * The Application that a mark names. Without a namespace it is in Argo CD's own, which may be any; one of that
 * name elsewhere may be another: the one that lists the object among its resources is it.
 */
async function lookForApplication(
  cluster: Cluster,
  owned: OwnedObject,
  claim: Extract<Claim, { readonly by: "application" }>,
): Promise<Looked | null> {
  const kind = { apiVersion: ARGO, plural: "applications" };
  const { name } = claim;
  const namespace = claim.namespace ?? ARGO_NAMESPACE;
  const place = { ...kind, namespace, name };
  const likely = await cluster.object(place);
  if (likely !== null && (claim.namespace !== null || isResourceOf(likely.json, owned) !== false)) {
    if (claim.certain || isResourceOf(likely.json, owned) === true) {
      return { name: place, kind: "Application", object: likely, brake: applicationBrake };
    }
  }
  if (claim.namespace !== null) {
    return null;
  }
  const all = await cluster.objects({ ...kind, namespace: null });
  const object = all.find(
    (each) => each.metadata.name === name && isResourceOf(each.json, owned) === true,
  );
  const found = textAt(object?.json, "metadata", "namespace");
  return withObject(
    object ?? null,
    { ...kind, namespace: found, name },
    "Application",
    applicationBrake,
  );
}

/** Whether an Application lists an object among its resources; null when it lists none at all. */
function isResourceOf(application: JsonObject, owned: OwnedObject): boolean | null {
  const resources = listAt(application, "status", "resources");
  return resources.length === 0
    ? null
    : resources.some(
        (resource) =>
          textAt(resource, "group") === groupOf(owned.apiVersion) &&
          textAt(resource, "kind") === owned.kind &&
          textAt(resource, "name") === owned.name &&
          textAt(resource, "namespace") === owned.namespace,
      );
}

/** The Kustomization that applies an owner. One that applies itself does nothing once it is suspended. */
function appliedBy(owner: OwnedObject): string | null {
  const claim = claimsOf(owner).find(({ by }) => by === "kustomization");
  if (claim?.by !== "kustomization") {
    return null;
  }
  const isItself =
    owner.kind === "Kustomization" &&
    claim.name === owner.name &&
    claim.namespace === owner.namespace;
  return isItself ? null : `${claim.namespace}/${claim.name}`;
}

function titleOf(
  claim: Exclude<Claim, { readonly by: "other" }>,
  owned: OwnedObject,
  found?: string,
): string {
  switch (claim.by) {
    case "application": {
      const namespace = claim.namespace ?? found;
      return `Argo CD Application ${namespace === undefined ? "" : `${namespace}/`}${claim.name}`;
    }
    case "applicationset":
      return `Argo CD ApplicationSet ${claim.namespace}/${claim.name}`;
    case "kustomization":
      return `Flux Kustomization ${claim.namespace}/${claim.name}`;
    case "helmrelease":
      return `Flux HelmRelease ${claim.namespace}/${claim.name}`;
    case "custom":
      return `${claim.kind} ${owned.namespace}/${claim.name} (${groupOf(claim.apiVersion)})`;
  }
}

function unknown(title: string, keeps: string): Owner {
  return {
    title,
    keeps,
    heals: "unknown",
    state: "unknown",
    handle: null,
    mark: null,
    advice: null,
  };
}

function alone(owner: Owner): Resolved {
  return { owner, next: null };
}
