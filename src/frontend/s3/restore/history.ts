import { createHash } from "node:crypto";

import { EmergencyError } from "../../../errors.js";
import type { ListedVersion } from "../bucket.js";

/** All versions and markers of one key, the newest first. Never empty. */
export type KeyHistory = readonly ListedVersion[];

/** Of each key its history, in the order of the listing. */
export type Histories = ReadonlyMap<string, KeyHistory>;

/** The folder in which our own records are. It may be that of another site in the same bucket. */
const OURS = /(?:^|\/)\.hardhat-emergency\//;

/** Whether a key is one of our records: these are never restored. */
export function isOurs(key: string): boolean {
  return OURS.test(key);
}

/**
 * The histories of a site's keys, without our own records. The order is the listing's: times have a
 * resolution of one second, and tell nothing about what came first within one.
 * @throws EmergencyError AWS_REFUSED when the listing contradicts itself.
 */
export function historiesOf(listing: readonly ListedVersion[]): Histories {
  const histories = new Map<string, ListedVersion[]>();
  for (const entry of listing) {
    if (isOurs(entry.key)) {
      continue;
    }
    const history = histories.get(entry.key);
    // The newest is marked, and must come first. Nothing could be trusted otherwise.
    if (entry.isLatest !== (history === undefined)) {
      throw new EmergencyError(
        "AWS_REFUSED",
        `the listing of the versions of ${entry.key} is not in order: its newest version does not come first`,
        "type the same command again; if it stays so, the server does not speak S3 well enough",
      );
    }
    if (history === undefined) {
      histories.set(entry.key, [entry]);
    } else {
      history.push(entry);
    }
  }
  return histories;
}

/** The version that is visible now, or null when there is none: a marker is above it, or nothing is there. */
export function visibleIn(history: KeyHistory | undefined): ListedVersion | null {
  const newest = history?.[0];
  return newest === undefined || newest.isMarker ? null : newest;
}

/** Whether two entries are one and the same; what is called "null" may have been replaced. */
export function isOneAndTheSame(a: ListedVersion | null, b: ListedVersion | null): boolean {
  return (
    a?.versionId === b?.versionId &&
    a?.etag === b?.etag &&
    a?.isMarker === b?.isMarker &&
    (a?.versionId !== "null" || a.modified.getTime() === b?.modified.getTime())
  );
}

/** What identifies a visible state: of each key its version and its ETag. */
export function digestOf(visible: Iterable<ListedVersion>): string {
  const hash = createHash("sha256");
  const lines = [...visible].map(({ key, versionId, etag }) =>
    JSON.stringify([key, versionId, etag]),
  );
  for (const line of lines.sort()) {
    hash.update(`${line}\n`);
  }
  return hash.digest("hex");
}

/** All that is visible now. */
export function allVisible(histories: Histories): readonly ListedVersion[] {
  return [...histories.values()].flatMap((history) => visibleIn(history) ?? []);
}
