import { hashedName } from "../hashed-name.js";
import { referencesIn } from "../references.js";
import { hashTableIn, isServiceWorker, precacheIn } from "./service-worker.js";

/**
 * Something that a file of a site names:
 * - `must`: for sure needed, and it is known where it is
 * - `chunk`: a name with a hash, relative to a folder that only the site knows
 * - `picture`: an image or a font
 * - `may`: perhaps a file (a text that looks like one, a source map)
 */
export interface Link {
  readonly kind: "must" | "chunk" | "picture" | "may";
  /** Absolute; of a chunk the name as it stands there. */
  readonly target: string;
}

/** What a file is, as far as it matters for what it can name. */
export type Content = "page" | "script" | "style" | "data" | "other";

/** By what a server says that a file is, and by its name where it says nothing. */
export function contentOf(url: string, contentType: string | undefined): Content {
  const type = contentType?.split(";")[0]?.trim().toLowerCase() ?? "";
  const { pathname } = new URL(url);
  // A source map names the sources, and nobody is served those.
  if (pathname.endsWith(".map")) {
    return "other";
  }
  if (type === "text/html" || type === "application/xhtml+xml") {
    return "page";
  }
  if (/javascript|ecmascript/.test(type) || /\.m?js$/.test(pathname)) {
    return "script";
  }
  if (type === "text/css" || pathname.endsWith(".css")) {
    return "style";
  }
  if (type.includes("json") || /\.(?:json|webmanifest)$/.test(pathname)) {
    return "data";
  }
  return type === "" && /(?:\/|\.html?)$/.test(pathname) ? "page" : "other";
}

/** Names under which sites keep what they read when they start, and service workers. */
export const USUAL_NAMES = [
  "config.json",
  "config.js",
  "env.js",
  "env-config.js",
  "runtime-config.json",
  "asset-manifest.json",
  "manifest.json",
  "manifest.webmanifest",
  "ngsw.json",
  "sw.js",
  "service-worker.js",
];

/** A text that is named is no longer than this. */
const LONGEST_NAME = 200;

/**
 * Everything that a file names.
 * @param page the URL of the page, from which scripts fetch.
 */
