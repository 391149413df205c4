import { each } from "../each.js";
import type { Manifest, ManifestFile } from "../manifest.js";
import { urlOf } from "../served.js";
import { whyMissing } from "./crawl.js";
import type { Get } from "./http-get.js";
import type { ServedFiles } from "./served-files.js";

/** Requests at the same time. */
const AT_A_TIME = 12;

/** The release that should be served, and all others that are known. */
export interface Releases {
  readonly served: Manifest;
  readonly others: readonly Manifest[];
  /** Where the release is kept: "s3://bucket". */
  readonly place?: string;
  /** Paths of its files that are not there as they were deployed, whatever caches serve. */
  readonly damaged?: readonly string[];
}

/** How what is served compares with the release. */
export interface ReleaseCheck {
  readonly id: string;
  /** So many of its files are served as they are. */
  readonly same: number;
  /** Paths of files that are served otherwise: which release has these bytes, where one has. */
  readonly otherwise: readonly {
    readonly path: string;
    readonly release: string | null;
    /** For how long a cache had it, in seconds; null when none says so. */
    readonly age: number | null;
  }[];
  /** Paths of files that are not served, with the reason. */
  readonly missing: readonly { readonly path: string; readonly why: string }[];
  /** Paths of other releases' files that are still served. */
  readonly leftOver: readonly string[];
  readonly place: string;
  /** See {@link Releases.damaged}. */
  readonly damaged: readonly string[];
}

/**
 * Compares every file of the release with what is served to a visitor, and asks for what only other
 * releases have. All that is served goes to `files`, where addresses are looked for.
 * @param url where the site's root is.
 */
export async function checkRelease(
  get: Get,
  url: string,
  { served, others, place = "the store", damaged = [] }: Releases,
  files: ServedFiles,
): Promise<ReleaseCheck> {
  const own = [...served.files, ...served.kept].filter(({ path }) => isAskedFor(path));
  const otherwise: { path: string; release: string | null; age: number | null }[] = [];
  const missing: { path: string; why: string }[] = [];
  const isKept = new Set(served.kept.map(({ path }) => path));
  let same = 0;

  await each(own, AT_A_TIME, async (file) => {
    const found = await hashesOf(get, urlOf(url, file.path), files);
    if (typeof found === "string") {
      if (!mayBeHidden(file.path, found) && !isKept.has(file.path)) {
        missing.push({ path: file.path, why: found });
      }
    } else if (found.every((hash) => hash === file.sha256)) {
      same++;
    } else {
      const wrong = found.find((hash) => hash !== file.sha256) ?? "";
      const age = files.get(urlOf(url, file.path))?.caching.age ?? null;
      otherwise.push({ path: file.path, release: releaseWith(others, file, wrong), age });
    }
  });

  const known = new Set([...served.files, ...served.kept].map(({ path }) => path));
  const old = new Set(
    others
      .flatMap((manifest) => [...manifest.files, ...manifest.kept])
      .map(({ path }) => path)
      .filter((path) => !known.has(path) && isAskedFor(path)),
  );
  const leftOver = await each([...old], AT_A_TIME, async (path) =>
    typeof (await hashesOf(get, urlOf(url, path), files)) === "string" ? [] : [path],
  );
  return { id: served.id, same, otherwise, missing, leftOver: leftOver.flat(), place, damaged };
}

/** Every content that the URL gave so far, or the reason why there is none. */
async function hashesOf(
  get: Get,
  url: string,
  files: ServedFiles,
): Promise<readonly string[] | string> {
  const known = files.get(url);
  if (known !== undefined) {
    return known.variants.map(({ sha256 }) => sha256);
  }
  try {
    const answer = await get({ url, manner: "visitor", page: /(?:\/|\.html?)$/.test(url) });
    return whyMissing(answer) ?? files.add(answer, "visitor").variants.map(({ sha256 }) => sha256);
  } catch {
    return "it cannot be fetched";
  }
}

/** Compressed copies are given in place of the plain file, and not by their own names. */
function isAskedFor(path: string): boolean {
  return !/\.(?:gz|br|zst)$/.test(path);
}

/** Many servers keep source maps, and files whose name begins with a dot, from the public on purpose. */
function mayBeHidden(path: string, why: string): boolean {
  return (path.endsWith(".map") || /(?:^|\/)\./.test(path)) && /^status 40[34]$/.test(why);
}

function releaseWith(
  others: readonly Manifest[],
  { path }: ManifestFile,
  hash: string,
): string | null {
  const found = others.findLast((manifest) =>
    [...manifest.files, ...manifest.kept].some(
      (file) => file.path === path && file.sha256 === hash,
    ),
  );
  return found?.id ?? null;
}
