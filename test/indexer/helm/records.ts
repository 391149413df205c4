import { gzipSync } from "node:zlib";

import type { Cluster } from "../../../src/indexer/kubernetes/cluster.js";
import type { ClusterObject } from "../../../src/indexer/kubernetes/objects.js";
import type { JsonObject } from "../../../src/json.js";

/** A release as helm writes it. */
export function releaseJson(changes: {
  readonly version?: number;
  readonly info?: JsonObject;
  readonly manifest?: string;
  readonly config?: JsonObject;
  readonly hooks?: readonly JsonObject[];
}): JsonObject {
  const { version = 1, info = {}, manifest = "", config = {}, hooks = [] } = changes;
  return {
    name: "api",
    info: {
      first_deployed: "2026-01-01T00:00:00Z",
      last_deployed: "2026-01-02T00:00:00Z",
      description: "Install complete",
      status: "deployed",
      ...info,
    },
    chart: {
      metadata: { name: "indexer", version: "1.2.0", appVersion: "7" },
      files: [{ name: "crds/a.yaml", data: "YQ==" }],
    },
    config,
    manifest,
    hooks: [...hooks],
    version,
    namespace: "market",
    apply_method: "ssa",
  };
}

/** What helm keeps of a text. */
export function packed(text: string): string {
  return gzipSync(Buffer.from(text)).toString("base64");
}

/** The record of a release. @param release what is under its key, before a Secret encodes it. */
export function record(version: number, release: string): ClusterObject {
  const name = `sh.helm.release.v1.api.v${version}`;
  const metadata = {
    name,
    uid: name,
    resourceVersion: "7",
    creationTimestamp: "2026-01-01T00:00:00Z",
  };
  return {
    metadata: {
      ...metadata,
      generation: 0,
      annotations: {},
      labels: { owner: "helm", name: "api" },
      ownerReferences: [],
    },
    json: {
      metadata: {
        ...metadata,
        managedFields: [{ manager: "Helm", time: "2026-01-03T00:00:00Z" }],
      },
      data: { release: Buffer.from(release).toString("base64") },
    },
  };
}

/** A cluster with these records, which can do nothing else. */
export function clusterWith(records: readonly ClusterObject[]): Cluster {
  const never = async (): Promise<never> =>
    await Promise.reject(new Error("nobody was to ask that"));
  return {
    place: "namespace market",
    namespace: "market",
    access: { kubeconfig: undefined, context: "test" },
    dryRun: false,
    workload: never,
    replicaSets: never,
    controllerRevisions: never,
    pods: never,
    warnings: never,
    lastLines: never,
    patch: never,
    object: never,
    objects: async ({ namespace }) => await Promise.resolve(namespace === null ? [] : [...records]),
    create: never,
    patchObject: never,
    kinds: never,
    tryApply: never,
    remove: never,
  };
}
