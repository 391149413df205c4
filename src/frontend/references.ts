import { createHash } from "node:crypto";

import { hashedName } from "./hashed-name.js";
import { baseName, byteText, folderOf, isText, type SiteFiles } from "./site-files.js";

/** Something in a site that a browser would stumble over. */
export interface Problem {
  readonly path: string;
  /** "names assets/index-BX9f3kQz.js, which is not there". */
  readonly what: string;
}

/**
 * What is wrong with a site as it stands: references to files that are not there, and integrity values
 * that are not those of the files. Only references that can be resolved for sure are looked at: those
 * of HTML, of CSS, of imports, source maps, and any text that ends in a name with a hash.
 */
export function problemsOf(files: SiteFiles): readonly Problem[] {
  const names = new Set([...files.keys()].map(baseName));
  const problems: Problem[] = [];
  for (const [path, bytes] of files) {
    if (!isText(bytes)) {
      continue;
    }
    const text = byteText(bytes);
    const missing = new Set(
      referencesIn(path, text).filter((target) => !isThere(files, path, target)),
    );
    for (const name of hashedNamesIn(path, text)) {
      if (!names.has(name)) {
        missing.add(name);
      }
    }
    for (const target of missing) {
      problems.push({ path, what: `names ${target}, which is not there` });
    }
    for (const { target, integrity } of /\.html?$/i.test(path) ? integrityIn(text) : []) {
      const file = files.get(resolved(files, path, target) ?? "");
      if (file !== undefined && !matches(integrity, file)) {
        problems.push({ path, what: `has an integrity value that is not that of ${target}` });
      }
    }
  }
  return problems;
}

/** References of which it is certain how they are resolved. */
export function referencesIn(path: string, text: string): readonly string[] {
  const references: string[] = [];
  const add = (pattern: RegExp): void => {
    for (const match of text.matchAll(pattern)) {
      references.push(match[1] ?? "");
    }
  };
  if (/\.html?$/i.test(path)) {
    for (const tag of tagsIn(text)) {
      const target = targetOf(tag);
      if (target !== undefined) {
        references.push(target);
      }
    }
  } else if (path.endsWith(".css")) {
    add(/url\(\s*["']?([^"')]+)["']?\s*\)/g);
  } else if (/\.m?js$/.test(path)) {
    add(/\b(?:from|import)\s*\(?\s*["'](\.{1,2}\/[^"'\s]+)["']/g);
  }
  if (/\.(?:m?js|css)$/.test(path)) {
    add(/[#@] ?sourceMappingURL=([^\s*"'`]+)/g);
  }
  return references;
}

/** The names with a hash that end a quoted text: preload lists, manifests, precache lists. */
function hashedNamesIn(path: string, text: string): ReadonlySet<string> {
  const found = new Set<string>();
  if (path.endsWith(".map")) {
    return found;
  }
  for (const match of text.matchAll(/["'`]([^"'`\s\\]*\.(?:m?js|css|json|wasm))["'`]/g)) {
    const name = baseName(match[1] ?? "");
    if (hashedName(name) !== undefined && !(match[1] ?? "").includes("://")) {
      found.add(name);
    }
  }
  return found;
}

function tagsIn(text: string): readonly string[] {
  return [...text.matchAll(/<(?:script|link|img|source)\b(?:"[^"]*"|'[^']*'|[^'">])*>/gi)].map(
    ([tag]) => tag,
  );
}

/** Links to pages and other sites are not files that a page needs. */
function targetOf(tag: string): string | undefined {
  const relation = attribute(tag, "rel") ?? "";
  if (/^<link/i.test(tag) && !/stylesheet|preload|icon|manifest|prefetch/i.test(relation)) {
    return undefined;
  }
  return attribute(tag, /^<link/i.test(tag) ? "href" : "src");
}

function attribute(tag: string, name: string): string | undefined {
  const match = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s"'>]+))`, "i").exec(
    tag,
  );
  return match?.[1] ?? match?.[2] ?? match?.[3];
}

/** The integrity values of a page, with what they are for. */
function integrityIn(text: string): readonly { target: string; integrity: string }[] {
  return tagsIn(text).flatMap((tag) => {
    const [target, integrity] = [targetOf(tag), attribute(tag, "integrity")];
    return target === undefined || integrity === undefined ? [] : [{ target, integrity }];
  });
}

/** As a browser decides: of several values those of the strongest algorithm count, and one must match. */
function matches(integrity: string, bytes: Buffer): boolean {
  const values = [...integrity.matchAll(/(sha256|sha384|sha512)-([A-Za-z0-9+/_=-]+)/g)].map(
    ([, algorithm = "", digest = ""]) => ({ algorithm, digest }),
  );
  const strongest = values
    .map(({ algorithm }) => algorithm)
    .sort()
    .at(-1);
  const counting = values.filter(({ algorithm }) => algorithm === strongest);
  return (
    counting.length === 0 ||
    counting.some(
      ({ algorithm, digest }) =>
        createHash(algorithm).update(bytes).digest("base64url") ===
        digest.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, ""),
    )
  );
}

function isThere(files: SiteFiles, from: string, target: string): boolean {
  const path = resolved(files, from, target);
  return (
    path === undefined || files.has(path) || files.has(`${path.replace(/\/?$/, "/")}index.html`)
  );
}

/**
 * The path that a reference means, or undefined when it is none of this site for sure: another origin,
 * data, a fragment, or a path from the root of a host on which the site lies below (Vite's `base`).
 */
function resolved(files: SiteFiles, from: string, target: string): string | undefined {
  // Texts here have one character a byte; paths have the characters that people see.
  const plain = Buffer.from(target, "latin1")
    .toString("utf8")
    .replace(/[?#].*$/, "");
  if (plain === "" || plain.startsWith("//") || /^[a-z][a-z0-9+.-]*:/i.test(plain)) {
    return undefined;
  }
  let path: string;
  try {
    path = decodeURIComponent(new URL(plain, `http://site/${folderOf(from)}`).pathname.slice(1));
  } catch {
    return undefined;
  }
  if (!plain.startsWith("/")) {
    return path;
  }
  const parts = path.split("/");
  return parts.map((_, index) => parts.slice(index).join("/")).find((rest) => files.has(rest));
}
