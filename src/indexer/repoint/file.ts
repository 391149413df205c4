import type { Document, Scalar } from "yaml";

import { EmergencyError, messageOf } from "../../errors.js";
import { loadYaml } from "./lazy.js";

/** What a file is. */
export type FileFormat = "json" | "yaml" | "env";

/** One value of a file that should be another one; null: nothing. */
export interface FileChange {
  /** "contracts.vault.address", "sources[0].address"; in the format "env" the variable's name. */
  readonly path: string;
  readonly value: string | null;
}

/** Values of a file as they are meant: "" for a null, null for what is not there. */
export async function valuesIn(
  title: string,
  format: FileFormat,
  text: string,
  paths: readonly string[],
): Promise<readonly (string | null)[]> {
  if (format === "env") {
    return paths.map((path) => lineOf(text, path)?.value ?? null);
  }
  const document = await parsed(title, format, text);
  return paths.map((path) => {
    const scalar = scalarAt(title, document, path);
    return scalar === undefined ? null : meant(scalar);
  });
}

/**
 * A file with other values. All else stays as it is, to the byte, if every value is there already.
 * @throws EmergencyError CANNOT_REPOINT when it cannot be read, or a value is no plain one.
 */
export async function withValues(
  title: string,
  format: FileFormat,
  text: string,
  changes: readonly FileChange[],
): Promise<string> {
  let result = text;
  for (const change of changes) {
    result =
      format === "env" ? withLine(result, change) : await withValue(title, format, result, change);
  }
  const paths = changes.map(({ path }) => path);
  const now = await valuesIn(title, format, result, paths);
  if (now.some((value, index) => (value ?? "") !== (changes[index]?.value ?? ""))) {
    throw cannot(title, "it would not hold the new values afterwards");
  }
  return result;
}

async function withValue(
  title: string,
  format: "json" | "yaml",
  text: string,
  { path, value }: FileChange,
): Promise<string> {
  const document = await parsed(title, format, text);
  const scalar = scalarAt(title, document, path);
  const [from, to] = scalar?.range ?? [0, 0];
  const quote = scalar === undefined || from === to ? undefined : QUOTES[scalar.type ?? ""];
  if (scalar !== undefined && value !== null && quote !== undefined) {
    const fresh = meant(scalar) === "" && quote === "" ? literal(value) : quote + value + quote;
    return text.slice(0, from) + fresh + text.slice(to);
  }
  // It is not there yet, or of a form that is written anew.
  return format === "json" ? inJson(text, path, value) : inYaml(document, path, value);
}

const QUOTES: Readonly<Record<string, string>> = {
  PLAIN: "",
  QUOTE_DOUBLE: '"',
  QUOTE_SINGLE: "'",
};

/** A number is one, all else a text. */
function literal(value: string): string {
  return isNumber(value) ? value : JSON.stringify(value);
}

function isNumber(value: string): boolean {
  return /^(0|[1-9]\d{0,14})$/.test(value);
}

function inJson(text: string, path: string, value: string | null): string {
  const [, indent = ""] = /^[[{]\r?\n([ \t]+)/.exec(text.trimStart()) ?? [];
  const changed = put(JSON.parse(text), namesIn(path), value);
  const end = /\s*$/.exec(text)?.[0] ?? "";
  return JSON.stringify(changed, null, indent) + end;
}

function put(value: unknown, [name, ...rest]: readonly string[], fresh: string | null): unknown {
  if (name === undefined) {
    return fresh !== null && isNumber(fresh) ? Number(fresh) : fresh;
  }
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    return items.map((item, index) => (String(index) === name ? put(item, rest, fresh) : item));
  }
  const object = typeof value === "object" && value !== null ? value : {};
  const before: unknown = Object.entries(object).find(([key]) => key === name)?.[1];
  return { ...object, [name]: put(before, rest, fresh) };
}

function inYaml(document: Document, path: string, value: string | null): string {
  const fresh = value !== null && isNumber(value) ? Number(value) : value;
  document.setIn(namesIn(path), fresh);
  return document.toString({ lineWidth: 0 });
}

async function parsed(title: string, format: "json" | "yaml", text: string): Promise<Document> {
  if (format === "json") {
    try {
      JSON.parse(text);
    } catch {
      // What the parser says quotes the file, which may hold secrets.
      throw cannot(title, "it is no JSON");
    }
  }
  const { parseDocument } = await loadYaml();
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined) {
    const what =
      error.code === "MULTIPLE_DOCS"
        ? "it holds several documents"
        : `it is no YAML (${error.code})`;
    throw cannot(title, what);
  }
  return document;
}

