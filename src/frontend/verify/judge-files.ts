import { describeCache, duration, judgeCaching } from "./caching.js";
import type { Crawl, Precached } from "./crawl.js";
import type { ReleaseCheck } from "./release-check.js";
import type { Problem } from "./report.js";
import type { Difference, SecondLook } from "./second-look.js";
import type { ServedFile, ServedFiles } from "./served-files.js";
import { shownUrl, someOf } from "./shown.js";

/** Problems and notes. */
export interface Findings {
  readonly problems: readonly Problem[];
  readonly notes: readonly string[];
}

/** What is wrong with what the page names. */
export function judgeCrawl({ missing, cut }: Crawl, site: string): Findings {
  const shown = (url: string): string => shownUrl(url, site);
  const notes = missing
    .filter(({ needed }) => !needed)
    .map(({ url, from, why }) => `${shown(from)} names ${shown(url)}: ${why}`);
  return {
    problems: missing
      .filter(({ needed }) => needed)
      .map(({ url, from, why }) => ({
        kind: "file-missing",
        what: `${shown(from)} needs ${shown(url)}, which is not served: ${why}`,
      })),
    notes: [
      ...notes.slice(0, MOST_NOTES),
      ...(notes.length > MOST_NOTES
        ? [`${notes.length - MOST_NOTES} more names lead to nothing`]
        : []),
      ...(cut ? ["there were more files than are followed; not all were looked at"] : []),
    ],
  };
}

/** Of notes of one kind, so many are said. */
const MOST_NOTES = 3;

/** What caches and browsers may keep for too long, or not long enough. */
export function judgeHeaders(files: readonly ServedFile[], site: string): Findings {
  const problems: Problem[] = [];
  const notes: string[] = [];
  const short: string[] = [];
  let hashed = 0;
  for (const { url, kind, caching, date } of files) {
    const path = shownUrl(url, site);
    const judgement = judgeCaching(kind, caching, date ?? undefined);
    problems.push(
      ...judgement.problems.map((what): Problem => ({
        kind: "cached-too-long",
        what: `${path}: ${what}`,
      })),
    );
    notes.push(...judgement.notes.map((what) => `${path}: ${what}`));
    hashed += kind === "hashed" ? 1 : 0;
    if (judgement.keptTooShort) {
      short.push(path);
    }
  }
  if (short.length > 0) {
    notes.push(
      `${short.length} of ${hashed} files with a hash in their names may not be kept, though they never change: ${someOf(short, MOST_NOTES)}`,
    );
  }
  return { problems, notes };
}

/** What a second look has shown. */
export function judgeDifferences({ differences, unseen }: SecondLook, site: string): Findings {
  const changing = differences.filter(({ kind }) => kind === "changing");
  const paths = unseen.map(({ url }) => shownUrl(url, site));
  return {
    problems: differences
      .filter(({ kind }) => kind !== "changing")
      .map((difference) => ({ kind: "stale-cache", what: describe(difference, site) })),
    notes: [
      ...changing.map(
        ({ file }) =>
          `${shownUrl(file.url, site)} is another with each request, so that answers cannot be compared`,
      ),
      ...(paths.length === 0
        ? []
        : [
            `the cache in front answers even when it is asked not to, so that what is behind it was not seen: ${someOf(paths, MOST_NOTES)}`,
          ]),
    ],
  };
}

function describe({ file, kind, sameEtag }: Difference, site: string): string {
  const path = shownUrl(file.url, site);
  const [first, ...others] = file.variants;
  const sizes = others.map(({ size }) => size).join(", ");
  const etag =
    sameEtag === null
      ? ""
      : `. Both have the ETag ${sameEtag}: browsers that have the old one are told that it is unchanged`;
  switch (kind) {
    case "stale-cache":
      return `${path}: a cache serves something else (${first?.size ?? 0} bytes; ${describeCache(file.caching)}) than the server behind it (${sizes} bytes)${etag}`;
    case "compressed-differs":
      return `${path}: the compressed copy that browsers get is another file than the plain one${etag}`;
    case "servers-differ":
    case "changing":
      return `${path}: not every visitor is served the same: one got ${first?.size ?? 0} bytes, another ${sizes}`;
  }
}

/** How what is served compares with the release. */
export function judgeRelease(check: ReleaseCheck): Findings {
  const { id, otherwise, missing, leftOver, place, damaged } = check;
  const problems: Problem[] = [];
  const byRelease = grouped(otherwise, ({ release }) => release);
  for (const [release, files] of byRelease) {
    const what =
      release === null
        ? `of no release that is known`
        : `those of release ${release}: a cache, or a server, is behind`;
    const count = files.length === 1 ? "1 file is" : `${files.length} files are`;
    problems.push({
      kind: "file-differs",
      what: `${count} not as in release ${id}, but ${what}: ${someOf(files.map(withAge))}`,
    });
  }
  for (const [why, files] of grouped(missing, ({ why }) => why)) {
    problems.push({
      kind: "file-missing",
      what: `not served, though in release ${id} (${why}): ${someOf(files.map(({ path }) => path))}`,
    });
  }
  if (damaged.length > 0) {
    const count = damaged.length === 1 ? "1 file is" : `${damaged.length} files are`;
    problems.push({
      kind: "file-differs",
      what: `in ${place}, ${count} not as in release ${id}: ${someOf(damaged)}. Whoever is not served by a cache gets that`,
    });
  }
  return {
    problems,
    notes:
      leftOver.length === 0
        ? []
        : [`files of other releases are still served: ${someOf(leftOver, MOST_NOTES)}`],
  };
}

function withAge({ path, age }: ReleaseCheck["otherwise"][number]): string {
  return age === null ? path : `${path} (held by a cache for ${duration(age)})`;
}

/**
 * What a service worker keeps from before: revisions that are not those of the files, and files that are
 * gone, for which its installation fails and the one before goes on.
 */
export function judgeWorkers(
  precached: readonly Precached[],
  files: ServedFiles,
  site: string,
): Findings {
  const stale = new Map<string, string[]>();
  for (const { worker, file, revision } of precached) {
    const served = files.get(file) ?? files.get(file.replace(/(^|\/)index\.html$/, "$1"));
    const is = served?.kind === "page" ? "the page" : "the file";
    const differs = served !== undefined && isHash(revision) && !has(served, revision);
    if (differs) {
      const lines = stale.get(worker) ?? [];
      stale.set(worker, [
        ...lines,
        `${shownUrl(file, site)} (revision ${revision}, not ${is} that is served)`,
      ]);
    }
  }
  return {
    problems: [...stale].map(([worker, lines]) => ({
      kind: "stale-service-worker",
      what: `${shownUrl(worker, site)} keeps what is not served any more, for visitors who come again: ${someOf(lines)}`,
    })),
    notes: [],
  };
}

/** Workbox writes the MD5 of a file, Angular its SHA-1; other texts are versions of people. */
function isHash(revision: string | null): revision is string {
  return revision !== null && /^(?:[0-9a-f]{32}|[0-9a-f]{40})$/.test(revision);
}

function has({ md5, sha1 }: ServedFile, revision: string): boolean {
  return revision === md5 || revision === sha1;
}

function grouped<T, K>(items: readonly T[], key: (item: T) => K): ReadonlyMap<K, readonly T[]> {
  const groups = new Map<K, readonly T[]>();
  for (const item of items) {
    groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  }
  return groups;
}
