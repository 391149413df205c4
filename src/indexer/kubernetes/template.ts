import { createHash } from "node:crypto";

import { canonicalJson, isRecord, type Json, type JsonObject } from "../../json.js";

/** The label by which a Deployment tells its ReplicaSets apart. */
const TEMPLATE_HASH_LABEL = "pod-template-hash";

/** Where `kubectl rollout restart` writes when it was typed: nothing else makes pods new. */
export const RESTARTED_AT = "kubectl.kubernetes.io/restartedAt";

/** No node bears this label: a DaemonSet that asks for it has no pods. */
export const STOPPED_SELECTOR = "hardhat-emergency/stopped";

/** Whether a DaemonSet with this template has been stopped. */
export function isStoppedTemplate({ spec }: JsonObject): boolean {
  return (
    isJsonObject(spec) && isJsonObject(spec.nodeSelector) && STOPPED_SELECTOR in spec.nodeSelector
  );
}

/**
 * A pod template as the workload itself has it: without the label that a Deployment gives its ReplicaSets,
 * without the mark by which a ControllerRevision says that it replaces, and as it is when it is not stopped.
 */
export function ownTemplate(template: JsonObject): JsonObject {
  const rest = startedTemplate(without(template, "$patch"));
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

/**
 * sha256 of the version that a template runs: two templates have the same when one is the other, restarted.
 */
export function versionHash(template: JsonObject): string {
  const { metadata } = template;
  if (!isJsonObject(metadata) || !isJsonObject(metadata.annotations)) {
    return templateHash(template);
  }
  const annotations = without(metadata.annotations, RESTARTED_AT);
  return templateHash({
    ...template,
    metadata: isEmpty(annotations)
      ? without(metadata, "annotations")
      : { ...metadata, annotations },
  });
}

/** A DaemonSet's template with which it has no pods. */
export function stoppedTemplate(template: JsonObject): JsonObject {
  const spec = isJsonObject(template.spec) ? template.spec : {};
  const others = isJsonObject(spec.nodeSelector) ? spec.nodeSelector : {};
  return {
    ...template,
    spec: { ...spec, nodeSelector: { ...others, [STOPPED_SELECTOR]: "true" } },
  };
}

/** The other way round. */
export function startedTemplate(template: JsonObject): JsonObject {
  const { spec } = template;
  if (!isStoppedTemplate(template) || !isJsonObject(spec) || !isJsonObject(spec.nodeSelector)) {
    return template;
  }
  const nodeSelector = without(spec.nodeSelector, STOPPED_SELECTOR);
  return {
    ...template,
    spec: isEmpty(nodeSelector) ? without(spec, "nodeSelector") : { ...spec, nodeSelector },
  };
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

function without(object: JsonObject, key: string): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => name !== key));
}

function isEmpty(object: JsonObject): boolean {
  return Object.keys(object).length === 0;
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return isRecord(value);
}
