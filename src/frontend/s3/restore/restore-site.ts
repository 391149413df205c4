import type { Advance } from "../../../step.js";
import type { OldAddress } from "../../known-addresses.js";
import type { Bucket } from "../bucket.js";
import type { Retention } from "../lifecycle.js";
import { serverTime } from "./look.js";
import { ModelBucket } from "./model-bucket.js";
import { SeenVersions } from "./seen-versions.js";

/** A site in a bucket whose versions are restored, and what that needs. */
export interface RestoreSite {
  /** As in the configuration: "web". */
  readonly name: string;
  readonly bucket: Bucket;
  /** Of the site's keys: empty, or with a slash at its end. */
  readonly prefix: string;
  readonly retention: Retention;
  readonly seen: SeenVersions;
  /** The file that the site reads its addresses from, if there is one. */
  readonly runtimeConfig: string | undefined;
  /** Who works on it: "alice@laptop". */
  readonly by: string;
  readonly now: () => Date;
  /** Addresses that the site should not talk to any more. */
  readonly oldAddresses: () => Promise<readonly OldAddress[]>;
  /** Runs something while nobody else changes the site with this plugin. */
  readonly locked: <T>(work: () => Promise<T>) => Promise<T>;
  /**
   * Comes back when nobody is served any more what was there before: caches have forgotten it, and pages
   * that were loading are loaded. Called once for what came back, before anything is hidden that the pages
   * of before refer to, and once for what was hidden.
   * @param paths of what has changed, relative to the site's root.
   */
  readonly settled: (paths: readonly string[], advance: Advance) => Promise<void>;
  /** Comes back when pages that were loading have what they ask for. */
  readonly pagesLoaded: (advance: Advance) => Promise<void>;
  /** Paths that caches may still hold as they were, although it was waited for. */
  readonly stale: () => Promise<readonly string[]>;
  /** Whether it is a copy to rehearse on. */
  readonly isCopy: boolean;
}

/**
 * A copy of a site to rehearse on: a model of the bucket that begins with what a listing of the real one
 * shows. Nothing is written to the real one, and of the contents only what somebody looks at is read.
 */
export async function rehearsalSite(site: RestoreSite): Promise<RestoreSite> {
  const { bucket, prefix, seen } = site;
  const [entries, versioning] = await Promise.all([
    bucket.listVersions(prefix),
    bucket.versioning(),
  ]);
  const now = (): Date => serverTime(site);
  const model = new ModelBucket({
    name: bucket.name,
    place: bucket.place,
    versioning,
    now,
    entries,
    contentOf: (version) => ({
      bytes: async () => (await bucket.get(version))?.bytes ?? Buffer.alloc(0),
      headers: async () => await seen.headersOf(bucket, version),
      tags: async () => await bucket.tags(version),
    }),
  });
  return {
    ...site,
    bucket: model,
    seen: new SeenVersions(),
    now,
    oldAddresses: async () => await Promise.resolve([]),
    locked: async (work) => await work(),
    settled: async () => {
      await Promise.resolve();
    },
    pagesLoaded: async () => {
      await Promise.resolve();
    },
    stale: async () => await Promise.resolve([]),
    isCopy: true,
  };
}
