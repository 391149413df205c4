import type { ManifestFile } from "./manifest.js";

/** How one site differs from another: paths. */
export interface SiteDifference {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  /** How many files are the same in both. */
  readonly same: number;
}

/** Compares two sites by the hashes of their files: an address that changes leaves sizes as they are. */
export function differenceOf(
  before: readonly ManifestFile[],
  after: readonly ManifestFile[],
): SiteDifference {
  const old = new Map(before.map(({ path, sha256 }) => [path, sha256]));
  const fresh = new Map(after.map(({ path, sha256 }) => [path, sha256]));
  const paths = [...fresh.keys()].sort();
  return {
    added: paths.filter((path) => !old.has(path)),
    changed: paths.filter((path) => old.has(path) && old.get(path) !== fresh.get(path)),
    removed: [...old.keys()].filter((path) => !fresh.has(path)).sort(),
    same: paths.filter((path) => old.get(path) === fresh.get(path)).length,
  };
}

/** "3 new, 1 changed, 2 gone, 40 the same". */
export function describeDifference({ added, changed, removed, same }: SiteDifference): string {
  return `${added.length} new, ${changed.length} changed, ${removed.length} gone, ${same} the same`;
}
