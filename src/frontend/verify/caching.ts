/*
 * How long caches and browsers may go on showing what they have: RFC 9111, and `stale-while-revalidate`
 * of RFC 5861.
 */

/** Longer than this, a page must not be kept: after a repointing it talks to the old contract. */
const MOST_PAGE_SECONDS = 300;

/** A hashed file never changes: less than a day is a download that was not needed. */
const LEAST_HASHED_SECONDS = 86_400;

/** A day in a day's twenty-fourths, for words. */
const UNITS = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
] as const;

/** What a file is to caches. */
export type FileKind = "page" | "config" | "service-worker" | "hashed" | "other";

/** What an answer's headers say about caching; null where the header is not there. */
export interface CacheHeaders {
  readonly cacheControl: string | null;
  readonly expires: string | null;
  /** Seconds that a shared cache has held the answer. */
  readonly age: number | null;
  readonly etag: string | null;
  readonly lastModified: string | null;
  /** Which cache answered, in its own words: "x-cache: Hit from cloudfront". */
  readonly cache: string | null;
}

/** Headers in which caches say what they did, the plainest first. */
const CACHE_WORDS = [
  "x-cache",
  "cf-cache-status",
  "cache-status",
  "x-vercel-cache",
  "x-cache-status",
  "via",
];

/** Picks them out of an answer. */
export function cacheHeaders(headers: Readonly<Record<string, string>>): CacheHeaders {
  const age = Number(headers.age ?? NaN);
  const words = CACHE_WORDS.flatMap((name) => {
    const value = headers[name];
    return value === undefined ? [] : [`${name}: ${value}`];
  });
  return {
    cacheControl: headers["cache-control"] ?? null,
    expires: headers.expires ?? null,
    age: Number.isFinite(age) ? age : null,
    etag: headers.etag ?? null,
    lastModified: headers["last-modified"] ?? null,
    cache: words.length === 0 ? null : words.join(", "),
  };
}

/** Whether an answer came out of a shared cache. */
export function fromCache({ age, cache }: CacheHeaders): boolean {
  return (age !== null && age > 0) || /\bhit\b/i.test(cache ?? "");
}

/** "Age 4000, x-cache: Hit from cloudfront", or nothing known. */
export function describeCache({ age, cache }: CacheHeaders): string {
  const parts = [...(age === null ? [] : [`Age ${age}`]), ...(cache === null ? [] : [cache])];
  return parts.length === 0 ? "no header says which" : parts.join(", ");
}

/** What is to be said of how a file may be kept. */
export interface CacheJudgement {
  readonly problems: readonly string[];
  readonly notes: readonly string[];
  /** Of a hashed file: it must be asked for again although it never changes. */
  readonly keptTooShort: boolean;
}

/**
 * Judges a file's headers by what it is.
 * @param date the answer's own `Date`, which `Expires` is measured from.
 */
export function judgeCaching(
  kind: FileKind,
  headers: CacheHeaders,
  date: string | undefined,
): CacheJudgement {
  const directives = directivesOf(headers.cacheControl ?? "");
  const seconds = lifetime(directives, headers, date);
  if (kind === "hashed") {
    const short =
      directives.has("no-store") ||
      directives.has("no-cache") ||
      (seconds ?? 0) < LEAST_HASHED_SECONDS;
    return { problems: [], notes: [], keptTooShort: short };
  }
  if (kind !== "page" && kind !== "config") {
    return { problems: [], notes: [], keptTooShort: false };
  }
  const problems: string[] = [];
  const notes: string[] = [];
  const asks = directives.has("no-cache") || directives.has("no-store");
  if (directives.has("immutable")) {
    problems.push("cache-control: immutable tells browsers that it never changes");
  }
  if (!asks && seconds !== undefined && seconds > MOST_PAGE_SECONDS) {
    const header = directives.has("max-age")
      ? `cache-control: max-age=${directives.get("max-age") ?? ""}`
      : `expires: ${headers.expires ?? ""}`;
    problems.push(`${header} lets browsers show it for ${duration(seconds)} without asking`);
  }
  const stale = numberOf(directives, "stale-while-revalidate");
  if (!asks && stale !== undefined && stale > MOST_PAGE_SECONDS) {
    problems.push(
      `cache-control: stale-while-revalidate=${stale} lets browsers show it once more for ${duration(stale)} after it has changed`,
    );
  }
  const shared = numberOf(directives, "s-maxage");
  if (shared !== undefined && shared > MOST_PAGE_SECONDS) {
    notes.push(
      `shared caches may keep it for ${duration(shared)}: they must be told of every change`,
    );
  }
  if (!asks && seconds === undefined && headers.lastModified !== null) {
    notes.push(
      "it has no cache-control, so that browsers guess for how long to show it: set no-cache",
    );
  }
  if (headers.age !== null && headers.age > MOST_PAGE_SECONDS) {
    notes.push(`a cache has held it for ${duration(headers.age)} (Age: ${headers.age})`);
  }
  return { problems, notes, keptTooShort: false };
}

/** Seconds in words: "1 day", "36 hours", "5 minutes". */
export function duration(seconds: number): string {
  for (const [unit, length] of UNITS) {
    if (seconds >= 2 * length || seconds === length || length === 1) {
      const count = Math.round(seconds / length);
      return `${count} ${unit}${count === 1 ? "" : "s"}`;
    }
  }
  return `${seconds} seconds`;
}

function directivesOf(header: string): ReadonlyMap<string, string> {
  return new Map(
    header
      .split(",")
      .map((part) => part.trim().toLowerCase())
      .filter((part) => part !== "")
      .map((part) => {
        const [name = "", value = ""] = part.split("=");
        return [name.trim(), value.trim().replaceAll('"', "")] as const;
      }),
  );
}

function numberOf(directives: ReadonlyMap<string, string>, name: string): number | undefined {
  const value = directives.get(name);
  return value === undefined || !/^\d+$/.test(value) ? undefined : Number(value);
}

/** For how many seconds a browser need not ask; undefined where no header says. */
function lifetime(
  directives: ReadonlyMap<string, string>,
  { expires }: CacheHeaders,
  date: string | undefined,
): number | undefined {
  const maxAge = numberOf(directives, "max-age");
  if (maxAge !== undefined || expires === null) {
    return maxAge;
  }
  const until = Date.parse(expires) - Date.parse(date ?? "");
  // "0" and "-1" are no dates, and mean: at once.
  return Number.isNaN(until) ? 0 : Math.max(0, until / 1000);
}
