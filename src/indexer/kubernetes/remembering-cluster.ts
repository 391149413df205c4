import type { JsonObject } from "../../json.js";
import type { Cluster, ObjectName, PatchOperation } from "./cluster.js";
import type { ClusterObject, Workload } from "./objects.js";
import { isJsonObject } from "./template.js";

/** What was tried on one object. */
interface Tried<T> {
  /** All patches so far, one behind the other: the server has kept none of them. */
  readonly operations: readonly PatchOperation[];
  /** Null when it was removed. */
  readonly after: T | null;
}

/**
 * A cluster whose API server keeps nothing, and that remembers what it would have kept: a step that builds on
 * another is planned and tried on what that one leaves behind.
 * @param tries opened with `dryRun`.
 */
export function rememberingCluster(tries: Cluster): Cluster {
  const workloads = new Map<string, Tried<Workload>>();
  const objects = new Map<string, Tried<ClusterObject>>();
  const keyOf = ({ apiVersion, plural, namespace = tries.namespace, name }: ObjectName): string =>
    `${apiVersion} ${plural} ${namespace ?? ""} ${name}`;

  return {
    ...tries,
    async workload(name) {
      const tried = workloads.get(`${name.kind} ${name.name}`)?.after;
      return tried ?? (await tries.workload(name));
    },
    async patch(name, operations) {
      const key = `${name.kind} ${name.name}`;
      const all = [
        ...(workloads.get(key)?.operations ?? []),
        ...onTop(operations, workloads.has(key)),
      ];
      const patched = await tries.patch(name, all);
      if ("workload" in patched) {
        workloads.set(key, { operations: all, after: patched.workload });
      }
      return patched;
    },
    async object(name) {
      const tried = objects.get(keyOf(name));
      return tried === undefined ? await tries.object(name) : tried.after;
    },
    async create(kind, object) {
      const own = nameIn(object);
      if (own !== undefined && objects.get(keyOf({ ...kind, name: own }))?.after === null) {
        // What was removed is still there, so it is tried under a name that is free.
        const free = { ...object, metadata: { ...metadataIn(object), name: `${own}-tried` } };
        const tried = await tries.create(kind, free);
        if ("object" in tried) {
          const { json } = tried.object;
          const after = {
            metadata: { ...tried.object.metadata, name: own },
            json: { ...json, metadata: { ...metadataIn(json), name: own } },
          };
          objects.set(keyOf({ ...kind, name: own }), { operations: [], after });
          return { object: after };
        }
        return tried;
      }
      const written = await tries.create(kind, object);
      if ("object" in written) {
        const { name } = written.object.metadata;
        objects.set(keyOf({ ...kind, name }), { operations: [], after: written.object });
      }
      return written;
    },
    async patchObject(name, operations) {
      const key = keyOf(name);
      const before = objects.get(key);
      const all = [...(before?.operations ?? []), ...onTop(operations, before !== undefined)];
      const written = await tries.patchObject(name, all);
      if ("object" in written) {
        objects.set(key, { operations: all, after: written.object });
      }
      return written;
    },
    async remove(name, looked) {
      const done = await tries.remove(name, looked);
      if (done) {
        objects.set(keyOf(name), { operations: [], after: null });
      }
      return done;
    },
  };
}

function metadataIn({ metadata }: JsonObject): JsonObject {
  return isJsonObject(metadata) ? metadata : {};
}

function nameIn(object: JsonObject): string | undefined {
  const { name } = metadataIn(object);
  return typeof name === "string" ? name : undefined;
}

/**
 * A patch as it is sent behind others. What it tests is what is remembered, and that is not what the others come
 * to by themselves: the server has added to it, such as the number of a DaemonSet's template.
 */
function onTop(
  operations: readonly PatchOperation[],
  behindOthers: boolean,
): readonly PatchOperation[] {
  return behindOthers ? operations.filter(({ op }) => op !== "test") : operations;
}
