import { EmergencyError } from "../../errors.js";
import type { JsonObject } from "../../json.js";
import type { Indexer } from "../indexer.js";
import { at, textAt } from "./paths.js";

/** Something that changes a workload's size, or runs it in a way of its own. It puts no template back. */
export interface Companion {
  /** "HorizontalPodAutoscaler market/api". */
  readonly title: string;
  /** What it does, and what it means for whoever changes the workload. */
  readonly does: string;
}

interface Kind {
  readonly apiVersion: string;
  readonly plural: string;
  readonly kind: string;
  /** Where it names the workload. */
  readonly target: readonly string[];
  readonly does: (object: JsonObject) => string;
}

const KINDS: readonly Kind[] = [
  {
    apiVersion: "autoscaling/v2",
    plural: "horizontalpodautoscalers",
    kind: "HorizontalPodAutoscaler",
    target: ["spec", "scaleTargetRef"],
    does: (object) =>
      `scales it between ${JSON.stringify(at(object, "spec", "minReplicas") ?? 1)} and ${JSON.stringify(at(object, "spec", "maxReplicas") ?? 1)} pods; a rollback does not concern it`,
  },
  {
    apiVersion: "keda.sh/v1alpha1",
    plural: "scaledobjects",
    kind: "ScaledObject",
    target: ["spec", "scaleTargetRef"],
    does: (object) =>
      textAt(object, "metadata", "annotations", "autoscaling.keda.sh/paused") === "true"
        ? "would scale it, by way of an HPA of its own, and is paused"
        : "scales it, by way of an HPA of its own; a rollback does not concern it",
  },
  {
    apiVersion: "autoscaling.k8s.io/v1",
    plural: "verticalpodautoscalers",
    kind: "VerticalPodAutoscaler",
    target: ["spec", "targetRef"],
    does: (object) =>
      `changes what its pods ask for (${at(object, "spec", "updatePolicy", "updateMode") === "Off" ? "turned off" : "in the pods, not in its template"}); a rollback does not concern it`,
  },
  {
    apiVersion: "flagger.app/v1beta1",
    plural: "canaries",
    kind: "Canary",
    target: ["spec", "targetRef"],
    does: () =>
      "takes each change of its template for a new release, a rollback too: users are served by the Deployment whose name ends in -primary",
  },
  {
    apiVersion: "argoproj.io/v1alpha1",
    plural: "rollouts",
    kind: "Rollout",
    target: ["spec", "workloadRef"],
    does: () =>
      "runs the pods of its template in its own steps, a rollback's too: what kubectl argo rollouts get rollout says counts",
  },
];

/** What else acts on a workload, in its namespace. Kinds that may not be read are named as such. */
export async function findCompanions({
  cluster,
  workload,
}: Indexer): Promise<readonly Companion[]> {
  const found = await Promise.all(
    KINDS.map(async ({ apiVersion, plural, kind, target, does }): Promise<readonly Companion[]> => {
      try {
        const objects = await cluster.objects({ apiVersion, plural });
        return objects
          .filter(({ json }) => {
            const named = at(json, ...target);
            // KEDA's names a Deployment where it names no kind.
            const isKind = (textAt(named, "kind") || "Deployment") === workload.kind;
            return isKind && textAt(named, "name") === workload.name;
          })
          .map(({ metadata, json }) => ({
            title: `${kind} ${cluster.namespace}/${metadata.name}`,
            does: does(json),
          }));
      } catch (error) {
        if (error instanceof EmergencyError && error.code === "CLUSTER_DENIED") {
          return [{ title: `any ${kind}`, does: `nobody can tell: ${error.what}` }];
        }
        throw error;
      }
    }),
  );
  return found.flat();
}