export function linksIn(
  file: { readonly url: string; readonly content: Content; readonly text: string },
  page: string,
): readonly Link[] {
  const { url, content, text } = file;
  if (content === "other") {
    return [];
  }
  const base = content === "page" ? baseOf(text, url) : url;
  const links: Link[] = [];
  const add = (kind: Link["kind"], target: string, from: string): void => {
    const absolute = absoluteUrl(target, from);
    if (absolute !== undefined) {
      links.push({ kind, target: absolute });
    }
  };

  for (const target of referencesIn(NAME_FOR[content], text)) {
    const plain = decodeEntities(target);
    add(kindOf(plain, content), plain, base);
  }
  if (content === "page" || content === "script") {
    for (const [, target = ""] of text.matchAll(/\bimport\(\s*["'`](\/[^"'`\s]+)["'`]\s*\)/g)) {
      add("must", target, base);
    }
    for (const [, target = ""] of text.matchAll(
      /\bserviceWorker\.register\(\s*(?:new URL\(\s*)?["'`]([^"'`]+)["'`]/g,
    )) {
      add("must", target, page);
    }
    for (const target of webpackChunks(text)) {
      links.push({ kind: "chunk", target });
    }
  }
  if (content === "script" && isServiceWorker(text)) {
    for (const [, list = ""] of text.matchAll(/\bimportScripts\(([^)]*)\)/g)) {
      for (const [, target = ""] of list.matchAll(/["'`]([^"'`]+)["'`]/g)) {
        add("must", target, url);
      }
    }
    for (const { url: target } of precacheIn(text)) {
      add("must", target, url);
    }
  }
  if (content === "data") {
    for (const { url: target } of hashTableIn(text)) {
      add("must", target, url);
    }
  }
  if (content !== "style") {
    for (const [, name = ""] of text.matchAll(
      /["'`]([^"'`\s\\<>]+\.[a-z0-9]{2,11})(?:\?[^"'`\s]*)?["'`]/g,
    )) {
      const kind = quoted(name);
      if (kind === "chunk") {
        links.push({ kind, target: name });
      } else if (kind === "may") {
        add(kind, name, page);
      }
    }
  }
  return links;
}

/** Under which name {@link referencesIn} knows what to look for. */
const NAME_FOR = {
  page: "index.html",
  script: "index.js",
  style: "index.css",
  data: "index.json",
} as const;

function kindOf(target: string, content: Content): Link["kind"] {
  const name = target.replace(/[?#].*$/, "");
  if (name.endsWith(".map")) {
    return "may";
  }
  if (/\.(?:png|jpe?g|gif|svg|webp|avif|ico|woff2?|ttf|otf|eot|mp4|webm)$/i.test(name)) {
    return "picture";
  }
  // What looks like an import in the text of a script may be an example in a message.
  return content === "script" && !/\.(?:m?js|css|json|wasm)$/.test(name) ? "may" : "must";
}

/** Of a quoted text: whether it names a chunk, perhaps a file, or neither. */
function quoted(name: string): "chunk" | "may" | undefined {
  if (name.length > LONGEST_NAME || name.includes("://") || name.startsWith("//")) {
    return undefined;
  }
  if (/\.(?:m?js|css|json|wasm)$/.test(name) && hashedName(name) !== undefined) {
    return "chunk";
  }
  if (/\.(?:json|webmanifest)$/.test(name) && /^[\w./-]+$/.test(name)) {
    return "may";
  }
  return /^\/[\w./-]+\.m?js$/.test(name) ? "may" : undefined;
}

/**
 * The names that webpack's runtime puts together: "static/js/" + e + "." + {77:"0123abcd"}[e] + ".chunk.js",
 * with names for some of the chunks.
 */
function webpackChunks(text: string): readonly string[] {
  const pattern =
    /"([^"]*)"\s*\+\s*\(?(?:\(?\{([^{}]*)\}\)?\[\w+\]\s*\|\|\s*)?\w+\)?\s*\+\s*"([^"]*)"\s*\+\s*\(?\{([^{}]+)\}\)?\[\w+\]\s*\+\s*"([^"]*)"/g;
  return [...text.matchAll(pattern)].flatMap(
    ([, start = "", names = "", middle = "", hashes = "", end = ""]) => {
      const named = tableOf(names);
      return [...tableOf(hashes)].map(
        ([id, hash]) => `${start}${named.get(id) ?? id}${middle}${hash}${end}`,
      );
    },
  );
}

function tableOf(text: string): ReadonlyMap<string, string> {
  return new Map(
    [...text.matchAll(/["']?([\w$-]+)["']?\s*:\s*["']([^"']*)["']/g)].map(
      ([, id = "", value = ""]) => [id, value] as const,
    ),
  );
}

/** `<base href>` of a page. */
function baseOf(text: string, url: string): string {
  const href = /<base\b[^>]*?\shref\s*=\s*["']?([^"'\s>]+)/i.exec(text)?.[1];
  return href === undefined ? url : (absoluteUrl(decodeEntities(href), url) ?? url);
}

function decodeEntities(text: string): string {
  return text.replaceAll("&amp;", "&").replaceAll("&#x2F;", "/").replaceAll("&#47;", "/");
}

/** Undefined for what is no address of the web. */
export function absoluteUrl(target: string, base: string): string | undefined {
  try {
    const url = new URL(target, base);
    url.hash = "";
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Where a chunk may be: where others of the same file were, next to the page, or in any folder above the
 * file that names it.
 */
export function placesOf(
  name: string,
  from: string,
  page: string,
  known: string | undefined,
): readonly string[] {
  const { origin, pathname } = new URL(from);
  const folders = pathname.split("/").slice(1, -1);
  const above = [`${origin}/`];
  for (const folder of folders) {
    above.push(`${above.at(-1) ?? ""}${folder}/`);
  }
  const bases = name.startsWith("/") ? [`${origin}/`] : [known, page, ...above, from];
  const places = bases.flatMap((base) => {
    const place = base === undefined ? undefined : absoluteUrl(name, base);
    return place === undefined ? [] : [place];
  });
  return [...new Set(places)];
}

/** The folder that a chunk's name was relative to. */
export function folderFor(place: string, name: string): string | undefined {
  const plain = name.replace(/^\.?\//, "");
  const { href } = new URL(place);
  return href.endsWith(plain) ? href.slice(0, href.length - plain.length) : undefined;
}
