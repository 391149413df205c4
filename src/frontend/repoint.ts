import { createHash } from "node:crypto";

import { EmergencyError } from "../errors.js";
import {
  addressSearch,
  searchFiles,
  spellingsOf,
  type AddressSearch,
  type Occurrences,
} from "./address-search.js";
import {
  digestsIn,
  digestsLike,
  digestsOf,
  inlineDigests,
  tokenIndex,
  withDigests,
  withTokens,
  type TokenIndex,
} from "./derived.js";
import { hashedName, newToken } from "./hashed-name.js";
import { pack, precompressed, unpack, type Precompressed } from "./precompressed.js";
import { problemsOf } from "./references.js";
import { byteText, bytesOf, isText, type SiteFiles } from "./site-files.js";

/** A site of which some files have another content. */
export interface ChangedSite {
  /** The whole new site. */
  readonly files: SiteFiles;
  /**
   * The old names of renamed files, for pages that are open in browsers: the same code as before, with
   * the new address.
   */
  readonly kept: SiteFiles;
  /** From old to new path. */
  readonly renamed: ReadonlyMap<string, string>;
  /** The old paths of the files whose content is another one. */
  readonly changed: readonly string[];
}

/** A site that holds another address. */
export interface Repointed extends ChangedSite {
  /** How often the old address stood in the site. */
  readonly occurrences: number;
}

/** Of many places, so many are named in an error. */
const MOST_NAMED = 5;

/**
 * Replaces an address in a built site, and everything that follows from the content of a file that
 * holds it: names with hashes and all references to them, digests, precompressed copies. Pure.
 * @param from checksummed, as is `to`.
 * @throws EmergencyError OLD_ADDRESS_NOT_FOUND when it is nowhere; CANNOT_REPOINT when it is somewhere
 * in a form that cannot be replaced with confidence, naming file and offset.
 */
export function repointFiles(files: SiteFiles, from: string, to: string): Repointed {
  const copies = copiesIn(files);
  const originals = new Map([...files].filter(([path]) => !copies.has(path)));
  const found = explained(addressSearch(from), files, originals, copies);

  const replaced = new Map<string, string>();
  for (const [path, occurrences] of found) {
    const bytes = originals.get(path) ?? Buffer.alloc(0);
    replaced.set(path, replacedIn(bytes, occurrences, from, to));
  }
  const repointed = changeTexts(files, replaced);
  checkRepointed(repointed, files, from);
  const occurrences = [...found.values()].reduce((sum, { plain }) => sum + plain.length, 0);
  return { ...repointed, occurrences };
}

/**
 * Gives some files of a built site another content, and everything that follows from it: names with
 * hashes and all references to them, digests, precompressed copies. Pure.
 * @param replaced from paths to the new texts, one character a byte; none of a precompressed copy.
 * @throws EmergencyError CANNOT_REPOINT when files hold digests of each other.
 */
export function changeTexts(
  files: SiteFiles,
  replaced: ReadonlyMap<string, string>,
): ChangedSite & { readonly tokens: ReadonlyMap<string, string> } {
  const copies = copiesIn(files);
  const originals = new Map([...files].filter(([path]) => !copies.has(path)));
  const site = siteOf(originals, replaced);
  const { changed, renamed } = affected(site);
  const seed = hashOf(
    [...changed].sort().map((path) => `${path}\0${hashOf([textOf(site, path)])}`),
  );
  const tokens = new Map<string, string>();
  const taken = new Set(site.names.keys());
  for (const token of renamed) {
    const fresh = newToken(token, seed, taken);
    taken.add(fresh);
    tokens.set(token, fresh);
  }
  const contents = finalContents(site, copies, changed, tokens);

  const result = new Map<string, Buffer>();
  const kept = new Map<string, Buffer>();
  const paths = new Map<string, string>();
  for (const [path, bytes] of files) {
    const newPath = renamedPath(path, tokens);
    result.set(newPath, contents.get(path) ?? bytes);
    if (newPath !== path) {
      paths.set(path, newPath);
      kept.set(path, oldNamed(site, copies, path, bytes));
    }
  }
  return { files: result, kept, renamed: paths, changed: [...changed].sort(), tokens };
}

