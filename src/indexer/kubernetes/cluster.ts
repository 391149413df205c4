import type { JsonObject } from "../../json.js";
import type {
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

/**
 * One namespace of a cluster: what is read of a workload and its history, and the one thing that is
 * written. Every method throws EmergencyError CLUSTER_UNREACHABLE, CLUSTER_CREDENTIALS, CLUSTER_DENIED or
 * CLUSTER_REFUSED.
 */
export interface Cluster {
  /** For people: "namespace market, context production (https://…)". */
  readonly place: string;
  readonly namespace: string;
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
  /**
   * Changes a workload, if every `test` in the patch holds; otherwise it changes nothing.
   * @param dryRun the API server does all that it would do, admission included, and keeps nothing.
   */
  patch(
    name: WorkloadName,
    operations: readonly PatchOperation[],
    dryRun: boolean,
  ): Promise<Patched>;
}
