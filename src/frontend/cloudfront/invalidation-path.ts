/**
 * A pattern of CloudFront's invalidations: a path, or a path that ends in "*", which stands for anything.
 */
export type InvalidationPath = string;

export function isWildcard(path: InvalidationPath): boolean {
  return path.endsWith("*");
}

/** Written in the same way by everybody: letters, digits, and these. */
const PLAIN = /^[A-Za-z0-9/._-]$/;

/**
 * Written as they are by some and percent-encoded by others; caches file the two apart. RFC 3986
 * calls most of them "sub-delims", RFC 1738 calls some of them unsafe.
 */
const WRITTEN_BOTH_WAYS = /^[~!*'()@&=+$,;:|^[\]]$/;

/**
 * The patterns that cover all addresses under which users may have got a file: a directory's index is
 * also its directory, with and without the slash.
 * @param path of a file, from the root of the distribution: "/docs/index.html".
 * @param queryStrings whether each query string is cached apart.
 */
export function patternsOf(path: string, queryStrings: boolean): readonly InvalidationPath[] {
  const directory = /^(.*\/)index\.html?$/.exec(path)?.[1];
  const addresses =
    directory === undefined
      ? [path]
      : directory === "/"
        ? ["/", path]
        : [directory.slice(0, -1), directory, path];
  const patterns = addresses.map((address) => {
    const written = asWritten(address);
    return queryStrings && !isWildcard(written) ? `${written}*` : written;
  });
  return withoutCovered(patterns);
}

/**
 * A path as CloudFront wants it: percent-encoded where everybody does so. From the first character that
 * is written both ways on it is a wildcard, so that neither is missed.
 */
function asWritten(path: string): InvalidationPath {
  let written = "";
  for (const character of path) {
    if (WRITTEN_BOTH_WAYS.test(character)) {
      return `${written}*`;
    }
    written += PLAIN.test(character) ? character : percentEncoded(character);
  }
  return written;
}

/** Its UTF-8 bytes, as browsers write them: "%C3%A4". */
function percentEncoded(character: string): string {
  return [...Buffer.from(character, "utf8")]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`)
    .join("");
}

/** Without those that another one covers, in the order of the alphabet. */
export function withoutCovered(patterns: readonly InvalidationPath[]): readonly InvalidationPath[] {
  const unique = [...new Set(patterns)];
  const prefixes = new Set(unique.filter(isWildcard).map((pattern) => pattern.slice(0, -1)));
  return unique.filter((pattern) => !isUnderPrefix(pattern, prefixes)).sort();
}

/** Whether a shorter prefix covers a pattern already. */
function isUnderPrefix(pattern: InvalidationPath, prefixes: ReadonlySet<string>): boolean {
  const text = isWildcard(pattern) ? pattern.slice(0, -1) : pattern;
  const longest = isWildcard(pattern) ? text.length - 1 : text.length;
  for (let length = 0; length <= longest; length++) {
    if (prefixes.has(text.slice(0, length))) {
      return true;
    }
  }
  return false;
}
