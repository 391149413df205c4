import { messageOf } from "../../errors.js";
import { each } from "../each.js";
import { baseName, isText } from "../site-files.js";
import type { Answer, Get } from "./http-get.js";
import {
  USUAL_NAMES,
  absoluteUrl,
  contentOf,
  folderFor,
  linksIn,
  placesOf,
  type Link,
} from "./links.js";
import type { ServedFiles } from "./served-files.js";
import { hashTableIn, isServiceWorker, precacheIn, type PrecacheEntry } from "./service-worker.js";

/** Requests at the same time: as many as a browser makes to a host over HTTP/1.1, twice. */
const AT_A_TIME = 12;

/** No website that is entered at one page has more. */
const MOST_FILES = 10_000;

/** A file that is named and not served. */
export interface MissingFile {
  readonly url: string;
  /** Who names it. */
  readonly from: string;
  /** "status 404", "a page is served in its place". */
  readonly why: string;
  /** Whether a browser would stumble over it. */
  readonly needed: boolean;
}

/** A file that a service worker keeps, by its URL. */
export interface Precached extends PrecacheEntry {
  readonly worker: string;
  /** Absolute. */
  readonly file: string;
}

/** What was found by following everything that a page names. */
export interface Crawl {
  readonly missing: readonly MissingFile[];
  readonly precached: readonly Precached[];
  /** Nothing was followed any more because there was too much. */
  readonly cut: boolean;
}

interface Named {
  readonly link: Link;
  readonly from: string;
}

/**
 * Fetches a page and everything that it names, that those name, and so on, as a visitor does. What is
 * served goes to `files`.
 * @param page the URL of the page, with its answer.
 * @param others URLs that are known from elsewhere; it is no fault when they are not served.
 */
export async function crawl(
  get: Get,
  page: Answer,
  files: ServedFiles,
  others: readonly string[],
): Promise<Crawl> {
  const asked = new Map<string, Promise<Answer | string>>([[page.url, Promise.resolve(page)]]);
  const folders = new Map<string, string>();
  const missing = new Map<string, MissingFile>();
  const precached: Precached[] = [];
  const named = new Set<string>();
  const served = new Set<string>();
  /** The names of served files, without their folders: they hold hashes where it matters. */
  const names = new Set<string>();
  let cut = false;

  /** The answer, or why there is none. */
  async function answerOf(url: string): Promise<Answer | string> {
    const before = asked.get(url);
    if (before !== undefined) {
      return await before;
    }
    const asking = get({ url, manner: "visitor" }).then(
      (answer) => whyMissing(answer) ?? answer,
      (error: unknown) => `it cannot be fetched: ${messageOf(error)}`,
    );
    asked.set(url, asking);
    return await asking;
  }

  /** What a served file names, each thing once. */
  function keep(answer: Answer): readonly Named[] {
    served.add(answer.url);
    names.add(baseName(new URL(answer.url).pathname));
    files.add(answer, "visitor");
    if (!isText(answer.bytes)) {
      return [];
    }
    const { url, finalUrl } = answer;
    const content = contentOf(finalUrl, answer.headers["content-type"]);
    const text = answer.bytes.toString("utf8");
    const entries =
      content === "script" && isServiceWorker(text)
        ? precacheIn(text)
        : content === "data"
          ? hashTableIn(text)
          : [];
    for (const entry of entries) {
      const file = absoluteUrl(entry.url, finalUrl);
      if (file !== undefined) {
        precached.push({ ...entry, worker: url, file });
      }
    }
    return linksIn({ url: finalUrl, content, text }, page.finalUrl).flatMap((link) => {
      const id = `${link.kind} ${link.target} ${link.kind === "chunk" ? folderOfUrl(url) : ""}`;
      if (named.has(id)) {
        return [];
      }
      named.add(id);
      return [{ link, from: url }];
    });
  }

  async function follow({ link, from }: Named): Promise<readonly Named[]> {
    const { kind, target } = link;
    if (kind === "chunk") {
      return await followChunk(target, from);
    }
    const answer = await answerOf(target);
    if (typeof answer !== "string") {
      return served.has(target) ? [] : keep(answer);
    }
    if (kind === "must" || kind === "picture") {
      // Whether another's file is needed, the browser shows.
      const own = new URL(target).origin === new URL(page.finalUrl).origin;
      missing.set(target, { url: target, from, why: answer, needed: own && kind === "must" });
    }
    return [];
  }

  async function followChunk(name: string, from: string): Promise<readonly Named[]> {
    if (names.has(baseName(name))) {
      return [];
    }
    const folder = folderOfUrl(from);
    for (const place of placesOf(name, from, page.finalUrl, folders.get(folder))) {
      const answer = await answerOf(place);
      if (typeof answer !== "string") {
        const base = folderFor(place, name);
        if (base !== undefined) {
          folders.set(folder, base);
        }
        return served.has(place) ? [] : keep(answer);
      }
    }
    const url = absoluteUrl(name, folders.get(folder) ?? page.finalUrl) ?? name;
    missing.set(url, { url, from, why: "it is served in none of the folders", needed: false });
    return [];
  }

  const start = [
    ...others.map((target): Named => ({ link: { kind: "may", target }, from: page.url })),
    ...USUAL_NAMES.flatMap((name): Named[] => {
      const target = absoluteUrl(name, page.finalUrl);
      return target === undefined ? [] : [{ link: { kind: "may", target }, from: page.url }];
    }),
  ];
  let queue = [...keep(page), ...start];
  while (queue.length > 0 && !cut) {
    cut = served.size > MOST_FILES;
    // Those of which the place is known come first: they tell the folder of the others.
    const chunks = queue.filter(({ link }) => link.kind === "chunk");
    const plain = queue.filter(({ link }) => link.kind !== "chunk");
    const next = [
      ...(await each(plain, AT_A_TIME, follow)),
      ...(await each(chunks, AT_A_TIME, follow)),
    ];
    queue = next.flat();
  }
  return {
    // A name that leads nowhere may be of something else; where its neighbours are served, it is not.
    missing: [...missing.values()].map((file) =>
      file.needed || !folders.has(folderOfUrl(file.from)) || file.url.endsWith(".map")
        ? file
        : { ...file, needed: isChunk(file) },
    ),
    precached,
    cut,
  };
}

function isChunk({ why }: MissingFile): boolean {
  return why.startsWith("it is served in none");
}

function folderOfUrl(url: string): string {
  return new URL(".", url).href;
}

/** Why an answer is not the file that was asked for; undefined when it is. */
export function whyMissing({ status, headers, url }: Answer): string | undefined {
  if (status < 200 || status >= 300) {
    return `status ${status}`;
  }
  const { pathname } = new URL(url);
  // Sites with one page serve it wherever nothing else is.
  const expected = /\.[a-z0-9]{2,11}$/i.test(pathname) && !/\.(?:html?|php|aspx?)$/i.test(pathname);
  return expected && contentOf(url, headers["content-type"]) === "page"
    ? "a page is served in its place"
    : undefined;
}