/** Undefined when nothing is there. */
function scalarAt(title: string, document: Document, path: string): Scalar | undefined {
  let node: unknown;
  try {
    node = document.getIn(namesIn(path), true);
  } catch (error) {
    throw cannot(title, `there is something else on the way to ${path}: ${messageOf(error)}`);
  }
  if (node === undefined || node === null) {
    return undefined;
  }
  if (!isScalar(node)) {
    throw cannot(title, `what is at ${path} is no plain value`);
  }
  return node;
}

function isScalar(node: unknown): node is Scalar {
  return (
    typeof node === "object" &&
    node !== null &&
    "value" in node &&
    "range" in node &&
    !("items" in node)
  );
}

/** As it stands there where it is not in quotes: YAML takes an address for a number. */
function meant({ value, type, source }: Scalar): string {
  if (value === null || value === undefined) {
    return "";
  }
  return type === "PLAIN" && source !== undefined
    ? source
    : typeof value === "string"
      ? value
      : JSON.stringify(value);
}

/** 'networks[0]["a.b"].market' as its names. */
function namesIn(path: string): readonly string[] {
  return [...path.matchAll(/\[\s*(?:(\d+)|"([^"]*)"|'([^']*)')\s*\]|([^.[\]]+)/g)].map(
    ([, index, double, single, plain]) => index ?? double ?? single ?? plain ?? "",
  );
}

interface Line {
  readonly value: string;
  readonly from: number;
  readonly to: number;
}

/** The last line that sets a variable: `export NAME="value" # comment`. */
function lineOf(text: string, name: string): Line | undefined {
  const pattern =
    /^[ \t]*(?:export[ \t]+)?([\w.-]+)[ \t]*[=:][ \t]*(?:"([^"\n]*)"|'([^'\n]*)'|([^\s#"'][^\n#]*?)?)[ \t]*(?:#.*)?\r?$/gm;
  const found = [...text.matchAll(pattern)].filter(([, variable]) => variable === name).at(-1);
  if (found === undefined) {
    return undefined;
  }
  const [line, , double, single, bare] = found;
  const value = double ?? single ?? bare ?? "";
  const sign = line.search(/[=:]/);
  const at = value === "" ? afterSign(line, sign) : line.indexOf(value, sign + 1);
  return { value, from: found.index + at, to: found.index + at + value.length };
}

/** Inside the quotes, where there are some. */
function afterSign(line: string, sign: number): number {
  const [space = ""] = /^[=:][ \t]*["']?/.exec(line.slice(sign)) ?? [];
  return sign + space.length;
}

function withLine(text: string, { path, value }: FileChange): string {
  const line = lineOf(text, path);
  if (line !== undefined) {
    return text.slice(0, line.from) + (value ?? "") + text.slice(line.to);
  }
  if (value === null) {
    return text;
  }
  const separated = text === "" || text.endsWith("\n") ? text : `${text}\n`;
  return `${separated}${path}=${value}\n`;
}

function cannot(title: string, why: string): EmergencyError {
  return new EmergencyError(
    "CANNOT_REPOINT",
    `${title} cannot be changed: ${why}. Nothing was written`,
    "correct the path or the format in hardhat.config.ts: contracts.….file; or change the file where it comes from",
  );
}
