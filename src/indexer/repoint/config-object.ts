import { z } from "zod";

import type { JsonObject } from "../../json.js";
import { jsonObjectSchema } from "../../json-schema.js";
import type { ObjectKind, ObjectName, PatchOperation } from "../kubernetes/cluster.js";
import type { ClusterObject } from "../kubernetes/objects.js";
import { LAST_APPLIED } from "../kubernetes/template-patch.js";

/** A ConfigMap or a Secret by its name, in the workload's namespace. */
export interface ObjectRef {
  readonly kind: "ConfigMap" | "Secret";
  readonly name: string;
}

/** What pods read from a ConfigMap or a Secret. */
export interface ConfigObject {
  readonly ref: ObjectRef;
  readonly metadata: ClusterObject["metadata"];
  readonly immutable: boolean;
  /** As text, of a Secret as well. */
  readonly data: Readonly<Record<string, string>>;
  /** All of it, as the API server has it. */
  readonly json: JsonObject;
}

const PLURALS = { ConfigMap: "configmaps", Secret: "secrets" } as const;

const shape = z.object({
  immutable: z.boolean().default(false),
  data: z.record(z.string()).nullish(),
});

/** Tells objects apart. */
export function objectKey({ kind, name }: ObjectRef): string {
  return `${kind}/${name}`;
}

/** As the API server names it. */
export function kindOf({ kind }: ObjectRef): ObjectKind {
  return { apiVersion: "v1", plural: PLURALS[kind] };
}

/** As the API server names it. */
export function nameOf(ref: ObjectRef): ObjectName {
  return { ...kindOf(ref), name: ref.name };
}

/** An object in the form that this folder works with. */
export function configObject(ref: ObjectRef, { metadata, json }: ClusterObject): ConfigObject {
  const { immutable, data } = shape.parse(json);
  const entries = Object.entries(data ?? {}).map(
    ([key, value]) =>
      [key, ref.kind === "Secret" ? Buffer.from(value, "base64").toString("utf8") : value] as const,
  );
  return { ref, metadata, immutable, data: Object.fromEntries(entries), json };
}

/** A value as an object of the kind holds it. */
function stored({ kind }: ObjectRef, value: string): string {
  return kind === "Secret" ? Buffer.from(value, "utf8").toString("base64") : value;
}

/** Keys with their new values; null: without it. */
export type NewData = Readonly<Record<string, string | null>>;

/**
 * The patch that gives some keys another value. It holds only as long as they have the old ones; what others
 * change in the same object meanwhile is kept. What `kubectl apply` remembers changes with it. Pure.
 */
export function dataPatch(object: ConfigObject, changes: NewData): readonly PatchOperation[] {
  const { ref, metadata, data } = object;
  const operations: PatchOperation[] = [{ op: "test", path: "/metadata/uid", value: metadata.uid }];
  const entries = Object.entries(changes);
  if (entries.some(([key]) => data[key] === undefined)) {
    // That a key is not there cannot be tested. That nothing at all has changed can.
    const { resourceVersion } = metadata;
    operations.push({ op: "test", path: "/metadata/resourceVersion", value: resourceVersion });
  }
  if (Object.keys(data).length === 0) {
    operations.push({ op: "add", path: "/data", value: {} });
  }
  for (const [key, value] of entries) {
    const path = `/data/${pointer(key)}`;
    const old = data[key];
    if (old !== undefined) {
      operations.push({ op: "test", path, value: stored(ref, old) });
    }
    if (value !== null) {
      operations.push({ op: "add", path, value: stored(ref, value) });
    } else if (old !== undefined) {
      operations.push({ op: "remove", path });
    }
  }
  const applied = metadata.annotations[LAST_APPLIED];
  if (applied !== undefined) {
    const path = `/metadata/annotations/${pointer(LAST_APPLIED)}`;
    operations.push(
      { op: "test", path, value: applied },
      { op: "replace", path, value: withData(ref, applied, changes) },
    );
  }
  return operations;
}

/** A copy with another name and other values, without what the API server or an owner has written into it. */
export function copyOf(object: ConfigObject, name: string, changes: NewData): JsonObject {
  const { labels } = object.metadata;
  return {
    ...object.json,
    apiVersion: "v1",
    kind: object.ref.kind,
    metadata: {
      name,
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
    },
    data: storedData(object, changes),
  };
}

/** All of its data with the new values, as an object of the kind holds it. */
export function storedData(
  { ref, json }: ConfigObject,
  changes: NewData,
): Readonly<Record<string, string>> {
  const { data } = shape.parse(json);
  return changedData(ref, data ?? {}, changes);
}

function changedData(
  ref: ObjectRef,
  before: Readonly<Record<string, string>>,
  changes: NewData,
): Readonly<Record<string, string>> {
  const kept = Object.entries(before).filter(([key]) => changes[key] === undefined);
  const fresh = Object.entries(changes).flatMap(([key, value]) =>
    value === null ? [] : [[key, stored(ref, value)] as const],
  );
  return Object.fromEntries([...kept, ...fresh]);
}

/** What was last applied, with other values. What cannot be read stays as it is. */
function withData(ref: ObjectRef, applied: string, changes: NewData): string {
  let value: JsonObject;
  try {
    value = jsonObjectSchema.parse(JSON.parse(applied));
  } catch {
    return applied;
  }
  const before = z.record(z.string()).safeParse(value.data);
  const data = changedData(ref, before.success ? before.data : {}, changes);
  return `${JSON.stringify({ ...value, data })}\n`;
}

/** A key in a JSON pointer (RFC 6901). */
function pointer(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}