/** The precompressed copies of a site, by their path. */
function copiesIn(files: SiteFiles): ReadonlyMap<string, Precompressed> {
  const copies = new Map<string, Precompressed>();
  for (const path of files.keys()) {
    const copy = precompressed(path, files);
    if (copy?.hasOriginal === true) {
      copies.set(path, copy);
    }
  }
  return copies;
}

/** Where the address is, when each place can be explained. */
function explained(
  search: AddressSearch,
  files: SiteFiles,
  originals: SiteFiles,
  copies: ReadonlyMap<string, Precompressed>,
): ReadonlyMap<string, Occurrences> {
  const found = searchFiles(search, originals);
  const places: string[] = [];
  for (const [path, { unexplained }] of found) {
    places.push(...unexplained.map(({ offset, why }) => `${path}, offset ${offset}: ${why}`));
  }
  for (const [path, bytes] of files) {
    const inName = search.in(Buffer.from(path));
    if (inName.plain.length + inName.unexplained.length > 0) {
      places.push(`${path}: in the file's name`);
    }
    const original = originals.get(copies.get(path)?.original ?? "");
    if (precompressed(path, files) === undefined) {
      continue;
    }
    const content = unpack(path, bytes);
    if (original?.equals(content) !== true) {
      const { plain, unexplained } = search.in(content);
      const why =
        original === undefined
          ? "in a compressed file whose original is not there"
          : "in a compressed file that is no copy of its original";
      places.push(
        ...[...plain, ...unexplained].map(
          ({ offset }) => `${path}, offset ${offset} when unpacked: ${why}`,
        ),
      );
    }
  }
  if (places.length > 0) {
    const more = places.length > MOST_NAMED ? `; and ${places.length - MOST_NAMED} more` : "";
    throw new EmergencyError(
      "CANNOT_REPOINT",
      `the old address stands where it cannot be replaced with confidence: ${places.slice(0, MOST_NAMED).join("; ")}${more}. Nothing was written`,
      "build the site again with the new address, and put it there with frontend deploy",
    );
  }
  if (found.size === 0) {
    throw new EmergencyError(
      "OLD_ADDRESS_NOT_FOUND",
      "the old address is in none of the site's files. Nothing was written",
      "name the address that the site uses now with --replaces; or the site asks for it elsewhere, and is repointed there",
    );
  }
  return found;
}

/** The paths of the files that hold an address in whatever form, compressed or not. */
export function holdersOf(address: string, files: SiteFiles): readonly string[] {
  const search = addressSearch(address);
  const holds = (bytes: Buffer): boolean => {
    const { plain, unexplained } = search.in(bytes);
    return plain.length + unexplained.length > 0;
  };
  return [...files]
    .filter(([path, bytes]) => {
      const content = precompressed(path, files) === undefined ? undefined : unpacked(path, bytes);
      return holds(bytes) || (content !== undefined && holds(content));
    })
    .map(([path]) => path);
}

/** Undefined when it cannot be unpacked. */
function unpacked(path: string, bytes: Buffer): Buffer | undefined {
  try {
    return unpack(path, bytes);
  } catch {
    return undefined;
  }
}

/** A site on the way: what its texts hold, with the address replaced already. */
interface Site {
  readonly originals: SiteFiles;
  /** Texts with the new address and the old names, of the files that held the old address. */
  readonly replaced: ReadonlyMap<string, string>;
  /** Every hash that stands in names, and the paths of all files with it. */
  readonly names: ReadonlyMap<string, readonly string[]>;
  readonly index: TokenIndex;
}

function siteOf(originals: SiteFiles, replaced: ReadonlyMap<string, string>): Site {
  const names = new Map<string, string[]>();
  for (const path of originals.keys()) {
    const token = hashedName(path)?.token;
    if (token !== undefined) {
      names.set(token, [...(names.get(token) ?? []), path]);
    }
  }
  return { originals, replaced, names, index: tokenIndex(names.keys()) };
}

