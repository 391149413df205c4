import {
  podSchema,
  replicaSetSchema,
  workloadSchema,
  type KubernetesEvent,
  type Pod,
  type ReplicaSet,
  type Workload,
} from "../../../src/indexer/kubernetes/objects.js";
import type { Revision } from "../../../src/indexer/kubernetes/history.js";
import { templateHash } from "../../../src/indexer/kubernetes/template.js";
import type { JsonObject } from "../../../src/json.js";

/** A template with one container. */
export function template(image: string, more: JsonObject = {}): JsonObject {
  return {
    metadata: { labels: { app: "api" } },
    spec: { containers: [{ name: "api", image, ...more }] },
  };
}

/** A workload called "api". */
export function workload(
  parts: {
    readonly metadata?: object;
    readonly spec?: object;
    readonly status?: object;
  } = {},
): Workload {
  return workloadSchema.parse({
    metadata: {
      name: "api",
      uid: "uid-api",
      generation: 2,
      creationTimestamp: "2026-01-01T00:00:00Z",
      ...parts.metadata,
    },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: "api" } },
      template: template("api:2"),
      ...parts.spec,
    },
    status: { observedGeneration: 2, ...parts.status },
  });
}

/** A ReplicaSet of that workload. */
export function replicaSet(
  revision: number,
  image: string,
  parts: { readonly metadata?: object; readonly status?: object; readonly owner?: string } = {},
): ReplicaSet {
  return replicaSetSchema.parse({
    metadata: {
      name: `api-${revision}`,
      uid: `uid-${revision}`,
      creationTimestamp: `2026-01-0${revision}T00:00:00Z`,
      annotations: { "deployment.kubernetes.io/revision": String(revision) },
      ownerReferences: [{ uid: parts.owner ?? "uid-api", controller: true }],
      ...parts.metadata,
    },
    spec: {
      replicas: 1,
      template: {
        ...template(image),
        metadata: { labels: { app: "api", "pod-template-hash": `hash${revision}` } },
      },
    },
    status: { ...parts.status },
  });
}

/** A revision of that workload. */
export function revision(number: number, image: string, parts: Partial<Revision> = {}): Revision {
  return {
    number,
    name: `api-${number}`,
    uid: `uid-${number}`,
    present: false,
    images: [image],
    changeCause: null,
    createdAt: "2026-01-01T00:00:00Z",
    pods: 0,
    available: 0,
    health: "unknown",
    recorded: null,
    hash: templateHash(template(image)),
    template: template(image),
    annotations: {},
    ...parts,
  };
}

/** A pod with one container, on a node. */
export function pod(status: object, spec: object = { nodeName: "node-1" }): Pod {
  return podSchema.parse({
    metadata: { name: "api-x", uid: "uid-pod", creationTimestamp: "2026-01-01T00:00:00Z" },
    spec,
    status,
  });
}

/** A warning of an object. */
export function warning(
  uid: string,
  reason: string,
  message: string,
  fieldPath = "",
): KubernetesEvent {
  return {
    metadata: { creationTimestamp: "2026-01-01T00:00:00Z" },
    involvedObject: { uid, name: "", fieldPath },
    type: "Warning",
    reason,
    message,
  };
}
