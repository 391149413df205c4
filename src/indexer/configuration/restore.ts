import { EmergencyError } from "../../errors.js";
import { jsonObjectSchema } from "../../json-schema.js";
import type { JsonObject } from "../../json.js";
import type { Cluster, PatchOperation } from "../kubernetes/cluster.js";
import type { ClusterObject } from "../kubernetes/objects.js";
import { LAST_APPLIED } from "../kubernetes/template-patch.js";
import {
  contentOf,
  fieldsOf,
  isImmutable,
  objectNameOf,
  sameContent,
  type Content,
} from "./content.js";
import { titleOf, type ConfigurationName } from "./references.js";
import type { Original } from "./copies.js";

/** A ConfigMap or Secret that is to hold something else. */
export interface Restore extends ConfigurationName {
  /** As it was looked at; null where there is none. */
  readonly object: ClusterObject | null;
  readonly wanted: Content;
  readonly original: Original | null;
}

/** How it is done. What is immutable can only be removed and made again, and so can a Secret of another type. */
export function wayOf({ kind, object, wanted }: Restore): "create" | "patch" | "recreate" {
  if (object === null) {
    return "create";
  }
  return isImmutable(object) || contentOf(kind, object).type !== wanted.type ? "recreate" : "patch";
}

/**
 * Brings an object to what it should hold, as long as nobody has changed it since the look.
 * @throws EmergencyError PRIOR_STATE_CHANGED when somebody else was faster.
 */
export async function restoreObject(cluster: Cluster, restore: Restore): Promise<void> {
  const { object } = restore;
  const name = objectNameOf(restore);
  const way = wayOf(restore);
  if (way === "recreate" && object !== null && !(await cluster.remove(name, object))) {
    await changedMeanwhile(cluster, restore, "it is not as it was looked at");
    return;
  }
  const written =
    way === "patch" && object !== null
      ? await cluster.patchObject(name, restorePatch(object, restore))
      : await cluster.create(name, bodyOf(cluster.namespace, restore));
  if ("refused" in written) {
    await changedMeanwhile(cluster, restore, written.refused);
  }
}

/** An answer that was lost on the way is asked for again, and then refused because it was done. */
async function changedMeanwhile(cluster: Cluster, restore: Restore, why: string): Promise<void> {
  const now = await cluster.object(objectNameOf(restore));
  if (now !== null && sameContent(contentOf(restore.kind, now), restore.wanted)) {
    return;
  }
  throw new EmergencyError(
    "PRIOR_STATE_CHANGED",
    `somebody else has changed ${titleOf(restore)} in the same moment (${why}). It was left as it is`,
    "type the same command again: it looks at what there is now",
  );
}

/** Pure. It holds only for the very version that was looked at. */
export function restorePatch(
  object: ClusterObject,
  { kind, wanted }: Pick<Restore, "kind" | "wanted">,
): readonly PatchOperation[] {
  const { uid, resourceVersion, annotations } = object.metadata;
  const applied = annotations[LAST_APPLIED];
  return [
    { op: "test", path: "/metadata/uid", value: uid },
    { op: "test", path: "/metadata/resourceVersion", value: resourceVersion },
    { op: "add", path: "/data", value: wanted.data },
    ...(kind === "ConfigMap"
      ? [{ op: "add" as const, path: "/binaryData", value: wanted.binaryData }]
      : []),
    ...(applied === undefined
      ? []
      : [
          {
            op: "replace" as const,
            path: `/metadata/annotations/${LAST_APPLIED.replaceAll("/", "~1")}`,
            value: withAppliedContent(applied, wanted),
          },
        ]),
  ];
}

/** The fields of a manifest that say what it holds. */
const HELD: ReadonlySet<string> = new Set(["data", "binaryData", "stringData", "type"]);

/**
 * What `kubectl apply` remembers, with what is now there. Left as it is, the next apply would not know that
 * keys of the old configuration are there, and would keep those that its manifest no longer has. What cannot
 * be read stays as it is. Pure.
 */
export function withAppliedContent(applied: string, wanted: Content): string {
  let value: JsonObject;
  try {
    value = jsonObjectSchema.parse(JSON.parse(applied));
  } catch {
    return applied;
  }
  const rest = Object.fromEntries(Object.entries(value).filter(([field]) => !HELD.has(field)));
  // kubectl ends it with a line break.
  return `${JSON.stringify({ ...rest, ...fieldsOf(wanted) })}\n`;
}

/** The object as it is made, or made again: with the labels and annotations that it has, or had. */
function bodyOf(namespace: string, { kind, name, object, wanted, original }: Restore): JsonObject {
  const { labels, annotations }: Pick<Original, "labels" | "annotations"> = object?.metadata ??
    original ?? { labels: {}, annotations: {} };
  const { [LAST_APPLIED]: applied, ...rest } = annotations;
  const owners = jsonObjectSchema.safeParse(object?.json.metadata);
  const { ownerReferences } = owners.success ? owners.data : {};
  return {
    apiVersion: "v1",
    kind,
    metadata: {
      name,
      namespace,
      labels: { ...labels },
      annotations: {
        ...rest,
        ...(applied === undefined || object === null
          ? {}
          : { [LAST_APPLIED]: withAppliedContent(applied, wanted) }),
      },
      ...(ownerReferences === undefined ? {} : { ownerReferences }),
    },
    ...((object === null ? original?.immutable : isImmutable(object)) === true
      ? { immutable: true }
      : {}),
    ...fieldsOf(wanted),
  };
}