/** A file's text with the one address in place of the other, in the same spelling. */
function replacedIn(bytes: Buffer, { plain }: Occurrences, from: string, to: string): string {
  const [old, fresh] = [spellingsOf(from), spellingsOf(to)];
  let text = byteText(bytes);
  for (const { offset, spelling } of plain) {
    text = text.slice(0, offset) + fresh[spelling] + text.slice(offset + old[spelling].length);
  }
  return text;
}

/** A file's text with the new address and the old names. */
function textOf({ originals, replaced }: Site, path: string): string {
  return replaced.get(path) ?? byteText(originals.get(path) ?? Buffer.alloc(0));
}

/**
 * Which files get another content, and which hashes in names change: those that held the address, and,
 * again and again, all that name them or hold a digest of them.
 */
function affected(site: Site): {
  readonly changed: ReadonlySet<string>;
  readonly renamed: ReadonlySet<string>;
} {
  const naming = new Map<string, Set<string>>();
  const holding = new Map<string, Set<string>>();
  for (const [path, bytes] of site.originals) {
    if (isText(bytes)) {
      const text = byteText(bytes);
      for (const digest of digestsLike(text)) {
        holding.set(digest, (holding.get(digest) ?? new Set()).add(path));
      }
      for (const { token } of site.index.in(text)) {
        naming.set(token, (naming.get(token) ?? new Set()).add(path));
      }
    }
  }
  const changed = new Set(site.replaced.keys());
  const renamed = new Set<string>();
  let fresh = [...changed];
  while (fresh.length > 0) {
    const next = new Set<string>();
    for (const path of fresh) {
      const token = hashedName(path)?.token;
      if (token !== undefined && !renamed.has(token)) {
        renamed.add(token);
        for (const referrer of naming.get(token) ?? []) {
          next.add(referrer);
        }
      }
      for (const digest of oldDigests(site, path)) {
        for (const holder of holding.get(digest) ?? []) {
          next.add(holder);
        }
      }
    }
    fresh = [...next].filter((path) => !changed.has(path));
    for (const path of fresh) {
      changed.add(path);
    }
  }
  return { changed, renamed };
}

/** Everything by which a file's old content is known: its digests, and those of scripts in it. */
function oldDigests({ originals }: Site, path: string): readonly string[] {
  return contentDigests(path, originals.get(path) ?? Buffer.alloc(0));
}

function contentDigests(path: string, bytes: Buffer): readonly string[] {
  return [...digestsOf(bytes), ...(isPage(path) ? inlineDigests(bytes).flat() : [])];
}

function isPage(path: string): boolean {
  return /\.html?$/i.test(path);
}

/**
 * The new content of all changed files and of their precompressed copies. A file that holds digests of
 * others is finished after them.
 */
function finalContents(
  site: Site,
  copies: ReadonlyMap<string, Precompressed>,
  changed: ReadonlySet<string>,
  tokens: ReadonlyMap<string, string>,
): ReadonlyMap<string, Buffer> {
  const owners = new Map<string, string>();
  for (const path of changed) {
    for (const digest of oldDigests(site, path)) {
      owners.set(digest, path);
    }
  }
  const contents = new Map<string, Buffer>();
  const fresh = new Map<string, string>();
  let waiting = [...changed].map((path) => {
    const held = digestsIn(byteText(site.originals.get(path) ?? Buffer.alloc(0)), owners);
    const needs = new Set([...held].map((digest) => owners.get(digest) ?? path));
    needs.delete(path);
    return { path, needs };
  });
  while (waiting.length > 0) {
    const ready = waiting.filter(({ needs }) => [...needs].every((path) => contents.has(path)));
    if (ready.length === 0) {
      throw new EmergencyError(
        "CANNOT_REPOINT",
        `these files hold digests of each other, so neither can be changed first: ${waiting.map(({ path }) => path).join(", ")}. Nothing was written`,
        "build the site again with the new address, and put it there with frontend deploy",
      );
    }
    for (const { path } of ready) {
      const old = site.originals.get(path) ?? Buffer.alloc(0);
      const text = withDigests(withTokens(textOf(site, path), site.index, tokens), fresh);
      const bytes = bytesOf(isPage(path) ? withDigests(text, inlineChanges(old, text)) : text);
      contents.set(path, bytes);
      const digests = contentDigests(path, bytes);
      for (const [index, digest] of contentDigests(path, old).entries()) {
        fresh.set(digest, digests[index] ?? digest);
      }
    }
    waiting = waiting.filter(({ path }) => !contents.has(path));
  }
  for (const { path, original } of copies.values()) {
    const bytes = contents.get(original);
    if (bytes !== undefined) {
      contents.set(path, pack(path, bytes));
    }
  }
  return contents;
}

