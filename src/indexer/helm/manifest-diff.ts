import { canonicalJson, isRecord } from "../../json.js";
import { identityOf, titleOf, type ManifestObject } from "./manifest.js";

/** One field that is different. */
export interface FieldChange {
  /** "spec.template.spec.containers[api].image". */
  readonly path: string;
  /** The values, where nobody minds who sees them; null where somebody might, or where there is none. */
  readonly before: string | null;
  readonly after: string | null;
}

/** One object that is different. */
export interface ObjectChange {
  /** "Deployment api". */
  readonly object: string;
  readonly change: "added" | "removed" | "changed";
  /** Images first. Empty unless it is changed. */
  readonly fields: readonly FieldChange[];
}

/** What may be shown of an object. Everything else may hold a password: variables, arguments, annotations. */
const SHOWN = /(^|\.)(image|replicas|schedule|suspend|minReplicas|maxReplicas)$/;

/** More fields of one object than this are a new object to whoever reads them. */
const MOST_FIELDS = 200;

/** How one manifest differs from another, by object and field. Values that may be secret are left out. Pure. */
export function diffManifests(
  before: readonly ManifestObject[],
  after: readonly ManifestObject[],
): readonly ObjectChange[] {
  const old = new Map(before.map((object) => [identityOf(object), object]));
  const kept = new Set(after.map(identityOf));
  const changes = after.flatMap((object): readonly ObjectChange[] => {
    const was = old.get(identityOf(object));
    if (was === undefined) {
      return [{ object: titleOf(object), change: "added", fields: [] }];
    }
    const fields = fieldsOf(object.kind, was.json, object.json);
    return fields.length === 0 ? [] : [{ object: titleOf(object), change: "changed", fields }];
  });
  const removed = before
    .filter((object) => !kept.has(identityOf(object)))
    .map((object): ObjectChange => ({ object: titleOf(object), change: "removed", fields: [] }));
  return [...changes, ...removed].sort((a, b) => weightOf(a) - weightOf(b));
}

function weightOf({ fields, change }: ObjectChange): number {
  return fields.some(isImage) ? 0 : change === "changed" ? 1 : 2;
}

function isImage({ path }: Pick<FieldChange, "path">): boolean {
  return path.endsWith(".image");
}

function fieldsOf(kind: string, before: unknown, after: unknown): readonly FieldChange[] {
  const found = walk("", before, after);
  const inOrder = [...found].sort((a, b) => Number(isImage(b)) - Number(isImage(a)));
  return inOrder.slice(0, MOST_FIELDS).map(({ path, before: was, after: is }) => {
    const shown = kind !== "Secret" && kind !== "ConfigMap" && SHOWN.test(path);
    return { path, before: shown ? asText(was) : null, after: shown ? asText(is) : null };
  });
}

interface Found {
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

function walk(path: string, before: unknown, after: unknown): readonly Found[] {
  if (isRecord(before) && isRecord(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) =>
      walk(path === "" ? key : `${path}.${key}`, before[key], after[key]),
    );
  }
  const [old, now] = [named(before), named(after)];
  if (old !== undefined && now !== undefined) {
    const names = [...new Set([...old.keys(), ...now.keys()])];
    return names.flatMap((name) => walk(`${path}[${name}]`, old.get(name), now.get(name)));
  }
  // An object that is only on one side goes by its fields: which data a ConfigMap has lost, say.
  if (isRecord(before) && after === undefined) {
    return fieldsBelow(path, before).flatMap(([at, value]) => walk(at, value, undefined));
  }
  if (isRecord(after) && before === undefined) {
    return fieldsBelow(path, after).flatMap(([at, value]) => walk(at, undefined, value));
  }
  return canonicalJson(before ?? null) === canonicalJson(after ?? null)
    ? []
    : [{ path, before, after }];
}

function fieldsBelow(
  path: string,
  object: Readonly<Record<string, unknown>>,
): readonly (readonly [string, unknown])[] {
  return Object.entries(object).map(([key, value]) => [`${path}.${key}`, value]);
}

/** A list whose items have names, by name: containers, variables, volumes. */
function named(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (!Array.isArray(value)) {
    return undefined;
  }
  const items = value.flatMap((item: unknown) =>
    isRecord(item) && typeof item.name === "string" ? [[item.name, item] as const] : [],
  );
  const map = new Map(items);
  return map.size === value.length ? map : undefined;
}

function asText(value: unknown): string | null {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? String(value)
    : null;
}
