import { EmergencyError, messageOf } from "../../errors.js";
import { spellingsOf } from "../address-search.js";
import { byteText, bytesOf, isText } from "../site-files.js";
import { valuesInJson, valuesInScript, type Value } from "./literals.js";

/** One value that should be another one. */
export type Wish =
  | {
      readonly kind: "address";
      /** "contracts.market.address", "networks[0].market". */
      readonly path: string;
      /** Both checksummed. */
      readonly from: string;
      readonly to: string;
    }
  | { readonly kind: "number"; readonly path: string; readonly to: number };

/** One value that is another one. */
export interface ConfigChange {
  readonly path: string;
  /** As they stand in the file. */
  readonly before: string;
  readonly after: string;
}

/** See {@link changeConfig}. */
export interface ChangedConfig {
  readonly bytes: Buffer;
  /** Those that were so already are left out. */
  readonly changes: readonly ConfigChange[];
}

/** A byte order mark, one character a byte. */
const MARK = "\xEF\xBB\xBF";

const MOST_QUOTED = 60;

/**
 * A runtime configuration with other values. All else stays as it is, to the byte; an address keeps its
 * spelling, a number its form. Pure.
 * @param file its path in the site: what ends in .js or .mjs is a script, all else JSON.
 * @throws EmergencyError CANNOT_REPOINT when there is nothing at a path, or not what should be replaced.
 */
export function changeConfig(file: string, bytes: Buffer, wishes: readonly Wish[]): ChangedConfig {
  const text = byteText(bytes);
  const values = valuesOf(file, bytes);
  const found = wishes.map((wish) => {
    const value = valueAt(file, text, values, wish.path);
    const after = freshContent(file, text, value, wish);
    return { path: wish.path, value, before: text.slice(value.from, value.to), after };
  });
  let result = "";
  let at = 0;
  for (const { value, after } of [...found].sort((a, b) => a.value.from - b.value.from)) {
    if (value.from < at) {
      throw refused(file, "two of the configured paths are the same", "name each path once");
    }
    result += text.slice(at, value.from) + after;
    at = value.to;
  }
  return {
    bytes: bytesOf(result + text.slice(at)),
    changes: found
      .filter(({ before, after }) => before !== after)
      .map(({ path, before, after }) => ({ path, before, after })),
  };
}

/**
 * What stands at a path, for people; undefined when nothing does, or the file cannot be read.
 */
export function contentAt(file: string, bytes: Buffer, path: string): string | undefined {
  try {
    return valueAt(file, byteText(bytes), valuesOf(file, bytes), path).content;
  } catch (error) {
    if (error instanceof EmergencyError) {
      return undefined;
    }
    throw error;
  }
}

function valuesOf(file: string, bytes: Buffer): readonly Value[] {
  if (!isText(bytes)) {
    throw refused(file, "it is no text in UTF-8", "save it in UTF-8");
  }
  const raw = byteText(bytes);
  // Neither a letter nor a sign: spaces keep the offsets.
  const text = raw.startsWith(MARK) ? " ".repeat(MARK.length) + raw.slice(MARK.length) : raw;
  if (/\.[cm]?js$/.test(file)) {
    return valuesInScript(text);
  }
  try {
    JSON.parse(text);
  } catch (error) {
    throw refused(file, `it is no JSON: ${messageOf(error)}`, "mend it, and deploy the site again");
  }
  return valuesInJson(text);
}

function valueAt(file: string, text: string, values: readonly Value[], path: string): Value {
  const wanted = byteText(Buffer.from(dotted(path)));
  const found = values.filter((value) => namesOf(value).includes(wanted));
  const [only] = found;
  if (only === undefined) {
    throw refused(
      file,
      `there is nothing at ${path}`,
      `correct the path in runtimeConfig: ${nearby(values)}`,
    );
  }
  if (found.length > 1) {
    throw refused(
      file,
      `there are ${found.length} values at ${path}, the first of them ${quoted(text, only)}`,
      "leave one of them, or name the variable in the path: __CONFIG__.market",
    );
  }
  return only;
}

/** "networks[0].market" as "networks.0.market". */
function dotted(path: string): string {
  return path.replaceAll(/\[\s*(?:(\d+)|"([^"]*)"|'([^']*)')\s*\]/g, ".$1$2$3").replace(/^\./, "");
}

/** By which paths a value may be named: with the variable that holds it, or without. */
function namesOf({ path, variable }: Value): readonly string[] {
  const mostLeftOut = Math.min(variable, path.length - 1);
  return Array.from({ length: Math.max(0, mostLeftOut) + 1 }, (_, left) =>
    path.slice(left).join("."),
  );
}

/** What a person may have meant. */
function nearby(values: readonly Value[]): string {
  const paths = values
    .filter(({ kind, content }) => kind === "string" && /^0x[0-9a-f]{40}$/i.test(content ?? ""))
    .map(({ path, variable }) => path.slice(Math.min(variable, path.length - 1)).join("."));
  return paths.length === 0
    ? "it holds no address anywhere"
    : `it holds addresses at ${paths.slice(0, 8).join(", ")}`;
}

function freshContent(file: string, text: string, value: Value, wish: Wish): string {
  const { content, kind } = value;
  if (wish.kind === "number") {
    const number = content === undefined ? undefined : numberLike(content, wish.to);
    if (number === undefined) {
      throw refused(
        file,
        `${wish.path} is ${quoted(text, value)}, which is no number`,
        "correct the path in runtimeConfig",
      );
    }
    return number;
  }
  const [, prefix = "", digits = ""] = /^(0[xX])?([0-9a-fA-F]{40})$/.exec(content ?? "") ?? [];
  const [old, fresh] = [spellingsOf(wish.from), spellingsOf(wish.to)];
  const lower = digits.toLowerCase();
  if (kind !== "string" || (lower !== old.lower && lower !== fresh.lower)) {
    throw refused(
      file,
      digits === ""
        ? `${wish.path} is ${quoted(text, value)}, which is no address`
        : `${wish.path} is ${content ?? ""}, and not ${wish.from}`,
      digits === ""
        ? "correct the path in runtimeConfig"
        : `if that is the address to replace, add --replaces ${content ?? ""}`,
    );
  }
  if (lower === fresh.lower) {
    return text.slice(value.from, value.to);
  }
  const spelling = digits === old.lower ? "lower" : digits === old.upper ? "upper" : "checksum";
  return prefix + fresh[spelling];
}

/** Decimal, hexadecimal and bigint stay what they are; a text stays a text, as it is in quotes. */
function numberLike(content: string, to: number): string | undefined {
  if (/^0x[0-9a-f]+n?$/i.test(content)) {
    return `0x${to.toString(16)}${content.endsWith("n") ? "n" : ""}`;
  }
  return /^\d+n?$/.test(content) ? `${to}${content.endsWith("n") ? "n" : ""}` : undefined;
}

function quoted(text: string, { from, to, kind }: Value): string {
  const raw = bytesOf(text.slice(from, to)).toString("utf8").replaceAll(/\s+/g, " ");
  const short = raw.length > MOST_QUOTED ? `${raw.slice(0, MOST_QUOTED)}…` : raw;
  return kind === "string" ? `"${short}"` : short;
}

function refused(file: string, what: string, next: string): EmergencyError {
  return new EmergencyError(
    "CANNOT_REPOINT",
    `${file} cannot be changed: ${what}. Nothing was written`,
    `${next}; or repoint the built site with --by bundle`,
  );
}
