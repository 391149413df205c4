import { EmergencyError } from "../../errors.js";
import { isRecord, type JsonObject } from "../../json.js";
import { jsonObjectSchema } from "../../json-schema.js";
import { imagesOf, isJsonObject } from "../kubernetes/template.js";

/** An object of a manifest. */
export interface ManifestObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** Null when the manifest does not say: then it is the release's, or the kind has none. */
  readonly namespace: string | null;
  readonly json: JsonObject;
  /** The same in YAML, for those who read YAML by other rules. */
  readonly text: string;
}

/**
 * The objects of a release's manifest, in its order.
 * @throws EmergencyError HELM_RECORD_UNREADABLE, with nothing of what is in it.
 */
export async function readManifest(
  manifest: string,
  of: string,
): Promise<readonly ManifestObject[]> {
  const { parse } = await import("yaml");
  // As helm splits it.
  const documents = manifest.split(/^---[ \t]*/m).filter((document) => document.trim() !== "");
  return documents.flatMap((document, index) => {
    let value: unknown;
    try {
      // Kubernetes reads YAML 1.1: `yes` is true, and 0644 is octal. What it takes for a date is a text to it.
      value = JSON.parse(
        JSON.stringify(
          parse(document, { version: "1.1", uniqueKeys: false, logLevel: "silent" }) ?? null,
        ),
      );
    } catch {
      throw new EmergencyError(
        "HELM_RECORD_UNREADABLE",
        `document ${index + 1} of the manifest of ${of} is not YAML`,
        "choose another revision with --to",
      );
    }
    return objectsIn(value, document, of);
  });
}

/** A document may be a list of objects. One that is empty, or only a comment, is none. */
function objectsIn(value: unknown, document: string, of: string): readonly ManifestObject[] {
  if (value === null) {
    return [];
  }
  if (isRecord(value) && String(value.kind).endsWith("List") && Array.isArray(value.items)) {
    return value.items.flatMap((item: unknown) => objectsIn(item, JSON.stringify(item), of));
  }
  const object = jsonObjectSchema.safeParse(value);
  if (object.success) {
    const { apiVersion, kind, metadata } = object.data;
    if (
      typeof apiVersion === "string" &&
      typeof kind === "string" &&
      isJsonObject(metadata) &&
      typeof metadata.name === "string"
    ) {
      const { name, namespace } = metadata;
      return [
        {
          apiVersion,
          kind,
          name,
          namespace: typeof namespace === "string" ? namespace : null,
          json: object.data,
          text: document,
        },
      ];
    }
  }
  throw new EmergencyError(
    "HELM_RECORD_UNREADABLE",
    `the manifest of ${of} holds something without apiVersion, kind and name`,
    "choose another revision with --to",
  );
}

/** What an object is called among those of its release: as helm compares them, whatever the group's version. */
export function identityOf({ apiVersion, kind, namespace, name }: ManifestObject): string {
  const group = apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
  return [group, kind, namespace ?? "", name].join("/");
}

/** For people: "Deployment api". */
export function titleOf({ kind, name, namespace }: ManifestObject): string {
  return `${kind} ${name}${namespace === null ? "" : ` in ${namespace}`}`;
}

/** The images of a manifest, each once, in its order. */
export function imagesIn(objects: readonly ManifestObject[]): readonly string[] {
  return [...new Set(objects.flatMap(({ json }) => imagesOf(podTemplate(json))))];
}

/** The pod template of a workload, whichever kind: the one that has containers. */
export function podTemplate({ spec, kind }: JsonObject): JsonObject {
  if (!isJsonObject(spec)) {
    return {};
  }
  if (kind === "Pod") {
    return { spec };
  }
  if (isJsonObject(spec.template)) {
    return spec.template;
  }
  // A CronJob has it in the template of its jobs.
  return isJsonObject(spec.jobTemplate) ? podTemplate(spec.jobTemplate) : {};
}
