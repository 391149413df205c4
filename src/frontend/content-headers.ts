import mime from "mime";

import { hashedName } from "./hashed-name.js";

/** A year, which is the most that caches keep to (RFC 2616, 14.21). */
const IMMUTABLE = "public, max-age=31536000, immutable";

/** May be kept, but is asked for again each time. */
const REVALIDATED = "no-cache";

/** How browsers and caches should treat a file. */
export interface ContentHeaders {
  readonly contentType: string;
  readonly cacheControl: string;
}

/** The headers of a file: what has the hash of its content in its name never changes. */
export function headersOf(path: string): ContentHeaders {
  const type = mime.getType(path) ?? "application/octet-stream";
  const text = /^text\/|javascript$|json$|xml$/.test(type);
  return {
    contentType: text ? `${type}; charset=utf-8` : type,
    cacheControl: isImmutable(path) ? IMMUTABLE : REVALIDATED,
  };
}

/**
 * Whether a page that is open may still ask for a file under a name that no later build has. Of a hundred
 * hashes two look like words ("index-Dk_ezlpq.js"): such a file is not told to be immutable, but it must
 * not be missing either.
 */
export function mayBeAskedForLater(path: string): boolean {
  return (
    isImmutable(path) || /[-.][\w-]{8}\.(?:m?js|css|wasm)(?:\.map)?(?:\.(?:gz|br|zst))?$/.test(path)
  );
}

/** Whether a file's name says which content it has. Pages are entered by their name, and never do. */
export function isImmutable(path: string): boolean {
  return hashedName(path) !== undefined && !/\.html?$/i.test(path);
}
