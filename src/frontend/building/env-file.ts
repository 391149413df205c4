import { baseName, folderOf } from "../site-files.js";

/*
 * Files such as `.env.production`, in the form that dotenv, Vite and Next read: one variable a line, with
 * or without `export`, the value plain or in quotes, where it may go over several lines.
 */

/** What was done with one variable. */
export interface VariableChange {
  readonly variable: string;
  /** `kept`: it had the value already. */
  readonly how: "replaced" | "appended" | "kept";
  /** What it was before, without quotes: the last one where it stands several times. */
  readonly before: string | null;
  /** How often it stands in the file. */
  readonly occurrences: number;
}

/** See {@link withVariables}. */
export interface ChangedEnvFile {
  readonly text: string;
  readonly changes: readonly VariableChange[];
}

/** A variable as it stands in a file. */
interface Assignment {
  readonly name: string;
  /** Without quotes and without the comment behind it. */
  readonly value: string;
  /** Where the value is in the text, without quotes. */
  readonly from: number;
  readonly to: number;
}

/** Addresses and numbers: nothing that would need quotes in any shell or parser. */
const SIMPLE = /^[\w.-]+$/;

/**
 * The text with other values of some variables. One that is there is replaced where it stands, wherever
 * it stands; one that is not is put at the end, once. All else stays as it is, to the byte.
 * @param variables from names to values: addresses and numbers.
 */
export function withVariables(
  text: string,
  variables: Readonly<Record<string, string>>,
): ChangedEnvFile {
  const assignments = assignmentsIn(text);
  const changes: VariableChange[] = [];
  const edits: { from: number; to: number; value: string }[] = [];
  const missing: string[] = [];
  for (const [variable, value] of Object.entries(variables)) {
    if (!SIMPLE.test(value)) {
      throw new TypeError(`${variable} would need quotes`);
    }
    const found = assignments.filter(({ name }) => name === variable);
    const before = found.at(-1)?.value ?? null;
    const isSame = found.length > 0 && found.every((one) => one.value === value);
    const how = isSame ? "kept" : found.length > 0 ? "replaced" : "appended";
    changes.push({ variable, how, before, occurrences: found.length });
    if (how === "replaced") {
      edits.push(...found.map(({ from, to }) => ({ from, to, value })));
    } else if (how === "appended") {
      missing.push(`${variable}=${value}`);
    }
  }
  let result = "";
  let at = 0;
  for (const { from, to, value } of edits.sort((a, b) => a.from - b.from)) {
    result += text.slice(at, from) + value;
    at = to;
  }
  result += text.slice(at);
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  if (missing.length > 0 && !/(?:^|\n)$/.test(result)) {
    result += newline;
  }
  return { text: result + missing.map((line) => line + newline).join(""), changes };
}

/** The variables of a file, with the values that a build sees: of several the last one. */
export function variablesIn(text: string): ReadonlyMap<string, string> {
  return new Map(assignmentsIn(text).map(({ name, value }) => [name, value]));
}

/**
 * The files whose variables go over those of a file: the local ones, and those of the mode `production`.
 * Vite and Next differ in their order, so that this is all that go over it in one of the two.
 * @param file ".env.production", or with folders before it.
 */
export function filesThatWin(file: string): readonly string[] {
  const [folder, name] = [folderOf(file), baseName(file)];
  if (!name.startsWith(".env") || name.endsWith(".local")) {
    return name === ".env.local" ? [`${folder}.env.production.local`] : [];
  }
  const local = [...new Set([`${name}.local`, ".env.local"])];
  const names = name === ".env" ? [...local, ".env.production", ".env.production.local"] : local;
  return names.map((one) => folder + one);
}

/** One variable, from the start of its line; the groups are what stands in front, its name, its value. */
const ASSIGNMENT =
  /(\s*(?:export[ \t]+)?)([\w.-]+)((?:[ \t]*=|:[ \t])[ \t]*)('(?:\\'|[^'])*'|"(?:\\"|[^"])*"|`(?:\\`|[^`])*`|[^#\r\n]*)(?=[ \t]*(?:#.*)?(?:[\r\n]|$))/y;

function assignmentsIn(text: string): readonly Assignment[] {
  const found: Assignment[] = [];
  let at = text.startsWith("\uFEFF") ? 1 : 0;
  while (at < text.length) {
    ASSIGNMENT.lastIndex = at;
    const match = ASSIGNMENT.exec(text);
    const [whole = "", before = "", name = "", equals = "", raw = ""] = match ?? [];
    if (match !== null) {
      const quoted = /^(['"`])[^]*\1$/.test(raw) && raw.length > 1;
      const value = quoted ? raw.slice(1, -1) : raw.trimEnd();
      const from = at + before.length + name.length + equals.length + (quoted ? 1 : 0);
      found.push({ name, value, from, to: from + value.length });
    }
    const end = text.indexOf("\n", at + whole.length);
    at = end < 0 ? text.length : end + 1;
  }
  return found;
}
