import { each } from "../each.js";
import { sha256 } from "../manifest.js";
import { cacheHeaders, fromCache } from "./caching.js";
import { whyMissing } from "./crawl.js";
import type { Answer, Get, Manner } from "./http-get.js";
import type { ServedFile, ServedFiles } from "./served-files.js";

/** Requests at the same time. */
const AT_A_TIME = 12;

/** Of a name's IP addresses, so many are asked: large networks of caches give four to eight. */
const MOST_SERVERS = 4;

/** Where the same address gives more than one content. */
export interface Difference {
  readonly file: ServedFile;
  /**
   * - `stale-cache`: a cache gives something else than the server behind it
   * - `servers-differ`: one server, or one request, gives something else than the next
   * - `compressed-differs`: the compressed copy is another file than the plain one
   * - `changing`: every request gives something else, so that nothing can be said
   */
  readonly kind: "stale-cache" | "servers-differ" | "compressed-differs" | "changing";
  /** Both contents have this ETag, so that a browser which has one never gets the other. */
  readonly sameEtag: string | null;
}

/** What a second look has found. */
export interface SecondLook {
  readonly differences: readonly Difference[];
  /** Files of which a cache answered even when it was asked not to. */
  readonly unseen: readonly ServedFile[];
}

/**
 * Asks again for what a visitor was given: past caches, and what may never be old also from each of the
 * servers that the name stands for.
 * @param servers their IP addresses.
 */
export async function lookAgain(
  get: Get,
  files: ServedFiles,
  own: readonly ServedFile[],
  servers: readonly string[],
): Promise<SecondLook> {
  const results = await each(
    own,
    AT_A_TIME,
    async (file) => await again(get, files, file, servers),
  );
  return {
    differences: results.flatMap(({ difference }) =>
      difference === undefined ? [] : [difference],
    ),
    unseen: results.flatMap(({ file, seen }) => (seen ? [] : [file])),
  };
}

interface Again {
  readonly file: ServedFile;
  readonly seen: boolean;
  readonly difference?: Difference;
}

async function again(
  get: Get,
  files: ServedFiles,
  file: ServedFile,
  servers: readonly string[],
): Promise<Again> {
  const ask = async (manner: Manner, fresh = false, at?: string): Promise<Answer | undefined> => {
    const page = file.kind === "page";
    const answer = await get({ url: file.url, manner, page, fresh, at }).catch(() => undefined);
    return answer === undefined || whyMissing(answer) !== undefined ? undefined : answer;
  };
  const hashOf = (answer: Answer, to: string): string => {
    // With a query that is only ours it is still the same file.
    files.add({ ...answer, url: file.url }, to);
    return sha256(answer.bytes);
  };
  const first = file.variants[0]?.sha256 ?? "";

  let behind = await ask("past-caches");
  let seen = behind !== undefined && !fromCache(cacheHeaders(behind.headers));
  if (!seen) {
    // Some caches do not let visitors past them; a query that they have not seen may.
    const query = await ask("new-query");
    if (query !== undefined && !fromCache(cacheHeaders(query.headers))) {
      behind = query;
      seen = true;
    }
  }
  const now = (): ServedFile => files.get(file.url) ?? file;
  if (behind !== undefined) {
    const hash = hashOf(behind, "past caches");
    if (hash !== first) {
      const kind = await whichKind(ask, hashOf, first, hash);
      const same = file.caching.etag !== null && behind.headers.etag === file.caching.etag;
      const sameEtag = same ? file.caching.etag : null;
      return { file: now(), seen: true, difference: { file: now(), kind, sameEtag } };
    }
  }
  if (file.kind === "page" || file.kind === "config" || file.kind === "service-worker") {
    // One name may also stand for many machines behind one IP address.
    const asked = servers.length > 1 ? servers.slice(0, MOST_SERVERS) : [servers[0], servers[0]];
    for (const server of asked) {
      const other = await ask("visitor", true, server);
      if (other !== undefined && hashOf(other, "another visitor") !== first) {
        return {
          file: now(),
          seen,
          difference: { file: now(), kind: "servers-differ", sameEtag: null },
        };
      }
    }
  }
  if (now().variants.length > 1) {
    // The browser was given something else than we were.
    const once = await ask("visitor", true);
    const known = now().variants.map(({ sha256: hash }) => hash);
    const kind =
      once === undefined || known.includes(hashOf(once, "another visitor"))
        ? "servers-differ"
        : "changing";
    return { file: now(), seen, difference: { file: now(), kind, sameEtag: null } };
  }
  return { file: now(), seen };
}

async function whichKind(
  ask: (manner: Manner) => Promise<Answer | undefined>,
  hashOf: (answer: Answer, to: string) => string,
  first: string,
  behind: string,
): Promise<Difference["kind"]> {
  const once = await ask("past-caches");
  if (once !== undefined && ![first, behind].includes(hashOf(once, "past caches"))) {
    return "changing";
  }
  const compressed = await ask("past-caches-compressed");
  return compressed !== undefined &&
    !fromCache(cacheHeaders(compressed.headers)) &&
    hashOf(compressed, "past caches, compressed") === first
    ? "compressed-differs"
    : "stale-cache";
}
