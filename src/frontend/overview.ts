import type { OldAddress } from "./known-addresses.js";
import { carriedIn, oldAddresses } from "./known-addresses.js";
import { differenceOf, type SiteDifference } from "./difference.js";
import type { ReleaseSummary } from "./manifest.js";
import { describeFiles, readFolder, readRelease } from "./read-site.js";
import { previousOf } from "./rollback-step.js";
import { servedProblems } from "./served.js";
import type { RestoreTarget } from "./s3/restore/intent.js";
import { RestoreRecords } from "./s3/restore/record.js";
import type { Site } from "./site.js";
import { EmergencyError, messageOf } from "../errors.js";

/** A release as it is listed. */
export type ReleaseLine = Omit<ReleaseSummary, "schema"> & {
  readonly current: boolean;
  /** Where a rollback leads that names no release. */
  readonly previous: boolean;
};

/** All releases of a site, oldest first, and what was begun and not finished. */
export interface ReleaseList {
  readonly frontend: string;
  readonly place: string;
  readonly releases: readonly ReleaseLine[];
  readonly unfinished: readonly string[];
  /** What was put back from older versions of objects, oldest first. */
  readonly restores: readonly RestoreLine[];
}

/** A restore as it is listed. */
export interface RestoreLine {
  readonly id: string;
  readonly by: string;
  readonly at: string;
  /** Null while it is not done. */
  readonly finishedAt: string | null;
  readonly target: RestoreTarget;
  /** How many objects it has changed. */
  readonly objects: number;
}

/** Lists a site's releases. */
export async function listReleases(site: Site): Promise<ReleaseList> {
  const { store, name } = site;
  const [releases, id, unfinished, restores] = await Promise.all([
    store.releases(),
    store.current(),
    store.unfinished(),
    restoresOf(site),
  ]);
  const current = releases.find((release) => release.id === id) ?? null;
  const previous = previousOf({ releases, current });
  return {
    frontend: name,
    place: store.place,
    releases: releases.map(({ schema: _schema, ...release }) => ({
      ...release,
      current: release.id === id,
      previous: release.id === previous,
    })),
    unfinished,
    restores,
  };
}

async function restoresOf({ versions }: Site): Promise<readonly RestoreLine[]> {
  if (versions === null) {
    return [];
  }
  const records = await new RestoreRecords(versions.bucket, versions.prefix).list();
  return records.map(({ id, by, at, finishedAt, target, before }) => ({
    id,
    by,
    at,
    finishedAt,
    target,
    objects: before.length,
  }));
}

/** How a site is. */
export interface SiteStatus {
  readonly frontend: string;
  readonly place: string;
  readonly release: ReleaseLine | null;
  /** Each configured contract: the address in the site, and the one of the configuration. */
  readonly contracts: readonly {
    readonly name: string;
    readonly configured: string;
    readonly inSite: string | null;
  }[];
  /** Old addresses that are in the site. */
  readonly old: readonly OldAddress[];
  readonly unfinished: readonly string[];
  /** Why it is not as it should be; empty when it is. */
  readonly problems: readonly string[];
}

/** Looks at what is served, on the disk and through the public URL. */
export async function statusOf(site: Site): Promise<SiteStatus> {
  const { store, url, wait } = site;
  const list = await listReleases(site);
  const release = list.releases.find(({ current }) => current) ?? null;
  const problems: string[] = [];
  let old: readonly OldAddress[] = [];
  if (release !== null) {
    const manifest = await store.manifest(release.id);
    const known = oldAddresses(site, await store.releases(), release.id);
    const damaged = await store.damaged(release.id, manifest.files);
    problems.push(
      ...[...damaged].map(
        (file) => `${file} was changed or removed after release ${release.id} was deployed`,
      ),
    );
    const sound = manifest.files.filter(({ path }) => !damaged.has(path));
    try {
      old = known.length === 0 ? [] : carriedIn(known, await readRelease(store, release.id, sound));
    } catch (error) {
      problems.push(error instanceof EmergencyError ? error.what : messageOf(error));
    }
    problems.push(
      ...old.map(({ contract, address }) => `it holds ${address}, an old address of ${contract}`),
    );
    if (url !== undefined) {
      const entries = manifest.files.filter(({ cacheControl }) => cacheControl === "no-cache");
      problems.push(
        ...(await servedProblems(url, entries, 0, wait)).map((what) => `at ${url}, ${what}`),
      );
    }
  } else {
    problems.push("nothing is served");
  }
  const pending = await store.pending();
  if (pending !== null) {
    problems.push(
      `caches may still hold ${pending.paths.length} files as they were before: npx hardhat frontend invalidate --frontend ${site.name}`,
    );
  }
  return {
    frontend: list.frontend,
    place: list.place,
    release,
    contracts: Object.entries(site.contracts).map(([name, configured]) => ({
      name,
      configured,
      inSite: release?.contracts[name]?.address ?? null,
    })),
    old: old.map(({ contract, address }) => ({ contract, address })),
    unfinished: list.unfinished,
    problems,
  };
}

/** How what is served differs from something else. */
export interface SiteComparison extends SiteDifference {
  readonly frontend: string;
  /** The release that is served. */
  readonly from: string | null;
  /** A release or a folder. */
  readonly to: string;
}

/**
 * Compares what is served with a folder, or with a release.
 * @throws EmergencyError UNKNOWN_RELEASE, BAD_ARGUMENTS
 */
export async function compareSite(
  site: Site,
  other: { readonly folder: string } | { readonly release: string | undefined },
): Promise<SiteComparison> {
  const { store, name } = site;
  const current = await store.current();
  const before = current === null ? [] : (await store.manifest(current)).files;
  if ("folder" in other) {
    const after = describeFiles(await readFolder(other.folder), site.headersOf);
    return { frontend: name, from: current, to: other.folder, ...differenceOf(before, after) };
  }
  const releases = await store.releases();
  const served = releases.find(({ id }) => id === current) ?? null;
  const id = other.release ?? previousOf({ releases, current: served });
  if (id === null) {
    throw new EmergencyError(
      "UNKNOWN_RELEASE",
      `${name} has no release before the one that is served`,
      "name a folder with --from, or a release with --to",
    );
  }
  const { files } = await store.manifest(id);
  return { frontend: name, from: current, to: id, ...differenceOf(before, files) };
}
