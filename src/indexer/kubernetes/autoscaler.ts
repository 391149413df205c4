import { z } from "zod";

import type { Cluster } from "./cluster.js";
import type { ClusterObject, WorkloadName } from "./objects.js";

/** How few and how many pods an autoscaler lets a workload have. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** What changes the number of a workload's pods by itself. */
export interface Autoscaler extends Bounds {
  /** Of the HorizontalPodAutoscaler. */
  readonly name: string;
  readonly uid: string;
  /**
   * Whether it leaves a workload alone that is to have no pods. It does, but for one that may scale to zero
   * itself: what it has stopped, or could have, it starts again.
   */
  readonly restsAtZero: boolean;
  /** What it is made from, and would be made the same from again: "ScaledObject indexer"; null: nobody's. */
  readonly owner: string | null;
}

const AUTOSCALERS = { apiVersion: "autoscaling/v2", plural: "horizontalpodautoscalers" } as const;

const autoscalerSchema = z.object({
  metadata: z.object({
    ownerReferences: z
      .array(
        z.object({ kind: z.string(), name: z.string(), controller: z.boolean().default(false) }),
      )
      .default([]),
  }),
  spec: z.object({
    scaleTargetRef: z.object({
      kind: z.string(),
      name: z.string(),
      apiVersion: z.string().default("apps/v1"),
    }),
    // Kubernetes takes none given for one.
    minReplicas: z.number().int().nonnegative().default(1),
    maxReplicas: z.number().int(),
  }),
  status: z
    .object({
      conditions: z.array(z.object({ type: z.string(), status: z.string() })).nullish(),
    })
    .default({}),
});

/**
 * The autoscalers of a workload, as HorizontalPodAutoscalers are matched by their controller
 * (pkg/controller/podautoscaler/horizontal.go): by group, kind and name of the target. One that KEDA has made,
 * and that KEDA was told to let rest, is none.
 */
export async function readAutoscalers(
  cluster: Cluster,
  workload: WorkloadName,
): Promise<readonly Autoscaler[]> {
  const all = await cluster.objects(AUTOSCALERS);
  const own = await Promise.all(
    all
      .filter((object) => isFor(object, workload))
      // A dry run remembers single objects.
      .map(async (object) =>
        cluster.dryRun
          ? await cluster.object({ ...AUTOSCALERS, name: object.metadata.name })
          : object,
      ),
  );
  const found = await Promise.all(
    own.map(async (object) =>
      object === null || (await isResting(cluster, object)) ? [] : asAutoscaler(object),
    ),
  );
  return found.flat();
}

/** Where an autoscaler is. */
export function autoscalerNamed(name: string): typeof AUTOSCALERS & { readonly name: string } {
  return { ...AUTOSCALERS, name };
}

/** "HorizontalPodAutoscaler api (2 to 5 pods)". */
export function inWords({ name, min, max }: Autoscaler): string {
  return `HorizontalPodAutoscaler ${name} (${min} to ${max} pods)`;
}

/** Whether a number is one that an autoscaler lets stand, if its metrics agree. */
export function fits(replicas: number, { min, max }: Bounds): boolean {
  return replicas >= min && replicas <= max;
}

function isFor({ json }: ClusterObject, { kind, name }: WorkloadName): boolean {
  const result = autoscalerSchema.safeParse(json);
  if (!result.success) {
    return false;
  }
  const target = result.data.spec.scaleTargetRef;
  // Also written as "extensions/v1beta1", where Deployments once were.
  const group = target.apiVersion.split("/")[0];
  return (
    target.kind === kind && target.name === name && (group === "apps" || group === "extensions")
  );
}

function asAutoscaler({ metadata, json }: ClusterObject): readonly Autoscaler[] {
  const result = autoscalerSchema.safeParse(json);
  if (!result.success) {
    return [];
  }
  const { spec, status } = result.data;
  const zeroed = (status.conditions ?? []).some(
    (condition) => condition.type === "ScaledToZero" && condition.status === "True",
  );
  const owner = ownerOf(json);
  return [
    {
      name: metadata.name,
      uid: metadata.uid,
      min: spec.minReplicas,
      max: spec.maxReplicas,
      // KEDA starts what it has stopped by itself, without its autoscaler.
      restsAtZero: spec.minReplicas > 0 && !zeroed && owner?.kind !== "ScaledObject",
      owner: owner === undefined ? null : `${owner.kind} ${owner.name}`,
    },
  ];
}

function ownerOf(json: unknown): { readonly kind: string; readonly name: string } | undefined {
  const result = autoscalerSchema.safeParse(json);
  return result.success
    ? result.data.metadata.ownerReferences.find(({ controller }) => controller)
    : undefined;
}

/** KEDA takes an autoscaler away a moment after it was told to pause: until then it is still there. */
async function isResting(cluster: Cluster, { json }: ClusterObject): Promise<boolean> {
  const owner = ownerOf(json);
  if (owner?.kind !== "ScaledObject") {
    return false;
  }
  const scaled = await cluster.object({
    apiVersion: "keda.sh/v1alpha1",
    plural: "scaledobjects",
    name: owner.name,
  });
  const { annotations = {} } = scaled?.metadata ?? {};
  return (
    annotations["autoscaling.keda.sh/paused"] === "true" ||
    "autoscaling.keda.sh/paused-replicas" in annotations
  );
}
