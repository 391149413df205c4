import { createHash } from "node:crypto";

import { canonicalJson } from "../../json.js";
import { storedData, type ConfigObject, type NewData } from "./config-object.js";

/** Ten characters of a hash, in Kustomize's alphabet: hexadecimal without what could spell a word. */
const HASH = /-[2456789bcdfghkmt]{10}$/;

const LETTERS: Readonly<Record<string, string>> = { 0: "g", 1: "h", 3: "k", a: "m", e: "t" };

/** The name without the hash that a Kustomize generator puts behind it. */
export function baseName(name: string): string {
  return name.replace(HASH, "");
}

/** Whether a name may end with the hash of what the object holds. */
export function isHashed(name: string): boolean {
  return HASH.test(name);
}

/**
 * The name that a Kustomize generator would give an object with these values (api/hasher/hasher.go): whoever
 * writes the same values in the repository gets the same object, and no second rollout. Pure.
 */
export function hashedName(object: ConfigObject, changes: NewData): string {
  const name = baseName(object.ref.name);
  const data = storedData(object, changes);
  const { kind } = object.ref;
  const { type, binaryData } = object.json;
  const meaning = canonicalJson({
    kind,
    // Kustomize asks for the name in a way that finds none.
    name: "",
    data: Object.keys(data).length === 0 ? "" : data,
    ...(kind === "Secret" ? { type: type ?? "" } : {}),
    ...(kind === "ConfigMap" && binaryData !== undefined ? { binaryData } : {}),
  });
  const hash = createHash("sha256").update(asGo(meaning)).digest("hex").slice(0, 10);
  return `${name}-${hash.replaceAll(/./g, (letter) => LETTERS[letter] ?? letter)}`;
}

/** Go writes some characters of JSON as escapes that JavaScript leaves. */
function asGo(json: string): string {
  return json.replaceAll(
    /[<>&\u2028\u2029]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
