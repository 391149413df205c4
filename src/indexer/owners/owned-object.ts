import { z } from "zod";

import type { ObjectName } from "../kubernetes/cluster.js";
import type { ClusterObject } from "../kubernetes/objects.js";

/** An object of which it is asked what keeps it as it is. */
export interface OwnedObject extends ObjectName {
  /** "Deployment". */
  readonly kind: string;
  readonly namespace: string;
  readonly object: ClusterObject;
}

/** Who an object is controlled by, or was made by. */
const ownerReference = z.object({
  apiVersion: z.string().default(""),
  kind: z.string().default(""),
  name: z.string().default(""),
  controller: z.boolean().default(false),
});

const managedFields = z.object({
  manager: z.string().default(""),
  /** Of `status` and `scale` writers. */
  subresource: z.string().default(""),
  fieldsV1: z.record(z.unknown()).default({}),
});

const shape = z.object({
  metadata: z.object({
    ownerReferences: z.array(ownerReference).default([]),
    managedFields: z.array(managedFields).default([]),
  }),
});

/** See {@link ownerReference}. */
export type OwnerReference = z.infer<typeof ownerReference>;

/** The parts of an object's metadata that say who writes it, beyond labels and annotations. */
export function writersOf({ json }: ClusterObject): z.infer<typeof shape>["metadata"] {
  const result = shape.safeParse(json);
  return result.success ? result.data.metadata : { ownerReferences: [], managedFields: [] };
}

/** "apps" of "apps/v1", "" of "v1". */
export function groupOf(apiVersion: string): string {
  return apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
}
