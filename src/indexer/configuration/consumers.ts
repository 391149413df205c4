import { EmergencyError } from "../../errors.js";
import { isRecord } from "../../json.js";
import { FIELD_MANAGER } from "../kubernetes/api-cluster.js";
import type { Cluster } from "../kubernetes/cluster.js";
import {
  WORKLOAD_KINDS,
  workloadSchema,
  type ClusterObject,
  type Pod,
  type Workload,
  type WorkloadKind,
  type WorkloadName,
} from "../kubernetes/objects.js";
import {
  referencesOf,
  titleOf,
  type ConfigurationName,
  type ConfigurationReference,
} from "./references.js";

/** A workload that reads a ConfigMap or Secret. */
export interface Consumer {
  readonly name: WorkloadName;
  readonly workload: Workload;
  /** Those of the asked-for objects that it reads. */
  readonly reads: readonly ConfigurationReference[];
}

const PLURALS: Record<WorkloadKind, string> = {
  Deployment: "deployments",
  StatefulSet: "statefulsets",
  DaemonSet: "daemonsets",
};

/**
 * The Deployments, StatefulSets and DaemonSets of the namespace that read any of these objects, by kind and
 * name. Jobs read them when they next run, and pods of nobody are nobody's to restart.
 * @throws EmergencyError CLUSTER_DENIED
 */
export async function consumersOf(
  cluster: Cluster,
  names: readonly ConfigurationName[],
): Promise<readonly Consumer[]> {
  const wanted = new Set(names.map(titleOf));
  const lists = await Promise.all(
    WORKLOAD_KINDS.map(async (kind) => {
      const objects = await cluster.objects({ apiVersion: "apps/v1", plural: PLURALS[kind] });
      return objects.flatMap(({ json, metadata: { name } }): readonly Consumer[] => {
        const workload = workloadSchema.parse(json);
        const reads = referencesOf(workload.spec.template).filter((reference) =>
          wanted.has(titleOf(reference)),
        );
        return reads.length === 0 ? [] : [{ name: { kind, name }, workload, reads }];
      });
    }),
  );
  return lists.flat();
}

/**
 * When this plugin last changed an object, by the API server's clock, in milliseconds; null when it never did,
 * or somebody else has changed all of that since. Pure.
 */
export function changedByUsMs({ json }: ClusterObject): number | null {
  const { managedFields } = isRecord(json.metadata) ? json.metadata : {};
  const entries: readonly unknown[] = Array.isArray(managedFields) ? managedFields : [];
  const times = entries
    .filter(isRecord)
    .filter(({ manager, fieldsV1 }) => manager === FIELD_MANAGER && isRecord(fieldsV1))
    .filter(
      ({ fieldsV1 }) => isRecord(fieldsV1) && ("f:data" in fieldsV1 || "f:binaryData" in fieldsV1),
    )
    .map(({ time }) => Date.parse(String(time)))
    .filter((ms) => !Number.isNaN(ms));
  return times.length === 0 ? null : Math.max(...times);
}

/**
 * Whether a pod that runs may still have what an object held before it was changed. Pure. Times have a second's
 * resolution: a pod of the same second counts as older, so that none is forgotten.
 */
export function isOlder({ metadata }: Pod, changedMs: number): boolean {
  return (
    metadata.deletionTimestamp === undefined && Date.parse(metadata.creationTimestamp) <= changedMs
  );
}

/**
 * "ConfigMap env,Secret db" as names.
 * @throws EmergencyError BAD_PLAN
 */
export function parseNames(text: string): readonly ConfigurationName[] {
  return text
    .split(",")
    .filter((each) => each !== "")
    .map((each) => {
      const [kind, name, more] = each.split(" ");
      if ((kind !== "ConfigMap" && kind !== "Secret") || name === undefined || more !== undefined) {
        throw new EmergencyError(
          "BAD_PLAN",
          `"${each}" is neither a ConfigMap nor a Secret`,
          "make the plan again with --dry-run --save-plan",
        );
      }
      return { kind, name };
    });
}
