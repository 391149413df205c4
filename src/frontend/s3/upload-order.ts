import { isImmutable } from "../content-headers.js";
import { baseName } from "../site-files.js";

/**
 * When a file is written, from 0: what pages refer to before the pages, and what everything starts with
 * last. A page is never there before its assets are.
 * - 0: files whose name holds their hash: nobody asks for them yet
 * - 1: other files that pages use
 * - 2: pages
 * - 3: the entry page, the runtime configuration and service workers
 * @param runtimeConfig the file that the site reads its addresses from, if there is one.
 */
export function turnOf(path: string, runtimeConfig: string | undefined): 0 | 1 | 2 | 3 {
  const original = path.replace(/\.(?:gz|br|zst)$/, "");
  if (original === runtimeConfig || original === "index.html" || isServiceWorker(original)) {
    return 3;
  }
  // Sites with clean addresses have pages without an extension.
  if (/\.html?$/i.test(original) || !baseName(path).includes(".")) {
    return 2;
  }
  return isImmutable(path) ? 0 : 1;
}

/** Names that tools give to service workers: Workbox, Angular, and what is usual. */
function isServiceWorker(path: string): boolean {
  return /^(?:sw|service-?worker|ngsw-worker|firebase-messaging-sw)(?:[.-][\w.-]*)?\.m?js$/i.test(
    baseName(path),
  );
}
