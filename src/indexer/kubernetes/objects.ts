import { z } from "zod";

import type { JsonObject } from "../../json.js";
import { jsonObjectSchema } from "../../json-schema.js";

/**
 * The parts of Kubernetes' objects that are looked at. Templates and annotations go back to the cluster
 * as they came, so nothing that this file does not name is lost.
 */

/** The kinds of workloads whose rollouts Kubernetes keeps a history of. */
export const WORKLOAD_KINDS = ["Deployment", "StatefulSet", "DaemonSet"] as const;

/** One of {@link WORKLOAD_KINDS}. */
export type WorkloadKind = (typeof WORKLOAD_KINDS)[number];

/** A workload by its name, in the namespace of the cluster that is asked. */
export interface WorkloadName {
  readonly kind: WorkloadKind;
  readonly name: string;
}

const count = z.number().int().nonnegative().default(0);

const metadata = z.object({
  name: z.string(),
  uid: z.string(),
  resourceVersion: z.string().default(""),
  generation: z.number().int().default(0),
  creationTimestamp: z.string(),
  deletionTimestamp: z.string().optional(),
  annotations: z.record(z.string()).default({}),
  labels: z.record(z.string()).default({}),
  ownerReferences: z
    .array(z.object({ uid: z.string(), controller: z.boolean().default(false) }))
    .default([]),
});

const expression = z.object({
  key: z.string(),
  operator: z.string(),
  values: z.array(z.string()).default([]),
});

const condition = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().default(""),
  message: z.string().default(""),
});

/** What every object says of itself. */
export type Metadata = z.infer<typeof metadata>;

/** An object of any kind: what it says of itself, and all of it as the API server has it. */
export interface ClusterObject {
  readonly metadata: Metadata;
  readonly json: JsonObject;
}

/** See {@link ClusterObject}. */
export const clusterObjectSchema: z.ZodType<ClusterObject, z.ZodTypeDef, unknown> =
  jsonObjectSchema.transform((json, context) => {
    const result = metadata.safeParse(json.metadata);
    if (result.success) {
      return { metadata: result.data, json };
    }
    context.addIssue({ code: "custom", message: "it has no metadata" });
    return z.NEVER;
  });

/** A Deployment, StatefulSet or DaemonSet. */
export const workloadSchema = z.object({
  metadata,
  spec: z.object({
    /** Absent in a DaemonSet. */
    replicas: z.number().int().nonnegative().optional(),
    paused: z.boolean().default(false),
    selector: z.object({
      matchLabels: z.record(z.string()).default({}),
      matchExpressions: z.array(expression).default([]),
    }),
    template: jsonObjectSchema,
    /** Of StatefulSets and DaemonSets. */
    updateStrategy: z
      .object({
        type: z.string(),
        rollingUpdate: z.object({ partition: z.number().int().optional() }).optional(),
      })
      .optional(),
    /** Of StatefulSets. */
    volumeClaimTemplates: z.array(z.unknown()).default([]),
    persistentVolumeClaimRetentionPolicy: z
      .object({ whenScaled: z.string().default("Retain") })
      .optional(),
  }),
  status: z
    .object({
      observedGeneration: z.number().int().default(0),
      replicas: count,
      updatedReplicas: count,
      availableReplicas: count,
      readyReplicas: count,
      currentReplicas: count,
      currentRevision: z.string().default(""),
      updateRevision: z.string().default(""),
      desiredNumberScheduled: count,
      currentNumberScheduled: count,
      updatedNumberScheduled: count,
      numberAvailable: count,
      conditions: z.array(condition).default([]),
    })
    .default({}),
});

/** See {@link workloadSchema}. */
export type Workload = z.infer<typeof workloadSchema>;

/** The revision of a Deployment. */
export const replicaSetSchema = z.object({
  metadata,
  spec: z.object({ replicas: count, template: jsonObjectSchema }),
  status: z
    .object({
      observedGeneration: z.number().int().default(0),
      replicas: count,
      availableReplicas: count,
      conditions: z.array(condition).default([]),
    })
    .default({}),
});

/** See {@link replicaSetSchema}. */
export type ReplicaSet = z.infer<typeof replicaSetSchema>;

/** The revision of a StatefulSet or a DaemonSet. */
export const controllerRevisionSchema = z.object({
  metadata,
  revision: z.number().int(),
  data: z.object({ spec: z.object({ template: jsonObjectSchema }) }),
});

/** See {@link controllerRevisionSchema}. */
export type ControllerRevision = z.infer<typeof controllerRevisionSchema>;

const terminated = z.object({
  exitCode: z.number().int().default(0),
  reason: z.string().default(""),
  message: z.string().default(""),
});

const containerStatus = z.object({
  name: z.string(),
  image: z.string().default(""),
  ready: z.boolean().default(false),
  restartCount: count,
  state: z
    .object({
      waiting: z
        .object({ reason: z.string().default(""), message: z.string().default("") })
        .optional(),
      terminated: terminated.optional(),
      running: z.object({}).optional(),
    })
    .default({}),
  lastState: z.object({ terminated: terminated.optional() }).default({}),
});

/** See {@link podSchema}. */
export type ContainerStatus = z.infer<typeof containerStatus>;

/** A pod. */
export const podSchema = z.object({
  metadata,
  spec: z.object({ nodeName: z.string().default("") }),
  status: z
    .object({
      phase: z.string().default(""),
      reason: z.string().default(""),
      message: z.string().default(""),
      conditions: z.array(condition).default([]),
      initContainerStatuses: z.array(containerStatus).default([]),
      containerStatuses: z.array(containerStatus).default([]),
    })
    .default({}),
});

/** See {@link podSchema}. */
export type Pod = z.infer<typeof podSchema>;

/** Something that happened to an object. */
export const eventSchema = z.object({
  metadata: z.object({ creationTimestamp: z.string().nullish() }),
  involvedObject: z.object({
    uid: z.string().default(""),
    name: z.string().default(""),
    /** "spec.containers{api}", where it is of one container. */
    fieldPath: z.string().default(""),
  }),
  type: z.string().default(""),
  reason: z.string().default(""),
  message: z.string().nullish(),
  lastTimestamp: z.string().nullish(),
  eventTime: z.string().nullish(),
});

/** See {@link eventSchema}. */
export type KubernetesEvent = z.infer<typeof eventSchema>;
