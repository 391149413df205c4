import { createHash } from "node:crypto";

import { byteText } from "./site-files.js";

/*
 * What a site holds that follows from the content of its files: hashes in names, and digests (integrity
 * attributes, revisions of a service worker's precache list, asset tables). Both are found as texts,
 * wherever they stand: in HTML, in scripts, in JSON.
 */

/** One change of a text at a place. */
interface Replacement {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** Finds which of many known hashes of names stand in texts. */
export interface TokenIndex {
  /** The places of known hashes in a text. */
  in(text: string): readonly { readonly token: string; readonly offset: number }[];
}

/** @param tokens the hashes in the names of a site's files. */
export function tokenIndex(tokens: Iterable<string>): TokenIndex {
  const known = new Set(tokens);
  const lengths = [...new Set([...known].map((token) => token.length))].sort((a, b) => b - a);
  return {
    in(text) {
      const found: { token: string; offset: number }[] = [];
      for (let offset = 0; offset < text.length; offset++) {
        if (isAlphanumeric(text.charCodeAt(offset - 1))) {
          continue;
        }
        for (const length of lengths) {
          const token = text.slice(offset, offset + length);
          if (known.has(token) && !isAlphanumeric(text.charCodeAt(offset + length))) {
            found.push({ token, offset });
            offset += length - 1;
            break;
          }
        }
      }
      return found;
    },
  };
}

/** A code of NaN stands for the text's start or end. */
function isAlphanumeric(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x61 && code <= 0x7a)
  );
}

/** The text with every hash of a name replaced by its new one. */
export function withTokens(
  text: string,
  index: TokenIndex,
  renamed: ReadonlyMap<string, string>,
): string {
  return replaced(
    text,
    index.in(text).flatMap(({ token, offset }) => {
      const fresh = renamed.get(token);
      return fresh === undefined ? [] : [{ from: offset, to: offset + token.length, text: fresh }];
    }),
  );
}

const ALGORITHMS = ["md5", "sha1", "sha256", "sha384", "sha512"] as const;

/** The digests that builds write down of a file, in the forms in which they do. */
export function digestsOf(bytes: Buffer): readonly string[] {
  return ALGORITHMS.flatMap((algorithm) => {
    const digest = createHash(algorithm).update(bytes).digest();
    const base64 = digest.toString("base64");
    return [
      digest.toString("hex"),
      digest.toString("hex").toUpperCase(),
      base64,
      base64.replace(/=+$/, ""),
      digest.toString("base64url"),
    ];
  });
}

/** 16 bytes (MD5) to 64 (SHA-512), in hexadecimal or base64. */
const DIGEST = /[0-9a-f]{32,128}|[A-Za-z0-9+/_]{22,88}={0,2}/gi;
const PREFIXED = /\bsha(?:256|384|512)-([A-Za-z0-9+/_-]{43,88}={0,2})/g;

/** Everything in a text that has the form of a digest, with its offset. */
function* candidates(text: string): Generator<{ digest: string; offset: number }> {
  for (const match of text.matchAll(PREFIXED)) {
    const [whole, digest = ""] = match;
    yield { digest, offset: match.index + whole.length - digest.length };
  }
  for (const match of text.matchAll(DIGEST)) {
    yield { digest: match[0], offset: match.index };
  }
}

/** Everything in a text that has the form of a digest, each once. */
export function digestsLike(text: string): ReadonlySet<string> {
  return new Set([...candidates(text)].map(({ digest }) => digest));
}

/** The known digests that a text holds. */
export function digestsIn(text: string, known: ReadonlyMap<string, unknown>): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { digest } of candidates(text)) {
    if (known.has(digest)) {
      found.add(digest);
    }
  }
  return found;
}

/** The text with every digest replaced that has a new one. */
export function withDigests(text: string, fresh: ReadonlyMap<string, string>): string {
  const seen = new Set<number>();
  const changes: Replacement[] = [];
  for (const { digest, offset } of candidates(text)) {
    const replacement = fresh.get(digest);
    if (replacement !== undefined && !seen.has(offset)) {
      seen.add(offset);
      changes.push({ from: offset, to: offset + digest.length, text: replacement });
    }
  }
  return replaced(
    text,
    changes.sort((a, b) => a.from - b.from),
  );
}

/**
 * The digests of the scripts and styles that stand inside a page, which its content security policy
 * may name.
 */
export function inlineDigests(page: Buffer): readonly (readonly string[])[] {
  const text = byteText(page);
  return [...text.matchAll(/<(script|style)\b[^>]*>([^]*?)<\/\1\s*>/gi)].map(([, , body = ""]) =>
    digestsOf(Buffer.from(body, "latin1")),
  );
}

function replaced(text: string, changes: readonly Replacement[]): string {
  let result = "";
  let at = 0;
  for (const { from, to, text: fresh } of changes) {
    result += text.slice(at, from) + fresh;
    at = to;
  }
  return result + text.slice(at);
}
