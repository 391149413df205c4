import type { Cluster } from "../../../src/indexer/kubernetes/cluster.js";
import {
  clusterObjectSchema,
  type ClusterObject,
} from "../../../src/indexer/kubernetes/objects.js";
import type { OwnedObject } from "../../../src/indexer/owners/owned-object.js";
import type { JsonObject } from "../../../src/json.js";

/** An object as an API server has it. */
export function object(
  name: string,
  metadata: JsonObject = {},
  rest: JsonObject = {},
): ClusterObject {
  return clusterObjectSchema.parse({
    metadata: {
      name,
      namespace: "market",
      uid: `uid-${name}`,
      creationTimestamp: "2026-01-01T00:00:00Z",
      ...metadata,
    },
    ...rest,
  });
}

/** The Deployment "market/api". */
export function deployment(metadata: JsonObject = {}): OwnedObject {
  return {
    apiVersion: "apps/v1",
    plural: "deployments",
    kind: "Deployment",
    namespace: "market",
    name: "api",
    object: object("api", metadata),
  };
}

/** A cluster that has these objects, by "plural namespace/name", and knows no more than to be read. */
export function clusterWith(
  objects: Readonly<Record<string, ClusterObject>>,
  more: Partial<Cluster> = {},
): Cluster {
  const unknown = (): never => {
    throw new Error("this is not asked of a cluster here");
  };
  return {
    place: "namespace market, context test",
    namespace: "market",
    access: { kubeconfig: undefined, context: "test" },
    dryRun: false,
    workload: unknown,
    replicaSets: unknown,
    controllerRevisions: unknown,
    pods: unknown,
    warnings: unknown,
    lastLines: unknown,
    patch: unknown,
    create: unknown,
    patchObject: unknown,
    kinds: unknown,
    tryApply: unknown,
    remove: unknown,
    object: async ({ plural, namespace = "market", name }) =>
      await Promise.resolve(objects[`${plural} ${namespace ?? ""}/${name}`] ?? null),
    objects: async ({ plural, namespace = "market" }) =>
      await Promise.resolve(
        Object.entries(objects)
          .filter(([key]) =>
            key.startsWith(`${plural} ${namespace === null ? "" : `${namespace}/`}`),
          )
          .map(([, found]) => found),
      ),
    ...more,
  };
}
