import { EmergencyError } from "../../errors.js";
import { canonicalJson, isRecord, type JsonObject } from "../../json.js";
import { jsonObjectSchema } from "../../json-schema.js";

/** More than any manifest refers to itself; a few lines can otherwise become gigabytes. */
const MOST_ALIASES = 1_000;

/**
 * The objects in a text of YAML or JSON, lists taken apart. What kubectl would take for something else than we
 * do, "yes" for true, is refused.
 * @param what for people: "config.yaml". Neither the text nor a part of it is in an error.
 * @throws EmergencyError BAD_CONFIGURATION
 */
export async function parseManifests(what: string, text: string): Promise<readonly JsonObject[]> {
  const [objects, old] = await Promise.all([parse(what, text, "1.2"), parse(what, text, "1.1")]);
  const isSame = canonicalJson(objects.map(heldBy)) === canonicalJson(old.map(heldBy));
  if (!isSame) {
    throw unreadable(
      what,
      "a ConfigMap or Secret has a word or number in it that means one thing in YAML 1.1 and another in 1.2, such as yes, on, off or 010: put it in quotes",
    );
  }
  return objects;
}

async function parse(
  what: string,
  text: string,
  version: "1.1" | "1.2",
): Promise<readonly JsonObject[]> {
  const { parseAllDocuments } = await import("yaml");
  return parseAllDocuments(text, { version, merge: true, logLevel: "silent" }).flatMap(
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

/** What a ConfigMap or Secret holds, as it was written. */
function heldBy({ kind, data, stringData, binaryData }: JsonObject): unknown {
  return kind === "ConfigMap" || kind === "Secret" ? { data, stringData, binaryData } : null;
}

function objectsIn(what: string, value: unknown): readonly JsonObject[] {
  if (!isRecord(value)) {
    throw unreadable(what, "a document in it is no object");
  }
  if (Array.isArray(value.items) && String(value.kind).endsWith("List")) {
    const items: readonly unknown[] = value.items;
    return items.flatMap((item) => objectsIn(what, item));
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
