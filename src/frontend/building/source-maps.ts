import path from "node:path";

import { pack } from "../precompressed.js";
import { byteText, bytesOf, type SiteFiles } from "../site-files.js";

/** Where a build has been, and where it found its packages. */
export interface LinkedBuild {
  /** The folder that the build wrote: absolute. */
  readonly output: string;
  /** The root of the checkout: absolute. */
  readonly folder: string;
  /** The root of the repository, whose packages were linked: absolute. */
  readonly repository: string;
}

/**
 * The site as it would be if its packages were installed in the checkout. Source maps say where each
 * source was, and would lead from a temporary folder to the one that somebody works in. Pure.
 */
export function withOwnSources(
  files: SiteFiles,
  { output, folder, repository }: LinkedBuild,
): SiteFiles {
  const result = new Map(files);
  for (const [file, bytes] of files) {
    if (!file.endsWith(".map")) {
      continue;
    }
    const from = path.dirname(path.join(output, file));
    const text = byteText(bytes);
    const own = text.replaceAll(`"${way(from, repository)}`, `"${way(from, folder)}`);
    if (own !== text) {
      result.set(file, bytesOf(own));
      for (const extension of [".gz", ".br", ".zst"]) {
        if (files.has(file + extension)) {
          result.set(file + extension, pack(file + extension, bytesOf(own)));
        }
      }
    }
  }
  return result;
}

/** As it stands in a source map: with forward slashes, and one at its end. */
function way(from: string, to: string): string {
  const relative = path.relative(from, path.join(to, "node_modules")).split(path.sep).join("/");
  return byteText(Buffer.from(`${relative}/`));
}