/** From old to new: the digests of the scripts and styles inside a page. */
function inlineChanges(old: Buffer, text: string): ReadonlyMap<string, string> {
  const digests = inlineDigests(bytesOf(text)).flat();
  return new Map(
    inlineDigests(old)
      .flat()
      .map((digest, index) => [digest, digests[index] ?? digest] as const),
  );
}

function renamedPath(path: string, tokens: ReadonlyMap<string, string>): string {
  const name = hashedName(path);
  const token = name === undefined ? undefined : tokens.get(name.token);
  return name === undefined || token === undefined
    ? path
    : path.slice(0, name.start) + token + path.slice(name.start + name.token.length);
}

/** A renamed file under its old name: as it was, with the new address. */
function oldNamed(
  { replaced }: Site,
  copies: ReadonlyMap<string, Precompressed>,
  path: string,
  bytes: Buffer,
): Buffer {
  const copy = copies.get(path);
  const text = replaced.get(copy?.original ?? path);
  if (text === undefined) {
    return bytes;
  }
  return copy === undefined ? bytesOf(text) : pack(path, bytesOf(text));
}

/**
 * Files of older releases, kept for pages that are open in browsers, with the new address. One that
 * holds the old address in a form that cannot be replaced is left out: a page that fails is better than
 * one that talks to the old contract.
 */
export function repointKept(kept: SiteFiles, from: string, to: string): SiteFiles {
  const search = addressSearch(from);
  const result = new Map<string, Buffer>();
  for (const [path, bytes] of kept) {
    const packed = precompressed(path, kept) !== undefined;
    const content = packed ? unpack(path, bytes) : bytes;
    const found = search.in(content);
    if (found.unexplained.length > 0) {
      continue;
    }
    const text = replacedIn(content, found, from, to);
    const same = found.plain.length === 0;
    result.set(path, same ? bytes : packed ? pack(path, bytesOf(text)) : bytesOf(text));
  }
  return result;
}

/**
 * What was made must hold the old address nowhere, and may not have a fault that was not there before.
 * @throws EmergencyError CANNOT_REPOINT
 */
export function checkRepointed(
  { files, kept, renamed, tokens }: ReturnType<typeof changeTexts>,
  before: SiteFiles,
  from: string,
): void {
  const search = addressSearch(from);
  const left = [...searchFiles(search, files).keys(), ...searchFiles(search, kept).keys()];
  const oldNames = new Map([...renamed].map(([old, fresh]) => [fresh, old]));
  const oldTokens = new Map([...tokens].map(([old, fresh]) => [fresh, old]));
  const index = tokenIndex(oldTokens.keys());
  const known = new Set(problemsOf(before).map(({ path, what }) => `${path}\0${what}`));
  const faults = problemsOf(files).filter(
    ({ path, what }) =>
      !known.has(`${oldNames.get(path) ?? path}\0${withTokens(what, index, oldTokens)}`),
  );
  if (left.length > 0 || faults.length > 0 || files.size !== before.size) {
    const faultTexts = faults.map(({ path, what }) => `${path} ${what}`);
    const leftTexts = left.map((path) => `${path} still holds the old address`);
    throw new EmergencyError(
      "CANNOT_REPOINT",
      `the changed site would not be whole: ${[...leftTexts, ...faultTexts].slice(0, MOST_NAMED).join("; ")}. Nothing was written`,
      "build the site again with the new address, and put it there with frontend deploy",
    );
  }
}

function hashOf(parts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const part of parts) {
    hash.update(`${part.length}:`).update(part, "latin1");
  }
  return hash.digest("hex");
}
