import type { Difference } from "../../step.js";
import type { Content } from "./content.js";
import { titleOf, type ConfigurationName } from "./references.js";

/** Which keys differ. Sorted. */
export interface KeyChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

/** Longer values are cut. */
const LONGEST = 60;

/** A password stands in a ConfigMap more often than it should. */
const SOUNDS_SECRET = /pass|secret|token|credential|mnemonic|private|api_?key|_key$|dsn/i;
const HOLDS_SECRET = /:\/\/[^/\s:@]*:[^/\s@]+@|-----BEGIN|eyJ[\w-]{10,}\.|\b[0-9a-f]{64}\b/i;

/** The keys that differ. Pure. */
export function changedKeys(before: Content | null, after: Content): KeyChanges {
  const [was, is] = [valuesOf(before), valuesOf(after)];
  const keys = [...new Set([...was.keys(), ...is.keys()])].sort();
  return {
    added: keys.filter((key) => !was.has(key)),
    removed: keys.filter((key) => !is.has(key)),
    changed: keys.filter((key) => was.has(key) && is.has(key) && was.get(key) !== is.get(key)),
  };
}

/** "URL changed, LEVEL added". */
export function inWords({ added, removed, changed }: KeyChanges): string {
  return [
    ...changed.map((key) => `${key} changed`),
    ...added.map((key) => `${key} added`),
    ...removed.map((key) => `${key} removed`),
  ].join(", ");
}

/**
 * The differences of an object by key, for people. Pure. Of a Secret, and of what sounds like one, only that
 * there is a difference is said.
 */
export function differencesOf(
  name: ConfigurationName,
  before: Content | null,
  after: Content,
): readonly Difference[] {
  const { added, removed, changed } = changedKeys(before, after);
  const [was, is] = [valuesOf(before), valuesOf(after)];
  return [...added, ...removed, ...changed].sort().map((key) => {
    const [old, wanted] = [was.get(key) ?? null, is.get(key) ?? null];
    const fact = `${titleOf(name)}, ${key}`;
    const isSecret =
      name.kind === "Secret" ||
      SOUNDS_SECRET.test(key) ||
      [old, wanted].some((value) => value !== null && HOLDS_SECRET.test(value));
    if (isSecret) {
      const what = old === null || wanted === null ? "a value" : "another value";
      return {
        fact,
        before: old === null ? null : "a value",
        after: wanted === null ? null : `${what} (not shown)`,
      };
    }
    const shown = shortPair(old, wanted);
    if (Object.values(shown).some((text) => text !== null && SOUNDS_SECRET.test(text))) {
      return { fact, before: "as it is", after: "another value (not shown)" };
    }
    const isBinary = [before, after].some((content) => content?.binaryData[key] !== undefined);
    return isBinary ? { fact, before: sizeOf(old), after: sizeOf(wanted) } : { fact, ...shown };
  });
}

function valuesOf(content: Content | null): ReadonlyMap<string, string> {
  return new Map(Object.entries({ ...content?.data, ...content?.binaryData }));
}

/** Both as they are, or the first line in which they differ. */
function shortPair(
  old: string | null,
  wanted: string | null,
): { readonly before: string | null; readonly after: string | null } {
  const [was, is] = [old?.split("\n") ?? [], wanted?.split("\n") ?? []];
  if (old === null || wanted === null || (was.length === 1 && is.length === 1)) {
    return { before: short(old), after: short(wanted) };
  }
  const line = [...was, ...is].findIndex((_, index) => was[index] !== is[index]);
  const told = (lines: readonly string[]): string =>
    `line ${line + 1}: ${short(lines[line] ?? null) ?? "none"}`;
  return { before: told(was), after: told(is) };
}

function short(text: string | null): string | null {
  if (text === null) {
    return null;
  }
  const [first = "", ...more] = text.split("\n");
  const cut = first.length > LONGEST ? `${first.slice(0, LONGEST)}…` : first;
  return more.some((line) => line !== "") ? `${cut} … (${more.length + 1} lines)` : cut;
}

function sizeOf(base64: string | null): string | null {
  return base64 === null ? null : `${Buffer.from(base64, "base64").length} bytes`;
}
