import type { JsonObject } from "../../json.js";
import { jsonObjectSchema } from "../../json-schema.js";
import type { PatchOperation } from "./cluster.js";
import type { Workload } from "./objects.js";
import { isJsonObject, isStoppedTemplate, stoppedTemplate } from "./template.js";

/** What `kubectl apply` compares with, to see what was taken out of a manifest. */
export const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/**
 * The patch that gives a workload another template and other annotations. Pure.
 *
 * It holds only as long as nobody else has changed what it replaces: the template and the annotations must be
 * those that were looked at. What it does not touch, such as the number of replicas, anybody may change.
 */
export function templatePatch(
  { metadata, spec }: Workload,
  template: JsonObject,
  annotations: Readonly<Record<string, string>>,
): readonly PatchOperation[] {
  const had = Object.keys(metadata.annotations).length > 0;
  return [
    { op: "test", path: "/metadata/uid", value: metadata.uid },
    { op: "test", path: "/spec/template", value: spec.template },
    // That there are none cannot be tested. That nothing at all has changed can.
    had
      ? { op: "test", path: "/metadata/annotations", value: metadata.annotations }
      : { op: "test", path: "/metadata/resourceVersion", value: metadata.resourceVersion },
    {
      op: "replace",
      path: "/spec/template",
      // What is stopped stays so, until it is started.
      value: isStoppedTemplate(spec.template) ? stoppedTemplate(template) : template,
    },
    { op: had ? "replace" : "add", path: "/metadata/annotations", value: annotations },
  ];
}

/**
 * Annotations in which what `kubectl apply` remembers of the template is another one. What cannot be read
 * stays as it is.
 * @param change from the template that was last applied to the one that should be remembered.
 */
export function withAppliedTemplate(
  annotations: Readonly<Record<string, string>>,
  change: (template: JsonObject) => JsonObject,
): Readonly<Record<string, string>> {
  const applied = annotations[LAST_APPLIED];
  return applied === undefined
    ? annotations
    : { ...annotations, [LAST_APPLIED]: changed(applied, change) };
}

function changed(applied: string, change: (template: JsonObject) => JsonObject): string {
  let value: JsonObject;
  try {
    value = jsonObjectSchema.parse(JSON.parse(applied));
  } catch {
    return applied;
  }
  const { spec } = value;
  if (!isJsonObject(spec)) {
    return applied;
  }
  const template = change(isJsonObject(spec.template) ? spec.template : {});
  // kubectl ends it with a line break.
  return `${JSON.stringify({ ...value, spec: { ...spec, template } })}\n`;
}
