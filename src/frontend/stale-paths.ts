import { canonicalJson } from "../json.js";
import { isImmutable } from "./content-headers.js";
import type { Manifest, ManifestFile } from "./manifest.js";

/**
 * What caches may hold that is not served any more: paths whose bytes or headers are others now, that
 * are gone, or that were not there before, because an answer that there is nothing is cached as well.
 */
export function stalePaths(
  current: Manifest | null,
  files: readonly ManifestFile[],
  kept: readonly ManifestFile[],
): readonly string[] {
  const before = new Map([...(current?.kept ?? []), ...(current?.files ?? [])].map(entryOf));
  const after = new Map([...kept, ...files].map(entryOf));
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths]
    .filter((path) =>
      before.has(path) ? before.get(path) !== after.get(path) : !isImmutable(path),
    )
    .sort();
}

function entryOf(file: ManifestFile): readonly [string, string] {
  const { path, sha256: hash, contentType, cacheControl, metadata } = file;
  return [path, canonicalJson([hash, contentType, cacheControl, metadata ?? {}])];
}
