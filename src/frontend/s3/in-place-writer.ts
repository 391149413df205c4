import { createHash } from "node:crypto";

import { EmergencyError } from "../../errors.js";
import type { JsonObject } from "../../json.js";
import type { Advance } from "../../step.js";
import { mayBeAskedForLater } from "../content-headers.js";
import { each } from "../each.js";
import { sha256, type Manifest, type ManifestFile } from "../manifest.js";
import type { PendingInvalidation, PutResult, ReleaseWriter } from "../release-store.js";
import { REQUESTS_AT_A_TIME } from "./aws-bucket.js";
import type { BucketLock, BucketLockWorld } from "./bucket-lock.js";
import {
  ConditionFailed,
  type Bucket,
  type Condition,
  type ListedObject,
  type Stored,
} from "./bucket.js";
import { broken, changedMeanwhile } from "./refusals.js";
import {
  headersFor,
  mergedPending,
  withRelease,
  type ReleaseRecord,
  type SiteRecords,
  type SiteState,
} from "./site-state.js";
import { turnOf } from "./upload-order.js";

/** What a store in a bucket needs besides the bucket. */
export interface BucketWorld extends BucketLockWorld {
  /** The file that the site reads its addresses from, if there is one. */
  readonly runtimeConfig: string | undefined;
}

/** What a store lets its writer work with. */
export interface Tools {
  readonly bucket: Bucket;
  readonly prefix: string;
  readonly place: string;
  readonly records: SiteRecords;
  readonly world: BucketWorld;
  readonly live: () => Promise<ReadonlyMap<string, ListedObject>>;
}

/** A release on its way into the places that it shares with the one that is served. */
interface Draft {
  readonly manifest: Manifest;
  readonly content: (file: ManifestFile) => Promise<Buffer>;
  readonly live: ReadonlyMap<string, ListedObject>;
  readonly known: ReadonlyMap<string, KnownObject>;
  readonly stored: Map<string, { readonly etag: string; readonly versionId: string | null }>;
  /** Files that are only written when the release is switched to. */
  readonly left: readonly ManifestFile[];
  readonly keepsVersions: boolean;
  /** How many files are written, of how many. */
  readonly written: { done: number; readonly total: number };
}

/** An object that a release has recorded. */
interface KnownObject extends Stored {
  readonly file: ManifestFile;
}

/**
 * Writes releases into the places that they share, whoever holds the lock. What nobody asks for yet is
 * written at once, the rest at the switch, in turns.
 */
export class InPlaceWriter implements ReleaseWriter {
  readonly #tools: Tools;
  readonly #lock: BucketLock;
  readonly #advance: Advance;
  #draft: Draft | undefined;

  constructor(tools: Tools, lock: BucketLock, advance: Advance) {
    this.#tools = tools;
    this.#lock = lock;
    this.#advance = advance;
  }

