import type { ManifestFile } from "./manifest.js";
import { readRelease } from "./read-site.js";
import type { ReleaseStore } from "./release-store.js";
import type { SiteFiles } from "./site-files.js";

/**
 * The files of releases, each content read once: a release never changes, and whether somebody has
 * changed its objects is seen by a listing, see {@link ReleaseStore.damaged}.
 */
export class SeenFiles {
  readonly #store: ReleaseStore;
  /** By the sha256 that they really have. */
  readonly #seen = new Map<string, Buffer>();

  constructor(store: ReleaseStore) {
    this.#store = store;
  }

  /** As {@link readRelease}. */
  async read(id: string, files: readonly ManifestFile[]): Promise<SiteFiles> {
    const unread = files.filter(({ sha256 }) => !this.#seen.has(sha256));
    const read = await readRelease(this.#store, id, unread);
    for (const { path, sha256 } of unread) {
      this.#seen.set(sha256, read.get(path) ?? Buffer.alloc(0));
    }
    return new Map(
      files.map(({ path, sha256 }) => [path, this.#seen.get(sha256) ?? Buffer.alloc(0)]),
    );
  }
}
