import { EmergencyError } from "../../errors.js";
import type { JsonObject } from "../../json.js";
import { oldAddresses } from "../known-addresses.js";
import type { Site } from "../site.js";
import type { Bucket } from "./bucket.js";
import type { SharedPlaces } from "./in-place-store.js";
import type { Retention } from "./lifecycle.js";
import { RestoreRecords } from "./restore/record.js";
import type { RestoreSite } from "./restore/restore-site.js";
import { SeenVersions } from "./restore/seen-versions.js";

/** A bucket that shows a site under its own names, and keeps what was there before. */
export interface SiteVersions {
  readonly bucket: Bucket;
  /** Of the site's keys: empty, or with a slash at its end. */
  readonly prefix: string;
  readonly retention: Retention;
  readonly places: SharedPlaces;
}

/**
 * The id of a restore that a person has named by it, or by its number alone: "0001".
 * @throws EmergencyError UNKNOWN_RELEASE
 */
export async function restoreNamed(
  { bucket, prefix }: SiteVersions,
  name: string,
): Promise<string> {
  const restores = await new RestoreRecords(bucket, prefix).list();
  const found = restores.find(({ id }) => id === name || id.startsWith(`${name}-`));
  if (found === undefined) {
    const ids = restores.map(({ id }) => id).join(", ");
    throw new EmergencyError(
      "UNKNOWN_RELEASE",
      `nothing was restored under the name ${name}`,
      ids === "" ? "npx hardhat frontend releases" : `name one of these with --undo: ${ids}`,
    );
  }
  return found.id;
}

/** What restoring the versions of a site needs, from the site. */
export function restoreSiteOf(site: Site, versions: SiteVersions): RestoreSite {
  const { bucket, prefix, retention, places } = versions;
  const { name, by, now, edge, runtimeConfig, graceMs, wait } = site;
  let notes: Parameters<Parameters<SharedPlaces["changing"]>[1]>[0] | undefined;
  return {
    name,
    bucket,
    prefix,
    retention,
    seen: new SeenVersions(),
    runtimeConfig: runtimeConfig?.file,
    by,
    now,
    async oldAddresses() {
      const [releases, current] = await Promise.all([places.releases(), places.current()]);
      return oldAddresses(site, releases, current);
    },
    locked: async (work) =>
      await places.changing(by, async (held) => {
        notes = held;
        const result = await work();
        const record: JsonObject = { at: now().toISOString(), by, kind: "frontend-restore" };
        await held.recognise(record);
        return result;
      }),
    async settled(paths, advance) {
      if (edge === null || notes === undefined) {
        return;
      }
      const reference = `restore ${now().toISOString()}`;
      await notes.stale({ reference, paths });
      const all = (await places.pending())?.paths ?? paths;
      const result = await edge.invalidate(edge.plan(all).paths, reference, (text) => {
        advance(text);
      });
      if (result.completed) {
        await notes.invalidated(reference);
      }
    },
    async pagesLoaded(advance) {
      if (graceMs > 0) {
        advance(`waiting ${graceMs / 1000} s for pages that are loading`);
        await wait(graceMs);
      }
    },
    stale: async () => (await places.pending())?.paths ?? [],
    isCopy: false,
  };
}
