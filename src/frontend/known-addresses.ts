import { addressSearch } from "./address-search.js";
import type { Manifest, ReleaseSummary } from "./manifest.js";
import type { Site } from "./site.js";
import type { SiteFiles } from "./site-files.js";

/** An address of a contract that the site should not talk to any more. */
export interface OldAddress {
  readonly contract: string;
  readonly address: string;
}

/** Where an old address is. */
export interface CarriedAddress extends OldAddress {
  /** The paths of the files that hold it. */
  readonly files: readonly string[];
}

/**
 * The addresses that the configured contracts had before: all that releases record, but for the one of
 * the configuration and the one that is served. An address away from which the site was repointed is old
 * even then: whoever repoints in a hurry changes the configuration later. Until then the one of the last
 * repoint is right, also while an older release is served.
 * @param releases all of them, oldest first.
 * @param current the id of the one that is served.
 */
export function oldAddresses(
  site: Pick<Site, "contracts">,
  releases: readonly ReleaseSummary[],
  current: string | null,
): readonly OldAddress[] {
  const served = releases.find(({ id }) => id === current);
  return Object.entries(site.contracts).flatMap(([contract, configured]) => {
    const known = new Set<string>();
    const left = new Set<string>();
    for (const { contracts, repoint } of releases) {
      const recorded = contracts[contract]?.address;
      if (recorded !== undefined) {
        known.add(recorded);
      }
      if (repoint?.contract === contract) {
        known.add(repoint.from);
        left.add(repoint.from);
        left.delete(repoint.to);
      }
    }
    const last = releases.findLast(({ repoint }) => repoint?.contract === contract)?.repoint?.to;
    const right = left.has(configured) ? last : configured;
    const inUse = new Set([configured, right, served?.contracts[contract]?.address]);
    return [...known]
      .filter((address) => left.has(address) || !inUse.has(address))
      .map((address) => ({ contract, address }));
  });
}

/** Which old addresses stand in files, in whatever form. */
export function carriedIn(old: readonly OldAddress[], files: SiteFiles): readonly CarriedAddress[] {
  return old.flatMap((address) => {
    const paths = pathsWith(address.address, files);
    return paths.length === 0 ? [] : [{ ...address, files: paths }];
  });
}

/** The paths of the files in which an address stands, in whatever form. */
export function pathsWith(address: string, files: SiteFiles): readonly string[] {
  const search = addressSearch(address);
  return [...files]
    .filter(([, bytes]) => {
      const { plain, unexplained } = search.in(bytes);
      return plain.length + unexplained.length > 0;
    })
    .map(([path]) => path);
}

/** Of each configured contract the address, and in how many files it stands; those in none are left out. */
export function contractsIn(
  contracts: Readonly<Record<string, string>>,
  files: SiteFiles,
): Manifest["contracts"] {
  const found = Object.entries(contracts).map(
    ([name, address]) => [name, { address, files: pathsWith(address, files).length }] as const,
  );
  return Object.fromEntries(found.filter(([, { files: count }]) => count > 0));
}
