import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";

import { EmergencyError, asError, messageOf } from "../errors.js";
import { headersOf } from "./content-headers.js";
import { disk } from "./disk.js";
import { each } from "./each.js";
import { contentHash, sha256, type ManifestFile } from "./manifest.js";
import type { ReleaseStore } from "./release-store.js";
import type { FileHeaders } from "./site.js";
import type { SiteFiles } from "./site-files.js";

/** As many as a bucket answers without a queue; a disk does not mind. */
const AT_A_TIME = 32;

/**
 * A built site from a folder.
 * @throws EmergencyError BAD_ARGUMENTS when there is none.
 */
export async function readFolder(folder: string): Promise<SiteFiles> {
  // Asked first: a folder that was named by mistake may be large.
  if (!(await disk.names(folder)).includes("index.html")) {
    const isThere = (await disk.modifiedMs(folder)) !== undefined;
    throw new EmergencyError(
      "BAD_ARGUMENTS",
      isThere
        ? `${folder} holds no built site: there is no index.html in it`
        : `there is no folder ${folder}`,
      "build the site first, and name the folder that the build writes with --from",
    );
  }
  const paths = await disk.filesBelow(folder);
  try {
    // Not side by side: of small files, handing each to a thread and back takes ten times as long as reading it.
    return new Map(paths.map((file) => [file, readFileSync(path.join(folder, file))]));
  } catch (error) {
    throw new EmergencyError(
      "BAD_ARGUMENTS",
      `${folder} cannot be read: ${messageOf(error)}`,
      "make its files readable, and replace symbolic links by what they point to",
      asError(error),
    );
  }
}

/**
 * The files of a release, without those that are only kept for open pages.
 * @throws EmergencyError BROKEN_RELEASE when a file is not that of the manifest.
 */
export async function readRelease(
  store: ReleaseStore,
  id: string,
  files: readonly ManifestFile[],
): Promise<SiteFiles> {
  return new Map(
    await each(files, AT_A_TIME, async ({ path: file, sha256: hash }) => {
      const bytes = await store.read(id, file);
      if (sha256(bytes) !== hash) {
        throw new EmergencyError(
          "BROKEN_RELEASE",
          `${file} of release ${id} was changed after it was deployed`,
          "deploy the site again with frontend deploy --from",
        );
      }
      return [file, bytes] as const;
    }),
  );
}

/** The files as a manifest describes them, by path. */
export function describeFiles(
  files: SiteFiles,
  headers: (path: string) => FileHeaders = headersOf,
): readonly ManifestFile[] {
  return [...files]
    .map(([file, bytes]) => ({
      path: file,
      sha256: sha256(bytes),
      size: bytes.length,
      ...headers(file),
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** See {@link contentHash}. */
export function contentOf(files: SiteFiles): string {
  return contentHash(describeFiles(files));
}

/** The commit of the sources around a folder, said so when they were changed since; null without git. */
export async function commitOf(folder: string): Promise<string | null> {
  const git = async (...args: readonly string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)("git", ["-C", folder, ...args]);
    return stdout.trim();
  };
  try {
    const commit = await git("rev-parse", "HEAD");
    const changes = await git("status", "--porcelain", "--untracked-files=no");
    return changes === "" ? commit : `${commit} with changes`;
  } catch {
    return null;
  }
}
