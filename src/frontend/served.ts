import { messageOf } from "../errors.js";
import { each } from "./each.js";
import { sha256, type ManifestFile } from "./manifest.js";

/** Requests at the same time: as many as a browser makes to a host over HTTP/1.1, twice. */
const AT_A_TIME = 12;

/** A server that does not answer must not hold up the whole check. */
const TIMEOUT_MS = 15_000;

/** How often it is asked again while the web server still serves what was before. */
const PAUSE_MS = 250;

/** Where a file is served otherwise than it should be: "config.json: status 404". */
export type ServedProblem = string;

/**
 * Asks the public URL for files, past caches, and compares what comes byte for byte. What differs is
 * asked for again until the time is over: servers look up a link anew only now and then.
 * @param settleMs how long, in milliseconds, from the first answer that differs.
 * @returns what still differs; empty when all is served as it should be.
 */
export async function servedProblems(
  url: string,
  files: readonly ManifestFile[],
  settleMs: number,
  wait: (milliseconds: number) => Promise<void>,
): Promise<readonly ServedProblem[]> {
  let left = files;
  for (let waitedMs = 0; ; waitedMs += PAUSE_MS) {
    const results = await each(left, AT_A_TIME, async (file) => ({
      file,
      problem: await problemOf(url, file),
    }));
    const wrong = results.filter(({ problem }) => problem !== undefined);
    if (wrong.length === 0 || waitedMs >= settleMs) {
      return wrong.map(({ file, problem }) => `${file.path}: ${problem ?? ""}`);
    }
    left = wrong.map(({ file }) => file);
    await wait(PAUSE_MS);
  }
}

/** The address of a file: a page is asked for as people do, without index.html. */
export function urlOf(url: string, path: string): string {
  return fileUrlOf(url, path.replace(/(^|\/)index\.html$/, "$1"));
}

function fileUrlOf(url: string, path: string): string {
  const base = url.endsWith("/") ? url : `${url}/`;
  return new URL(path.split("/").map(encodeURIComponent).join("/"), base).href;
}

async function ask(url: string): Promise<Response> {
  return await fetch(url, {
    headers: { "cache-control": "no-cache", pragma: "no-cache" },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
}

async function problemOf(url: string, file: ManifestFile): Promise<string | undefined> {
  try {
    const asPage = urlOf(url, file.path);
    const asFile = fileUrlOf(url, file.path);
    let response = await ask(asPage);
    // A bucket knows nothing of folders: there a page is only found by its whole name.
    if (asFile !== asPage && (response.status === 403 || response.status === 404)) {
      response = await ask(asFile);
    }
    const bytes = Buffer.from(await response.arrayBuffer());
    // Many servers keep source maps from the public on purpose.
    if (file.path.endsWith(".map") && (response.status === 403 || response.status === 404)) {
      return undefined;
    }
    if (!response.ok) {
      return `status ${response.status}`;
    }
    if (sha256(bytes) === file.sha256) {
      return undefined;
    }
    const sizes =
      bytes.length === file.size ? "of the same size" : `${bytes.length} instead of ${file.size}`;
    const age = response.headers.get("age");
    return `other bytes are served (${sizes}${age === null ? "" : `, held by a cache for ${age} s`})`;
  } catch (error) {
    return `it cannot be fetched: ${messageOf(error)}`;
  }
}
