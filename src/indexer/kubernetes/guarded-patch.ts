import { EmergencyError } from "../../errors.js";
import { canonicalJson, type Json } from "../../json.js";
import type { Indexer } from "../indexer.js";
import type { PatchOperation } from "./cluster.js";
import type { Metadata, Workload } from "./objects.js";

/**
 * Operations that give an object a label, and leave its other ones as they are then. Pure.
 *
 * What this plugin has to remember of a workload or a revision is in labels, and not in annotations: a
 * Deployment's annotations are copied to its ReplicaSets, and `kubectl rollout undo` copies all of a
 * ReplicaSet's to the Deployment and drops the others. So an annotation would be forgotten, or come back on
 * something else. Labels are neither copied nor dropped.
 */
export function withLabel(
  { labels, resourceVersion }: Pick<Metadata, "labels" | "resourceVersion">,
  key: string,
  value: string,
): readonly PatchOperation[] {
  if (Object.keys(labels).length > 0) {
    return labelled(key, value);
  }
  // That there are none cannot be tested. That nothing at all has changed can.
  return [
    { op: "test", path: "/metadata/resourceVersion", value: resourceVersion },
    { op: "add", path: "/metadata/labels", value: { [key]: value } },
  ];
}

/** The same for an object that is known to have some already. Pure. */
export function labelled(key: string, value: string): readonly PatchOperation[] {
  return [{ op: "add", path: pointer("metadata", "labels", key), value }];
}

/** Operations that take a label away, if it is there. Pure. */
export function withoutLabel(
  { labels }: Pick<Metadata, "labels">,
  key: string,
): readonly PatchOperation[] {
  return key in labels ? [{ op: "remove", path: pointer("metadata", "labels", key) }] : [];
}

/** Operations that replace something, as long as it is what was looked at. Pure. */
export function replaced(path: string, before: Json, after: Json): readonly PatchOperation[] {
  return [
    { op: "test", path, value: before },
    { op: "replace", path, value: after },
  ];
}

/** A path of RFC 6901. */
function pointer(...keys: readonly string[]): string {
  return keys.map((key) => `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** A workload says how it is all the time, which makes it another one to whoever tests all of it. */
const ATTEMPTS = 5;

/**
 * Changes a workload, as long as it is the one that was looked at, and all that the operations test.
 * @param operationsOn the operations, for a workload that differs from the one that was looked at in its status
 * only.
 * @param isDone whether it is as it should be after the patch: an answer that was lost on the way is asked for
 * again, and then refused because it was done.
 * @returns the workload after it.
 * @throws EmergencyError PRIOR_STATE_CHANGED when somebody else was faster; nothing was written then.
 */
export async function changeWorkload(
  { cluster, workload: name }: Pick<Indexer, "cluster" | "workload">,
  looked: Workload,
  operationsOn: (looked: Workload) => readonly PatchOperation[],
  isDone: (now: Workload) => boolean,
): Promise<Workload> {
  const { uid } = looked.metadata;
  let last = looked;
  for (let attempt = 1; ; attempt += 1) {
    const patched = await cluster.patch(name, [
      { op: "test", path: "/metadata/uid", value: uid },
      ...operationsOn(last),
    ]);
    if ("workload" in patched) {
      return patched.workload;
    }
    const now = await cluster.workload(name);
    if (now.metadata.uid === uid && isDone(now)) {
      return now;
    }
    const isRetold =
      now.metadata.resourceVersion !== last.metadata.resourceVersion &&
      canonicalJson(wishesOf(now)) === canonicalJson(wishesOf(looked));
    if (!isRetold || attempt === ATTEMPTS) {
      throw new EmergencyError(
        "PRIOR_STATE_CHANGED",
        `somebody else has changed ${name.kind} ${name.name} in the same moment (${patched.refused}). Nothing was written to it`,
        "type the command again: it looks at the workload as it is now",
      );
    }
    last = now;
  }
}

/** What people want of a workload, and not how it is. */
function wishesOf({ metadata, spec }: Workload): unknown {
  const { uid, generation, labels, annotations } = metadata;
  return { uid, generation, labels, annotations, spec };
}
