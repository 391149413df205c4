import { EmergencyError } from "../../../errors.js";
import type { ListedVersion } from "../bucket.js";
import { isOurs, type Histories, type KeyHistory } from "./history.js";
import type { RestoreRecord, StoredRecord } from "./record.js";
import { inSeconds } from "./time.js";

/** A state that a bucket should be brought to. */
export interface TargetState {
  /** For people: "2026-11-20T12:00:00Z". */
  readonly what: string;
  /** Of each key the version that should be visible, or null for none. Other keys stay as they are. */
  readonly wanted: ReadonlyMap<string, ListedVersion | null>;
}

/** Of many things, so many are named. */
const MOST_NAMED = 5;

/**
 * What was visible at a time, after all that happened up to and in that second. Of several versions of
 * that second it is the newest of the listing. What the listing does not show any more cannot be known:
 * versions that somebody deleted for good, and markers that somebody took away. Of those that our own
 * restores took away, the records tell.
 * @param time ISO 8601.
 * @param now by the server's clock.
 * @throws EmergencyError BAD_ARGUMENTS for a time of which nothing can be said.
 */
export function stateAt(
  histories: Histories,
  time: string,
  records: readonly Pick<StoredRecord, "removed" | "modified">[],
  now: Date,
): TargetState {
  const at = Date.parse(time);
  checkTime(histories, at, time, now);
  const gone = removedMarkers(records);
  const wanted = new Map<string, ListedVersion | null>();
  for (const [key, history] of histories) {
    const newest = history.find(({ modified }) => modified.getTime() <= at);
    const hidden =
      newest === undefined ||
      newest.isMarker ||
      (gone.get(nameOf(newest)) ?? []).some(
        (marker) =>
          marker.from <= at && at < marker.until && !history.some(isMarkerOf(marker.versionId)),
      );
    wanted.set(key, hidden ? null : newest);
  }
  if ([...wanted.values()].every((version) => version === null)) {
    throw new EmergencyError(
      "BAD_ARGUMENTS",
      `nothing was visible at ${time}: the site would be gone`,
      "choose another time",
    );
  }
  return { what: time, wanted };
}

/**
 * Single versions that somebody has named; the version of a marker stands for an object that is not there.
 * @param prefix of the site's keys: a key may be named without it.
 * @throws EmergencyError BAD_ARGUMENTS for what is not there.
 */
export function namedVersions(
  histories: Histories,
  versions: readonly { readonly key: string; readonly versionId: string }[],
  prefix: string,
): TargetState {
  const wanted = new Map<string, ListedVersion | null>();
  for (const { key: name, versionId } of versions) {
    const key = histories.has(`${prefix}${name}`) ? `${prefix}${name}` : name;
    const history = histories.get(key);
    const version = history?.find((entry) => entry.versionId === versionId);
    if (isOurs(name) || history === undefined || version === undefined) {
      throw new EmergencyError(
        "BAD_ARGUMENTS",
        history === undefined || isOurs(name)
          ? `there is no object ${name} in the site, and there never was`
          : `${name} has no version ${versionId}`,
        history === undefined || isOurs(name)
          ? "look at the names with npx hardhat frontend status, or aws s3 ls"
          : `its versions are, the newest first: ${told(history.map(describe))}`,
      );
    }
    if (wanted.has(key)) {
      throw new EmergencyError(
        "BAD_ARGUMENTS",
        `two versions of ${name} are named`,
        "name each object once",
      );
    }
    wanted.set(key, version.isMarker ? null : version);
  }
  const [first] = versions;
  const more = versions.length > 1 ? ` and ${versions.length - 1} more` : "";
  return { what: `${first?.key ?? ""}@${first?.versionId ?? ""}${more}`, wanted };
}

/**
 * What the objects that a restore has changed were before it.
 * @throws EmergencyError VERSIONS_EXPIRED when the bucket does not hold all of it any more.
 */
export function stateBefore(histories: Histories, record: RestoreRecord): TargetState {
  const wanted = new Map<string, ListedVersion | null>();
  const lost: string[] = [];
  for (const { key, version } of record.before) {
    const found =
      version === null
        ? null
        : histories
            .get(key)
            ?.find(
              ({ versionId, etag, isMarker }) =>
                !isMarker && versionId === version.versionId && etag === version.etag,
            );
    if (found === undefined) {
      lost.push(`${key} (version ${version?.versionId ?? ""})`);
    } else {
      wanted.set(key, found);
    }
  }
  if (lost.length > 0) {
    throw new EmergencyError(
      "VERSIONS_EXPIRED",
      `the state before restore ${record.id} cannot be brought back: ${told(lost)} is not there any more`,
      "choose a time or versions that the bucket still holds: --to-time, --to-version",
    );
  }
  return { what: `the state before restore ${record.id}`, wanted };
}

/** The first few of a list, and how many more there are. */
export function told(lines: readonly string[], most = MOST_NAMED): string {
  const more = lines.length > most ? ` and ${lines.length - most} more` : "";
  return `${lines.slice(0, most).join(", ")}${more}`;
}

interface RemovedMarker {
  readonly versionId: string;
  /** In milliseconds since 1970; it was there from the first on, and not any more from the second on. */
  readonly from: number;
  readonly until: number;
}

/** Markers that our restores took away, by what they hid. */
function removedMarkers(
  records: readonly Pick<StoredRecord, "removed" | "modified">[],
): ReadonlyMap<string, readonly RemovedMarker[]> {
  const gone = new Map<string, RemovedMarker[]>();
  for (const { removed, modified: done } of records) {
    const until = Math.floor(done.getTime() / 1000) * 1000;
    for (const { key, above, markers } of removed) {
      const name = nameOf({ key, versionId: above });
      const known = gone.get(name) ?? [];
      gone.set(name, known);
      for (const { versionId, modified } of markers) {
        known.push({ versionId, from: Date.parse(modified), until });
      }
    }
  }
  return gone;
}

function isMarkerOf(versionId: string): (entry: ListedVersion) => boolean {
  return (entry) => entry.isMarker && entry.versionId === versionId;
}

function nameOf({ key, versionId }: { readonly key: string; readonly versionId: string }): string {
  return `${versionId} ${key}`;
}

function describe({ versionId, isMarker, modified }: ListedVersion): string {
  return `${versionId} (${inSeconds(modified)}${isMarker ? ", deleted" : ""})`;
}

function checkTime(histories: Histories, at: number, time: string, now: Date): void {
  const times = [...histories.values()].flatMap((history: KeyHistory) =>
    history.map(({ modified }) => modified.getTime()),
  );
  if (times.length === 0) {
    throw new EmergencyError(
      "BAD_ARGUMENTS",
      "the bucket holds nothing of the site, and never did",
      "look at s3.bucket and s3.prefix of the frontend",
    );
  }
  const first = times.reduce((a, b) => Math.min(a, b));
  const last = times.reduce((a, b) => Math.max(a, b));
  const there = `the site's first version is of ${inSeconds(new Date(first))}, its last change of ${inSeconds(new Date(last))}`;
  // Until a second is over, more can happen in it.
  if (at + 1000 > now.getTime()) {
    throw new EmergencyError(
      "BAD_ARGUMENTS",
      `${time} is ${at > now.getTime() ? "in the future" : "this very second, which is not over"}: by the server's clock it is ${inSeconds(now)}`,
      `choose an earlier time: ${there}`,
    );
  }
  if (at < first) {
    throw new EmergencyError(
      "BAD_ARGUMENTS",
      `there was nothing at ${time} yet, or the bucket does not hold it any more`,
      `choose a later time: ${there}`,
    );
  }
}
