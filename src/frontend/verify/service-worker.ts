import { isRecord } from "../../json.js";

/** A file that a service worker keeps for the next visit, and which version of it. */
export interface PrecacheEntry {
  /** As it stands in the list. */
  readonly url: string;
  /** Workbox: the MD5 of the content, or null where the name holds a hash. Angular: the SHA-1. */
  readonly revision: string | null;
}

/** Whether a script is one that a browser keeps between visits. */
export function isServiceWorker(text: string): boolean {
  return (
    /\bprecacheAndRoute\b|\b__WB_MANIFEST\b|\bskipWaiting\(\)|\bclients\.claim\(\)/.test(text) ||
    /\baddEventListener\(\s*["'`](?:install|activate|fetch)["'`]/.test(text)
  );
}

/** The list of a service worker that Workbox made: objects with `url` and `revision`, in any order. */
export function precacheIn(text: string): readonly PrecacheEntry[] {
  return [...text.matchAll(/\{[^{}]*\}/g)].flatMap(([object]) => {
    const url = /["']?\burl["']?\s*:\s*["'`]([^"'`]+)["'`]/.exec(object)?.[1];
    const revision = /["']?\brevision["']?\s*:\s*(?:["'`]([^"'`]*)["'`]|null|void 0)/.exec(object);
    return url === undefined || revision === null ? [] : [{ url, revision: revision[1] ?? null }];
  });
}

/** The list of Angular's service worker, ngsw.json. */
export function hashTableIn(text: string): readonly PrecacheEntry[] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return [];
  }
  if (!isRecord(document) || !isRecord(document.hashTable)) {
    return [];
  }
  return Object.entries(document.hashTable).flatMap(([url, revision]) =>
    typeof revision === "string" ? [{ url, revision }] : [],
  );
}
