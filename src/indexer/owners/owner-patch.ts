import type { JsonObject } from "../../json.js";
import type { PatchOperation } from "../kubernetes/cluster.js";
import { RECONCILE } from "./claims.js";
import type { Handle } from "./find-owners.js";
import { readSuspended, SUSPENDED, type SuspendedMark } from "./owner-mark.js";
import { at, escaped } from "./paths.js";

/**
 * The patch that tells an owner to leave things alone, and marks it. Pure. It holds only as long as nobody has
 * changed the owner's spec or annotations since the look; what its controller writes about its state may change.
 * @param was what `brake.active` says.
 */
export function suspendPatch(
  { object, brake, appliedBy }: Handle,
  was: JsonObject,
  { by, at: time, for: workload }: Pick<SuspendedMark, "by" | "at" | "for">,
): readonly PatchOperation[] {
  const { annotations } = object.metadata;
  const before = readSuspended(object);
  const change = brake.suspend(object.json);
  const isPinned = annotations[RECONCILE]?.toLowerCase() === "disabled";
  const pins = appliedBy !== null && !isPinned;
  const reconcile = pins ? (annotations[RECONCILE] ?? null) : before?.reconcile;
  const mark: SuspendedMark = {
    by,
    at: time,
    for: workload,
    was: brake.keep(was, before),
    ...(reconcile === undefined ? {} : { reconcile }),
  };
  return patch(object, change.spec, {
    ...change.annotations,
    ...(pins ? { [RECONCILE]: "disabled" } : {}),
    [SUSPENDED]: JSON.stringify(mark),
  });
}

/** The patch that undoes it, from the mark, and takes the mark away. Guarded in the same way. Pure. */
export function resumePatch(
  { object, brake }: Handle,
  mark: SuspendedMark,
): readonly PatchOperation[] {
  const change = brake.resume(object.json, mark.was);
  const left = brake.left(mark.was, mark);
  const { reconcile } = mark;
  return patch(object, change.spec, {
    ...change.annotations,
    ...(left === null
      ? {
          ...(reconcile === undefined ? {} : { [RECONCILE]: reconcile }),
          [SUSPENDED]: null,
        }
      : { [SUSPENDED]: JSON.stringify({ ...mark, was: left }) }),
  });
}

function patch(
  { json, metadata }: Handle["object"],
  spec: readonly PatchOperation[],
  changes: Readonly<Record<string, string | null>>,
): readonly PatchOperation[] {
  const { uid, resourceVersion, annotations } = metadata;
  const had = Object.keys(annotations).length > 0;
  const wanted = Object.entries(changes);
  const added = Object.fromEntries(wanted.filter(([, value]) => value !== null));
  return [
    { op: "test", path: "/metadata/uid", value: uid },
    { op: "test", path: "/spec", value: at(json, "spec") ?? null },
    // That there are none cannot be tested. That nothing at all has changed can.
    had
      ? { op: "test", path: "/metadata/annotations", value: annotations }
      : { op: "test", path: "/metadata/resourceVersion", value: resourceVersion },
    ...spec,
    ...(had
      ? wanted.flatMap(([name, value]): readonly PatchOperation[] => {
          const path = `/metadata/annotations/${escaped(name)}`;
          if (value !== null) {
            return [{ op: "add", path, value }];
          }
          return annotations[name] === undefined ? [] : [{ op: "remove", path }];
        })
      : [{ op: "add" as const, path: "/metadata/annotations", value: added }]),
  ];
}
