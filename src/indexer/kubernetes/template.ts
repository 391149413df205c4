import { createHash } from "node:crypto";

import { canonicalJson, isRecord, type Json, type JsonObject } from "../../json.js";

/** The label by which a Deployment tells its ReplicaSets apart. */
const TEMPLATE_HASH_LABEL = "pod-template-hash";

/**
 * A pod template as the workload itself has it: without the label that a Deployment gives its ReplicaSets,
 * and without the mark by which a ControllerRevision says that it replaces.
 */
export function ownTemplate(template: JsonObject): JsonObject {
  const rest = Object.fromEntries(Object.entries(template).filter(([key]) => key !== "$patch"));
  const { metadata } = rest;
  if (!isJsonObject(metadata) || !isJsonObject(metadata.labels)) {
    return rest;
  }
  const { [TEMPLATE_HASH_LABEL]: hash, ...labels } = metadata.labels;
  return hash === undefined ? rest : { ...rest, metadata: { ...metadata, labels } };
}

/** sha256 of what a template means: two that mean the same have the same. */
export function templateHash(template: JsonObject): string {
  const meaning = canonicalJson(withoutEmpty(ownTemplate(template)));
  return createHash("sha256").update(meaning).digest("hex");
}

/** The images of a template's containers, those that run before the others first. */
export function imagesOf(template: JsonObject): readonly string[] {
  const { spec } = template;
  if (!isJsonObject(spec)) {
    return [];
  }
  return [spec.initContainers, spec.containers].flatMap((containers) =>
    Array.isArray(containers)
      ? containers.flatMap((container: unknown) =>
          isRecord(container) && typeof container.image === "string" ? [container.image] : [],
        )
      : [],
  );
}

/** Kubernetes takes an empty list or map for none at all, as kubectl does when it compares templates. */
function withoutEmpty(value: Json): Json {
  if (isList(value)) {
    return value.map(withoutEmpty);
  }
  if (!isJsonObject(value)) {
    return value;
  }
  const fields = Object.entries(value).filter(
    ([, field]) => field !== null && !(isList(field) && field.length === 0),
  );
  return Object.fromEntries(fields.map(([key, field]) => [key, withoutEmpty(field)]));
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return isRecord(value);
}