  /** Writes what nobody asks for yet, and remembers the rest for the switch. */
  async put(
    manifest: Manifest,
    content: (file: ManifestFile) => Promise<Buffer>,
  ): Promise<PutResult> {
    const { bucket, live: look } = this.#tools;
    const [state, live, versioning] = await Promise.all([
      this.#tools.records.state(),
      look(),
      bucket.versioning(),
    ]);
    const known = await this.#knownObjects(state);
    const stored: Draft["stored"] = new Map();
    const all = [...manifest.files, ...manifest.kept];
    const changed: ManifestFile[] = [];
    const alike: { file: ManifestFile; object: ListedObject }[] = [];
    for (const file of all) {
      const object = live.get(file.path);
      const same = object === undefined ? undefined : known.get(`${file.path} ${object.etag}`);
      if (same !== undefined && isSame(same.file, file)) {
        stored.set(file.path, same);
      } else if (same === undefined && object?.size === file.size) {
        alike.push({ file, object });
      } else {
        changed.push(file);
      }
    }
    const shared = stored.size;
    // An earlier run that was killed, or somebody else's tool, may have put the very same bytes there.
    await each(alike, REQUESTS_AT_A_TIME, async ({ file, object }) => {
      const found =
        object.etag.includes("-") || object.etag === md5(await content(file))
          ? await bucket.head({ key: object.key })
          : undefined;
      const { headers } = found ?? {};
      if (
        found !== undefined &&
        headers?.metadata?.sha256 === file.sha256 &&
        headers.contentType === file.contentType &&
        headers.cacheControl === file.cacheControl
      ) {
        stored.set(file.path, found);
      } else {
        changed.push(file);
      }
    });
    const { runtimeConfig } = this.#tools.world;
    const kept = new Set(manifest.kept.map(({ path }) => path));
    const isEarly = ({ path }: ManifestFile): boolean =>
      turnOf(path, runtimeConfig) === 0 && !live.has(path) && !kept.has(path);
    this.#draft = {
      manifest,
      content,
      live,
      known,
      stored,
      left: changed.filter((file) => !isEarly(file)),
      keepsVersions: versioning === "enabled",
      written: { done: 0, total: changed.length },
    };
    await this.#writeAll(this.#draft, changed.filter(isEarly));
    return { written: changed.length, shared, resumed: stored.size - shared };
  }

  async switchTo(
    id: string,
    record: JsonObject,
    pending: PendingInvalidation | null,
  ): Promise<void> {
    const { records, world, live, bucket, prefix } = this.#tools;
    const before = await records.state();
    const draft = this.#draft;
    let leaving = before.leaving;
    if (draft?.manifest.id !== id) {
      // A release that an earlier run has written whole: only the word is missing that it is served.
      await this.#mustBeThere(id, await live());
    } else {
      for (const turn of [0, 1, 2, 3] as const) {
        const files = draft.left.filter(({ path }) => turnOf(path, world.runtimeConfig) === turn);
        if (files.length > 0) {
          await this.#lock.check();
          await this.#writeAll(draft, files);
        }
      }
      const gone = await this.#gone(before, draft);
      await this.#save(draft, gone);
      // Pages go at once. What a page that is loading may ask for in this very moment goes later.
      const pages = gone.filter((path) => !mayBeAskedForLater(path));
      if (pages.length > 0) {
        // What is removed is not compared with what was seen: another one may have put it there anew.
        await this.#lock.check();
        await bucket.remove(pages.map((path) => `${prefix}${path}`));
      }
      leaving = [...new Set([...leaving, ...gone.filter(mayBeAskedForLater)])];
      await records.writeRecord({ manifest: draft.manifest, stored: draft.stored });
    }
    await this.#lock.check();
    const { manifest } = await records.record(id);
    await records.write(before, {
      current: id,
      releases: withRelease(before.releases, manifest),
      pending: mergedPending(before.pending, pending),
      leaving,
      history: [...before.history, { ...record, to: id }],
    });
  }

  async invalidated(reference: string): Promise<void> {
    const state = await this.#tools.records.state();
    if (state.pending?.reference === reference) {
      await this.#tools.records.write(state, { pending: null });
    }
  }

  /** Never needed: every release is put into the same places. */
  async adopt(): Promise<void> {
    await Promise.resolve();
  }

  async remove(id: string): Promise<void> {
    const { records } = this.#tools;
    const state = await records.state();
    if (state.current === id) {
      throw new EmergencyError(
        "FRONTEND_UNUSABLE",
        `release ${id} is served, so it is not removed`,
        "npx hardhat frontend status",
      );
    }
    await records.write(state, { releases: state.releases.filter((one) => one.id !== id) });
    await records.removeRecords([id]);
  }

  /** Removes records of releases that are not whole, and saved bytes that no release has. */
  async clean(): Promise<void> {
    const { records, bucket } = this.#tools;
    const unfinished = await records.unfinished();
    if (unfinished.length > 0) {
      // Somebody else may be making one of them by now.
      await this.#lock.check();
      await records.removeRecords(unfinished);
    }
    await this.#removeLeaving();
    const saved = await records.saved();
    if (saved.size > 0) {
      await this.#lock.check();
      const { releases } = await records.state();
      const needed = new Set<string>();
      for (const { id } of releases) {
        const { manifest } = await records.record(id);
        for (const file of [...manifest.files, ...manifest.kept]) {
          needed.add(file.sha256);
        }
      }
      const unneeded = [...saved].flatMap(([hash, key]) => (needed.has(hash) ? [] : [key]));
      if (unneeded.length > 0) {
        await this.#lock.check();
        await bucket.remove(unneeded);
      }
    }
  }

  async #removeLeaving(): Promise<void> {
    const { records, bucket, prefix, live: look } = this.#tools;
    const state = await records.state();
    if (state.leaving.length === 0) {
      return;
    }
    const live = await look();
    const manifest =
      state.current === null ? undefined : (await records.record(state.current)).manifest;
    const needed = new Set(
      [...(manifest?.files ?? []), ...(manifest?.kept ?? [])].map(({ path }) => path),
    );
    const gone = state.leaving.filter((path) => live.has(path) && !needed.has(path));
    await this.#lock.check();
    await bucket.remove(gone.map((path) => `${prefix}${path}`));
    await records.write(state, { leaving: [] });
  }

  /** What is served now as its release recorded it: by path and ETag. */
  async #knownObjects(state: SiteState): Promise<ReadonlyMap<string, KnownObject>> {
    const known = new Map<string, KnownObject>();
    const ids = state.current === null ? [] : [state.current];
    for (const id of ids) {
      const { manifest, stored } = await this.#tools.records.record(id);
      for (const file of [...manifest.files, ...manifest.kept]) {
        const object = stored.get(file.path);
        if (object !== undefined) {
          known.set(`${file.path} ${object.etag}`, { ...object, file });
        }
      }
    }
    return known;
  }

  async #writeAll(draft: Draft, files: readonly ManifestFile[]): Promise<void> {
    if (files.length === 0) {
      return;
    }
    await this.#save(
      draft,
      files.map(({ path }) => path),
    );
    const { written } = draft;
    await each(files, REQUESTS_AT_A_TIME, async (file) => {
      draft.stored.set(file.path, await this.#write(draft, file));
      written.done++;
      this.#advance("uploaded", written.done, written.total);
    });
  }

  /** Guarded by what was seen there: a stranger who writes meanwhile is not overwritten. */
  async #write({ live, content }: Draft, file: ManifestFile): Promise<Stored> {
    const { bucket, prefix } = this.#tools;
    const key = `${prefix}${file.path}`;
    const there = live.get(file.path);
    const bytes = await content(file);
    if (sha256(bytes) !== file.sha256) {
      throw broken(`${file.path} is not what it was when the plan was made`);
    }
    const condition: Condition = there === undefined ? { ifAbsent: true } : { ifMatch: there.etag };
    try {
      return await bucket.put(key, bytes, headersFor(file), condition);
    } catch (error) {
      if (!(error instanceof ConditionFailed)) {
        throw error;
      }
      // Some servers take a marker for an object.
      if (there === undefined && (await bucket.head({ key })) === undefined) {
        return await bucket.put(key, bytes, headersFor(file));
      }
      throw changedMeanwhile(`${bucket.place}/${key}`);
    }
  }

  /**
   * Copies what is about to be overwritten or removed to a place where a rollback finds it, in a bucket
   * that keeps no versions.
   */
  async #save({ live, known, keepsVersions, manifest }: Draft, paths: readonly string[]) {
    if (keepsVersions) {
      return;
    }
    const { bucket, records } = this.#tools;
    const saved = await records.saved();
    const objects = paths.flatMap((path) => {
      const object = live.get(path);
      const file = object === undefined ? undefined : known.get(`${path} ${object.etag}`)?.file;
      return object === undefined || (file !== undefined && saved.has(file.sha256))
        ? []
        : [{ object, path, file }];
    });
    await each(objects, REQUESTS_AT_A_TIME, async ({ object, path, file }) => {
      const key =
        file === undefined
          ? records.strangerKey(manifest.id, path)
          : records.objectKey(file.sha256);
      try {
        await bucket.copy({ key: object.key, known: object }, key);
      } catch (error) {
        throw error instanceof ConditionFailed
          ? changedMeanwhile(`${bucket.place}/${object.key}`)
          : error;
      }
    });
  }

  /** What the release that is served has and the next one has not, and is there. */
  async #gone({ current }: SiteState, { manifest, live }: Draft): Promise<readonly string[]> {
    if (current === null) {
      return [];
    }
    const wanted = new Set([...manifest.files, ...manifest.kept].map(({ path }) => path));
    const { manifest: old } = await this.#tools.records.record(current);
    return [...old.files, ...old.kept]
      .map(({ path }) => path)
      .filter((path) => !wanted.has(path) && live.has(path));
  }

  async #mustBeThere(id: string, live: ReadonlyMap<string, ListedObject>): Promise<void> {
    const record: ReleaseRecord = await this.#tools.records.record(id);
    const wrong = [...record.stored].find(([path, { etag }]) => live.get(path)?.etag !== etag);
    if (wrong !== undefined) {
      throw changedMeanwhile(`${this.#tools.bucket.place}/${this.#tools.prefix}${wrong[0]}`);
    }
  }
}

function isSame(known: ManifestFile, file: ManifestFile): boolean {
  return (
    known.sha256 === file.sha256 &&
    known.contentType === file.contentType &&
    known.cacheControl === file.cacheControl &&
    JSON.stringify(known.metadata ?? {}) === JSON.stringify(file.metadata ?? {})
  );
}

function md5(bytes: Buffer): string {
  return createHash("md5").update(bytes).digest("hex");
}
