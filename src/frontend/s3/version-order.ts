import type { ListedVersion } from "./bucket.js";

/**
 * In which order versions and markers stand in a page of a listing: true for a marker. The SDK hands
 * them over as two arrays, and which of two of the same second is the newer one is lost then.
 * @param xml the page as it came: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
 */
export function markersInOrder(xml: string): readonly boolean[] {
  return [...xml.matchAll(/<(Version|DeleteMarker)>/g)].map(([, element]) => element !== "Version");
}

/**
 * Versions and markers in the order of the listing.
 * @param order of {@link markersInOrder}.
 * @returns undefined when the order does not fit: the page was not what it seemed to be.
 */
export function inOrder(
  order: readonly boolean[],
  versions: readonly ListedVersion[],
  markers: readonly ListedVersion[],
): readonly ListedVersion[] | undefined {
  const [nextVersion, nextMarker] = [versions.values(), markers.values()];
  const sorted: ListedVersion[] = [];
  for (const isMarker of order) {
    const { value } = isMarker ? nextMarker.next() : nextVersion.next();
    if (value === undefined) {
      return undefined;
    }
    sorted.push(value);
  }
  return sorted.length === versions.length + markers.length ? sorted : undefined;
}

/** A part of a listing, and the keys of which it does not tell in which order they were written. */
export interface OrderedPage {
  readonly entries: readonly ListedVersion[];
  readonly doubtful: ReadonlySet<string>;
}

/**
 * A page of a listing by key, and of one key the newest first. S3 lists versions and markers as they come;
 * others keep the two apart (versitygw puts the markers first, moto last). Ids that hold a time, or else
 * the times, bring them into order again; without such ids, what happened within one second is in doubt.
 */
export function inTimeOrder(page: readonly ListedVersion[]): OrderedPage {
  const switches = page.filter(
    ({ isMarker }, index) => index > 0 && isMarker !== page[index - 1]?.isMarker,
  );
  if (switches.length !== 1) {
    return { entries: page, doubtful: new Set() };
  }
  const histories = new Map<string, ListedVersion[]>();
  for (const entry of page) {
    histories.set(entry.key, [...(histories.get(entry.key) ?? []), entry]);
  }
  const doubtful = new Set<string>();
  const keys = [...histories.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const entries = keys.flatMap((key) => {
    const history = histories.get(key) ?? [];
    if (new Set(history.map(({ isMarker }) => isMarker)).size === 1) {
      return history;
    }
    const sorted = [...history].sort(newestFirst);
    const versions = sorted.filter(({ isMarker }) => !isMarker);
    const listed = history.filter(({ isMarker }) => !isMarker);
    const isOpen = sorted.some((entry, index) => {
      const next = sorted[index + 1];
      return (
        next !== undefined && next.isMarker !== entry.isMarker && newestFirst(entry, next) === 0
      );
    });
    if (isOpen || versions.some((version, index) => version !== listed[index])) {
      doubtful.add(key);
    }
    return sorted;
  });
  return { entries, doubtful };
}

function newestFirst(a: ListedVersion, b: ListedVersion): number {
  if (a.isLatest !== b.isLatest) {
    return a.isLatest ? -1 : 1;
  }
  return ULID.test(a.versionId) && ULID.test(b.versionId)
    ? Number(a.versionId < b.versionId) - Number(a.versionId > b.versionId)
    : b.modified.getTime() - a.modified.getTime();
}

/** Begins with the time in milliseconds, so that ids sort by time: https://github.com/ulid/spec */
const ULID = /^([0-7][0-9A-HJKMNP-TV-Z]{9})[0-9A-HJKMNP-TV-Z]{16}$/;
const ULID_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/**
 * When a version was written, in whole seconds. Of a version that is not the newest any more, versitygw
 * says when it ceased to be, and of a marker when what it hides was written; but there, the id begins
 * with the time when it was made.
 * @param versionId S3's own have another form.
 */
export function writtenAt(versionId: string, modified: Date): Date {
  const time = ULID.exec(versionId)?.[1];
  const ms =
    time === undefined
      ? modified.getTime()
      : Array.from(time).reduce((sum, letter) => sum * 32 + ULID_LETTERS.indexOf(letter), 0);
  return new Date(Math.floor(ms / 1000) * 1000);
}
