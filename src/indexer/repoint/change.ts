import type { JsonObject } from "../../json.js";
import { objectKey, type ConfigObject, type NewData } from "./config-object.js";
import { withValues } from "./file.js";
import type { RepointIntent } from "./intent.js";
import { hashedName, isHashed } from "./kustomize-name.js";
import type { Seen } from "./look.js";
import type { Decided, ValueChange } from "./values.js";
import type { TemplateEdit } from "./template-edit.js";

/** What the pods were made to read, by contract: a template with another mark has other pods. */
export const REPOINTED_ANNOTATION = "hardhat-emergency/repointed";

/** One ConfigMap or Secret with other values. */
export interface ObjectChange {
  readonly object: ConfigObject;
  readonly data: NewData;
  readonly changes: readonly ValueChange[];
  /** The name of the copy that is made, because this one stays as it is; null: it is changed itself. */
  readonly as: string | null;
}

/** All that is written, in this order. */
export interface Writes {
  /** What the old contract was, where it would be lost with the next write; null: it is not. */
  readonly first: TemplateEdit | null;
  readonly objects: readonly ObjectChange[];
  readonly last: TemplateEdit | null;
}

/** What has to be written for values to become what was decided. */
export async function writesFor(
  { objects, workload }: Seen,
  { changes, wanted }: Decided,
  intent: RepointIntent,
  haveRead: (objects: readonly ConfigObject[]) => Promise<boolean>,
): Promise<Writes> {
  const changed = await objectChanges(objects, changes, intent);
  const inPlace = changed.filter(({ as }) => as === null);
  const variables = changes.flatMap(({ spot, value }) =>
    spot.place.in === "container"
      ? [{ role: spot.role, container: spot.place.container, name: spot.name, value }]
      : [],
  );
  const previous = variables.filter(({ role }) => role.startsWith("previous"));
  const first = inPlace.length > 0 && previous.length > 0 ? editOf(previous, [], {}) : null;
  const others = first === null ? variables : variables.filter((one) => !previous.includes(one));

  const marks = readMarks(workload.spec.template);
  const mark = `${intent.to}@${intent.startBlock ?? "-"}`;
  const read = [
    ...new Set(
      wanted.flatMap(({ spot: { place } }) =>
        place.in === "container" ? [] : [objects.get(objectKey(place.object))],
      ),
    ),
  ].flatMap((object) => (object === undefined || isFixed(object) ? [] : [object]));
  const restart =
    inPlace.length > 0 ||
    (read.length > 0 &&
      changes.length === 0 &&
      marks[intent.contract] !== mark &&
      !(await haveRead(read)));
  const renamed = changed.flatMap(({ object, as }) =>
    as === null ? [] : [{ object: object.ref, to: as }],
  );
  const annotations = restart
    ? { [REPOINTED_ANNOTATION]: JSON.stringify({ ...marks, [intent.contract]: mark }) }
    : {};
  const last =
    others.length + renamed.length > 0 || restart ? editOf(others, renamed, annotations) : null;
  return { first, objects: changed, last };
}

function editOf(
  variables: TemplateEdit["variables"],
  renamed: TemplateEdit["renamed"],
  annotations: TemplateEdit["annotations"],
): TemplateEdit {
  return {
    variables: variables.map(({ container, name, value }) => ({ container, name, value })),
    renamed,
    annotations,
  };
}

/** Whether an object is never changed, but replaced by one of another name. */
function isFixed({ immutable, ref }: ConfigObject): boolean {
  return immutable || isHashed(ref.name);
}

/** Those that get the old contract come first: its start block is lost with that of the new one. */
async function objectChanges(
  objects: ReadonlyMap<string, ConfigObject>,
  changes: readonly ValueChange[],
  { where }: RepointIntent,
): Promise<readonly ObjectChange[]> {
  const byObject = new Map<string, ValueChange[]>();
  for (const change of changes) {
    const { place } = change.spot;
    if (place.in !== "container") {
      const key = objectKey(place.object);
      byObject.set(key, [...(byObject.get(key) ?? []), change]);
    }
  }
  const result: ObjectChange[] = [];
  for (const [key, own] of byObject) {
    const object = objects.get(key);
    if (object !== undefined) {
      const data = await dataWith(object, own, where);
      const as = isFixed(object) ? hashedName(object, data) : null;
      result.push({ object, data, changes: own, as });
    }
  }
  const turn = ({ changes: own }: ObjectChange): number =>
    own.some(({ spot }) => spot.role.startsWith("previous")) ? 0 : 1;
  return result.sort((a, b) => turn(a) - turn(b));
}

async function dataWith(
  object: ConfigObject,
  changes: readonly ValueChange[],
  { file }: RepointIntent["where"],
): Promise<NewData> {
  const data: Record<string, string | null> = {};
  for (const { spot, value } of changes) {
    const { place } = spot;
    if (place.in === "object") {
      // A container does not start without a key that it names.
      data[place.key] = value ?? (place.whole ? null : "");
    } else if (place.in === "file" && file !== undefined) {
      const text = data[place.key] ?? object.data[place.key] ?? "";
      const title = `${place.key} in ConfigMap ${object.ref.name}`;
      data[place.key] = await withValues(title, file.format, text, [{ path: spot.name, value }]);
    }
  }
  return data;
}

function readMarks(template: JsonObject): Readonly<Record<string, string>> {
  const { metadata } = template;
  const annotations = record(record(metadata).annotations);
  const text = annotations[REPOINTED_ANNOTATION];
  if (typeof text !== "string") {
    return {};
  }
  try {
    const marks: unknown = JSON.parse(text);
    return Object.fromEntries(
      Object.entries(record(marks)).flatMap(([name, mark]) =>
        typeof mark === "string" ? [[name, mark] as const] : [],
      ),
    );
  } catch {
    return {};
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
