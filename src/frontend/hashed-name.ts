import { createHash } from "node:crypto";

import { baseName } from "./site-files.js";

/**
 * The hash of its content that a bundler has put into a file's name: "BX9f3kQz" in
 * "assets/index-BX9f3kQz.js". It is all that others need to name the file: webpack's runtime holds
 * such hashes without the rest of the name.
 */
export interface HashedName {
  /** The hash, as it stands in the name. */
  readonly token: string;
  /** Where it begins in the path. */
  readonly start: number;
}

/**
 * What stands after the hash: one or more extensions, such as ".chunk.js.map" or ".js.LICENSE.txt". They
 * are shorter than any hash, as a hash may begin with a letter, too.
 */
const AFTER = /((?:\.(?:[A-Za-z][A-Za-z0-9]{0,6}|webmanifest))+)$/;

/** Vite and Rollup since version 4: 8 characters of base64url. They may hold hyphens. */
const BASE64URL_LENGTH = 8;

/** The hash in the name of a file, or undefined when it has none. */
export function hashedName(path: string): HashedName | undefined {
  const name = baseName(path);
  const end = name.length - (AFTER.exec(name)?.[1]?.length ?? 0);
  const start = path.length - name.length;
  if (end === name.length) {
    return undefined;
  }
  const stem = name.slice(0, end);
  const long = /(?:^|[-._~])([0-9a-f]{8,64}|[A-Z2-7]{8}|[0-9a-zA-Z]{8,64})$/.exec(stem)?.[1];
  if (long !== undefined && looksRandom(long)) {
    return { token: long, start: start + end - long.length };
  }
  const short = stem.slice(-BASE64URL_LENGTH);
  const separator = stem.at(-BASE64URL_LENGTH - 1);
  if (
    (separator === "-" || separator === ".") &&
    /^[A-Za-z0-9_-]{8}$/.test(short) &&
    looksRandom(short)
  ) {
    return { token: short, start: start + end - BASE64URL_LENGTH };
  }
  return undefined;
}

/** "settings", "button12", "myOwn" and dates are words of people. Hashes have digits, or capitals anywhere. */
function looksRandom(token: string): boolean {
  const digits = /[0-9]/.test(token);
  if (/^[0-9a-f]+$/.test(token)) {
    return digits && !/^(?:19|20)[0-9]{6}$/.test(token);
  }
  if (/^[A-Z2-7]{8}$/.test(token)) {
    return true;
  }
  if (/^[A-Z]?[a-z]+[0-9]{0,4}$/.test(token)) {
    return false;
  }
  const capitals = /[A-Z]/.test(token.slice(1)) && /[a-z]/.test(token);
  return /[-_]/.test(token) ? capitals : digits || capitals;
}

/**
 * Another hash of the same form: length and alphabet stay, so that whatever knows the form still
 * recognises it, and no position in a source map moves.
 * @param seed what the new content depends on.
 * @param taken hashes that are in use.
 */
export function newToken(token: string, seed: string, taken: ReadonlySet<string>): string {
  for (let attempt = 0; ; attempt++) {
    const digest = createHash("sha256").update(`${attempt}:${token}:${seed}`).digest();
    const candidate = encode(digest, token);
    if (!taken.has(candidate) && hashedName(`x-${candidate}.js`)?.token === candidate) {
      return candidate;
    }
  }
}

const ALPHABETS: readonly (readonly [RegExp, string])[] = [
  [/^[0-9a-f]+$/, "0123456789abcdef"],
  [/^[A-Z2-7]+$/, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"],
  [/^[0-9a-z]+$/, "0123456789abcdefghijklmnopqrstuvwxyz"],
];

/** Hyphens are left out of new hashes: they are hard to tell from the name in front of them. */
const ANY = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

function encode(digest: Buffer, like: string): string {
  const alphabet = ALPHABETS.find(([form]) => form.test(like))?.[1] ?? ANY;
  let number = BigInt(`0x${digest.toString("hex")}`);
  let text = "";
  while (text.length < like.length) {
    if (number === 0n) {
      number = BigInt(`0x${createHash("sha256").update(text).digest("hex")}`);
    }
    text += alphabet[Number(number % BigInt(alphabet.length))] ?? "";
    number /= BigInt(alphabet.length);
  }
  return text;
}
