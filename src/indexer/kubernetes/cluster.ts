import type { JsonObject } from "../../json.js";
import type {
  ClusterObject,
  ControllerRevision,
  KubernetesEvent,
  Pod,
  ReplicaSet,
  Workload,
  WorkloadName,
} from "./objects.js";

/** One operation of a JSON patch (RFC 6902). */
export interface PatchOperation extends JsonObject {
  readonly op: "test" | "replace" | "add" | "remove";
  readonly path: string;
}

/** What came of a patch: the object after it, or that a `test` in it did not hold. */
export type Patched = { readonly workload: Workload } | { readonly refused: string };

/** Where objects of a kind are. */
export interface ObjectKind {
  /** "v1", "autoscaling/v2". */
  readonly apiVersion: string;
  /** "configmaps". */
  readonly plural: string;
  /** Default: the cluster's own; null: of no namespace. */
  readonly namespace?: string | null;
}

/** One object of any kind. */
export interface ObjectName extends ObjectKind {
  readonly name: string;
}

/** A kind that an API server knows. */
export interface KnownKind {
  /** "Deployment". */
  readonly kind: string;
  /** "deployments". */
  readonly plural: string;
  readonly namespaced: boolean;
}

/** What came of a write: the object after it; or why it was not done, because it is not as was thought. */
export type Written = { readonly object: ClusterObject } | { readonly refused: string };

/**
 * One namespace of a cluster: what is read of a workload and its history, and what is written. Objects of
 * other kinds are plain JSON, and may be in other namespaces. Every method throws EmergencyError CLUSTER_UNREACHABLE, CLUSTER_CREDENTIALS, CLUSTER_DENIED or
 * CLUSTER_REFUSED.
 */
export interface Cluster {
  /** For people: "namespace market, context production (https://…)". */
  readonly place: string;
  readonly namespace: string;
  /** Which cluster, as kubectl and helm take it; kubeconfig undefined: as they find it themselves. */
  readonly access: { readonly kubeconfig: string | undefined; readonly context: string };
  /**
   * Whether the API server only tries what is written, and keeps nothing: it does all that it would do,
   * admission included. What was tried is what is read afterwards, of the objects that were written.
   */
  readonly dryRun: boolean;
  /** @throws EmergencyError UNKNOWN_WORKLOAD */
  workload(name: WorkloadName): Promise<Workload>;
  /** The ReplicaSets that match a Deployment's selector, whoever controls them. */
  replicaSets(deployment: Workload): Promise<readonly ReplicaSet[]>;
  /** The ControllerRevisions that match a selector, whoever controls them. */
  controllerRevisions(workload: Workload): Promise<readonly ControllerRevision[]>;
  /** The pods that match a workload's selector. */
  pods(workload: Workload): Promise<readonly Pod[]>;
  /** All events of the namespace that warn. */
  warnings(): Promise<readonly KubernetesEvent[]>;
  /** The last lines that a container printed before it ended; null when nobody has them. */
  lastLines(pod: string, container: string, lines: number): Promise<string | null>;
  /** Changes a workload, if every `test` in the patch holds; otherwise it changes nothing. */
  patch(name: WorkloadName, operations: readonly PatchOperation[]): Promise<Patched>;
  /** An object; null when there is none of that name, or no such kind. */
  object(name: ObjectName): Promise<ClusterObject | null>;
  /**
   * All objects of a kind; empty where the cluster does not know the kind.
   * @param labelSelector "app=api,tier=web"; default: all.
   */
  objects(kind: ObjectKind, labelSelector?: string): Promise<readonly ClusterObject[]>;
  /** Makes an object; refused when there is one of that name. @param object with `metadata.name`. */
  create(kind: ObjectKind, object: JsonObject): Promise<Written>;
  /** Changes an object, if every `test` in the patch holds and it is still there. */
  patchObject(name: ObjectName, operations: readonly PatchOperation[]): Promise<Written>;
  /**
   * The kinds of an API group's version; empty when the server does not have it.
   * @param apiVersion "apps/v1".
   */
  kinds(apiVersion: string): Promise<readonly KnownKind[]>;
  /**
   * What a server-side apply would come to, admission and validation included. Nothing is kept, in whichever
   * cluster. Refused when another manager owns a field, unless forced.
   * @param manifest YAML: the server reads it, by rules of its own.
   */
  tryApply(
    name: ObjectName,
    manifest: string,
    how: { readonly manager: string; readonly force: boolean },
  ): Promise<Written>;
  /** Removes an object if it is still the one that was looked at. @returns whether it is gone. */
  remove(name: ObjectName, looked: ClusterObject): Promise<boolean>;
}
