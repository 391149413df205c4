import { EmergencyError } from "../../errors.js";
import { isRecord, type JsonObject } from "../../json.js";
import { jsonObjectSchema } from "../../json-schema.js";

/** More than any manifest refers to itself; a few lines can otherwise become gigabytes. */
const MOST_ALIASES = 1_000;

/**
 * The objects in a text of YAML or JSON, lists taken apart. YAML is read as kubectl reads it, in which "yes"
 * is no text.
 * @param what for people: "config.yaml". Neither the text nor a part of it is in an error.
 * @throws EmergencyError BAD_CONFIGURATION
 */
export async function parseManifests(what: string, text: string): Promise<readonly JsonObject[]> {
  const { parseAllDocuments } = await import("yaml");
  return parseAllDocuments(text, { version: "1.1", merge: true, logLevel: "silent" }).flatMap(
    (document) => {
      const [error] = document.errors;
      if (error !== undefined) {
        const [at] = error.linePos ?? [];
        throw unreadable(what, `${error.code}${at === undefined ? "" : ` in line ${at.line}`}`);
      }
      let value: unknown;
      try {
        value = document.toJS({ maxAliasCount: MOST_ALIASES });
      } catch {
        throw unreadable(what, "an alias in it stands for nothing, or for too much");
      }
      return value === null ? [] : objectsIn(what, value);
    },
  );
}

function objectsIn(what: string, value: unknown): readonly JsonObject[] {
  if (!isRecord(value)) {
    throw unreadable(what, "a document in it is no object");
  }
  if (Array.isArray(value.items) && String(value.kind).endsWith("List")) {
    const items: readonly unknown[] = value.items;
    return items.flatMap((item) => objectsIn(what, item));
  }
  const { data, stringData, binaryData } = value;
  for (const [field, map] of Object.entries({ data, stringData, binaryData })) {
    const wrong = Object.entries(isRecord(map) ? map : {}).find(
      ([, text]) => typeof text !== "string",
    );
    const isOurs = value.kind === "ConfigMap" || value.kind === "Secret";
    if (isOurs && wrong !== undefined) {
      throw unreadable(what, `${field}.${wrong[0]} is no text: put it in quotes`);
    }
  }
  // Dates and the like become text, as in JSON.
  return [jsonObjectSchema.parse(JSON.parse(JSON.stringify(value)))];
}

function unreadable(what: string, why: string): EmergencyError {
  return new EmergencyError(
    "BAD_CONFIGURATION",
    `${what} cannot be read: ${why}. Nothing was written`,
    "correct it; see what kubectl makes of it: kubectl create --dry-run=client --filename …",
  );
}
