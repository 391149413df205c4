import type { InvalidationPlan } from "./edge.js";
import { isWildcard, patternsOf, withoutCovered } from "./invalidation-path.js";
import type { Inspection } from "./inspect-distribution.js";

/** Paths of one distribution that may be in progress; wildcards are counted by themselves. */
export const MOST_PATHS = 3_000;
export const MOST_WILDCARDS = 15;

/** So many paths are free each month, in an account; each one after them costs so much. A wildcard is one. */
const FREE_PATHS = 1_000;
const USD_PER_PATH = 0.005;

/**
 * More paths than this are drawn together: ten such changes a month are free, and a cache that is emptied
 * of a folder fills again at once.
 */
export const MOST_LISTED = 100;

/** An error page that goes away by itself in this time, in seconds, does so before an invalidation is done. */
const SOON_SECONDS = 60;

/** What of a distribution decides what must be invalidated. */
export type Cached = Pick<Inspection, "base" | "errorPages" | "queryStrings">;

/**
 * Pure: the fewest paths that make every cache forget what has changed. Each is listed while they are few;
 * then folders are taken as a whole, the smaller ones last. Never more than CloudFront takes at a time.
 * @param changedPaths relative to the site: "index.html", "docs/a b.html".
 */
export function planInvalidation(
  changedPaths: readonly string[],
  cached: Cached,
): InvalidationPlan {
  const paths = pathsOf(changedPaths, cached);
  const costUsd = Math.round(paths.length * USD_PER_PATH * 1000) / 1000;
  return {
    paths,
    costUsd,
    summary:
      paths.length === 0
        ? "nothing to invalidate"
        : `invalidate ${paths.length === 1 ? "1 path" : `${paths.length} paths`}: ${told(paths)} (free within the month's first ${FREE_PATHS}, else $${costUsd.toFixed(3)})`,
  };
}

function pathsOf(changedPaths: readonly string[], cached: Cached): readonly string[] {
  const files = changedPaths.map((path) => `${cached.base}/${path}`);
  if (files.length === 0) {
    return [];
  }
  if (files.some((file) => standsInForOthers(file, cached))) {
    return ["/*"];
  }
  return drawnTogether(
    withoutCovered(files.flatMap((file) => patternsOf(file, cached.queryStrings))),
  );
}

/**
 * A page that is shown in place of what is not there has been cached under addresses that nobody can
 * list: all of a single page application's routes.
 */
function standsInForOthers(file: string, { errorPages }: Cached): boolean {
  return errorPages.some(({ path, ttlSeconds }) => path === file && ttlSeconds > SOON_SECONDS);
}

/** A folder with what must be invalidated in it. */
interface Folder {
  /** "/docs/" */
  readonly path: string;
  /** Patterns of what is in it, but not in its folders. */
  readonly own: string[];
  readonly folders: Map<string, Folder>;
  /** Of all that is below it. */
  count: number;
}

/**
 * Pure: patterns that cover all these, and are no more than {@link MOST_LISTED} with no more than
 * {@link MOST_WILDCARDS} wildcards. Begins with one wildcard for all, and opens folders as long as the
 * limits allow, the fullest first.
 */
export function drawnTogether(patterns: readonly string[]): readonly string[] {
  if (patterns.length <= MOST_LISTED && wildcards(patterns) <= MOST_WILDCARDS) {
    return patterns;
  }
  let chosen: readonly (string | Folder)[] = [treeOf(patterns)];
  const closed = new Set<Folder>();
  for (;;) {
    const next = chosen
      .filter((entry) => typeof entry !== "string")
      .filter((folder) => !closed.has(folder))
      .reduce<Folder | undefined>(
        (fullest, folder) =>
          fullest === undefined || folder.count > fullest.count ? folder : fullest,
        undefined,
      );
    if (next === undefined) {
      break;
    }
    const opened = chosen.flatMap((entry) => (entry === next ? inside(next) : [entry]));
    const written = opened.map(patternOf);
    if (written.length <= MOST_LISTED && wildcards(written) <= MOST_WILDCARDS) {
      chosen = opened;
    } else {
      closed.add(next);
    }
  }
  return withoutCovered(chosen.map(patternOf));
}

function treeOf(patterns: readonly string[]): Folder {
  const root: Folder = { path: "/", own: [], folders: new Map(), count: 0 };
  for (const pattern of patterns) {
    let folder = root;
    folder.count++;
    for (const name of pattern.split("/").slice(1, -1)) {
      const inner = folder.folders.get(name) ?? {
        path: `${folder.path}${name}/`,
        own: [],
        folders: new Map<string, Folder>(),
        count: 0,
      };
      folder.folders.set(name, inner);
      folder = inner;
      folder.count++;
    }
    folder.own.push(pattern);
  }
  return root;
}

/** What a folder holds: patterns, and folders; one that holds a single pattern is that pattern. */
function inside(folder: Folder): readonly (string | Folder)[] {
  return [...folder.own, ...[...folder.folders.values()].map(single)];
}

function single(folder: Folder): string | Folder {
  const [only] = folder.own.length > 0 ? folder.own : [...folder.folders.values()].map(single);
  return folder.count === 1 && only !== undefined ? only : folder;
}

function patternOf(entry: string | Folder): string {
  return typeof entry === "string" ? entry : `${entry.path}*`;
}

function wildcards(patterns: readonly string[]): number {
  return patterns.filter(isWildcard).length;
}

function told(paths: readonly string[]): string {
  const [first, second, third] = paths;
  const shown = [first, second, third].filter((path) => path !== undefined).join(", ");
  return paths.length > 3 ? `${shown} and ${paths.length - 3} more` : shown;
}
