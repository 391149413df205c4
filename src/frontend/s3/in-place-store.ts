import { createHash } from "node:crypto";

import { EmergencyError } from "../../errors.js";
import type { JsonObject } from "../../json.js";
import type { Advance } from "../../step.js";
import { mayBeAskedForLater } from "../content-headers.js";
import { each } from "../each.js";
import { sha256, type Manifest, type ManifestFile, type ReleaseSummary } from "../manifest.js";
import type {
  PendingInvalidation,
  PutResult,
  ReleaseStore,
  ReleaseWriter,
} from "../release-store.js";
import { REQUESTS_AT_A_TIME } from "./aws-bucket.js";
import { whileLocked, type BucketLock, type BucketLockWorld } from "./bucket-lock.js";
import {
  ConditionFailed,
  type Bucket,
  type Condition,
  type ListedObject,
  type Stored,
} from "./bucket.js";
import {
  SiteRecords,
  headersFor,
  mergedPending,
  recordsFolder,
  withRelease,
  type ReleaseRecord,
  type SiteState,
} from "./site-state.js";
import { turnOf } from "./upload-order.js";

/** What a store in a bucket needs besides the bucket. */
export interface BucketWorld extends BucketLockWorld {
  /** The file that the site reads its addresses from, if there is one. */
  readonly runtimeConfig: string | undefined;
}

/**
 * Releases of a site whose files lie in a bucket under the names by which they are asked for. All
 * releases share these places, so a switch writes page by page, the entry page last; older releases are
 * there as older versions of the objects, or, where the bucket keeps none, as copies beside the site.
 * @param prefix of the site's keys: empty, or with a slash at its end.
 */
export function inPlaceStore(bucket: Bucket, prefix: string, world: BucketWorld): SharedPlaces {
  return new InPlaceStore(bucket, prefix, world);
}

/** A store whose places somebody may change without making a release: by putting back older versions. */
export interface SharedPlaces extends ReleaseStore {
  /**
   * Runs something that changes the places themselves, while nobody else changes the site.
   * @throws EmergencyError FRONTEND_LOCKED
   */
  changing<T>(by: string, work: (notes: PlaceNotes) => Promise<T>): Promise<T>;
}

/** What must be known of a change of the places. */
export interface PlaceNotes {
  /** Caches hold what was served before. */
  stale(pending: PendingInvalidation): Promise<void>;
  /** Caches hold nothing of that any more. */
  invalidated(reference: string): Promise<void>;
  /**
   * Looks which release's files are all there now, and says that it is the one that is served.
   * @returns null when there is none: then the one that was served counts as changed by hand.
   */
  recognise(record: JsonObject): Promise<string | null>;
}

class InPlaceStore implements SharedPlaces {
  readonly place: string;
  readonly switching = "page by page, index.html last";
  readonly keepsReleases = false;
  readonly needsInvalidation = true;
  readonly #bucket: Bucket;
  readonly #prefix: string;
  readonly #records: SiteRecords;
  readonly #world: BucketWorld;

  constructor(bucket: Bucket, prefix: string, world: BucketWorld) {
    this.place = `${bucket.place}/${prefix}`.replace(/\/$/, "");
    this.#bucket = bucket;
    this.#prefix = prefix;
    this.#records = new SiteRecords(bucket, prefix);
    this.#world = world;
  }

  async releases(): Promise<readonly ReleaseSummary[]> {
    return (await this.#records.state()).releases;
  }

  async unfinished(): Promise<readonly string[]> {
    return await this.#records.unfinished();
  }

  async current(): Promise<string | null> {
    return (await this.#records.state()).current;
  }

  async pending(): Promise<PendingInvalidation | null> {
    return (await this.#records.state()).pending;
  }

  async leaving(): Promise<readonly string[]> {
    return (await this.#records.state()).leaving;
  }

  async manifest(id: string): Promise<Manifest> {
    return (await this.#records.record(id)).manifest;
  }

  async read(id: string, path: string): Promise<Buffer> {
    const { manifest, stored } = await this.#records.record(id);
    const file = [...manifest.files, ...manifest.kept].find((one) => one.path === path);
    const known = stored.get(path);
    if (file === undefined || known === undefined) {
      throw broken(`${path} is not in release ${id}`);
    }
    const key = this.#key(path);
    if (known.versionId !== null) {
      const object = await this.#bucket.get({ key, versionId: known.versionId });
      if (object === undefined) {
        throw broken(
          `version ${known.versionId} of ${this.#bucket.place}/${key} is not there any more: a lifecycle rule of the bucket may have removed it`,
        );
      }
      return object.bytes;
    }
    const live = await this.#bucket.get({ key });
    if (live !== undefined && sha256(live.bytes) === file.sha256) {
      return live.bytes;
    }
    const saved = await this.#bucket.get({ key: this.#records.objectKey(file.sha256) });
    if (saved === undefined) {
      throw broken(
        `${this.#bucket.place}/${key} was overwritten, and the bucket keeps no versions`,
      );
    }
    return saved.bytes;
  }

  async damaged(id: string, files: readonly ManifestFile[]): Promise<ReadonlySet<string>> {
    if (files.length === 0) {
      return new Set();
    }
    const [{ current }, { stored }] = await Promise.all([
      this.#records.state(),
      this.#records.record(id),
    ]);
    if (id === current) {
      const live = await this.#live();
      const wrong = files.filter(({ path }) => live.get(path)?.etag !== stored.get(path)?.etag);
      return new Set(wrong.map(({ path }) => path));
    }
    const damaged = new Set<string>();
    await each(files, REQUESTS_AT_A_TIME, async ({ path, sha256: hash }) => {
      const versionId = stored.get(path)?.versionId;
      const there =
        typeof versionId === "string"
          ? await this.#bucket.head({ key: this.#key(path), versionId })
          : ((await this.#bucket.head({ key: this.#records.objectKey(hash) })) ??
            (await this.#liveWith(path, stored.get(path)?.etag)));
      if (there === undefined) {
        damaged.add(path);
      }
    });
    return damaged;
  }

  async locked<T>(
    by: string,
    work: (writer: ReleaseWriter) => Promise<T>,
    advance: Advance = () => undefined,
  ): Promise<T> {
    return await whileLocked(
      { bucket: this.#bucket, key: this.#records.lockKey },
      by,
      this.#world,
      async (lock) => await work(new InPlaceWriter(this.#tools(), lock, advance)),
      advance,
    );
  }

  async changing<T>(by: string, work: (notes: PlaceNotes) => Promise<T>): Promise<T> {
    const records = this.#records;
    const notes: PlaceNotes = {
      async stale(pending) {
        const state = await records.state();
        await records.write(state, { pending: mergedPending(state.pending, pending) });
      },
      async invalidated(reference) {
        const state = await records.state();
        if (state.pending?.reference === reference) {
          await records.write(state, { pending: null });
        }
      },
      recognise: async (record) => await this.#recognise(record),
    };
    return await whileLocked(
      { bucket: this.#bucket, key: records.lockKey },
      by,
      this.#world,
      async () => await work(notes),
    );
  }

  async #recognise(record: JsonObject): Promise<string | null> {
    const [state, live] = await Promise.all([this.#records.state(), this.#live()]);
    for (const { id } of state.releases.toReversed()) {
      const { manifest, stored } = await this.#records.record(id);
      if (manifest.files.every(({ path }) => live.get(path)?.etag === stored.get(path)?.etag)) {
        if (id !== state.current) {
          const history = [...state.history, { ...record, to: id }];
          await this.#records.write(state, { current: id, history });
        }
        return id;
      }
    }
    return null;
  }

  #tools(): Tools {
    return {
      bucket: this.#bucket,
      prefix: this.#prefix,
      place: this.place,
      records: this.#records,
      world: this.#world,
      live: async () => await this.#live(),
    };
  }

  /** What is there now, by path, without our own records. */
  async #live(): Promise<ReadonlyMap<string, ListedObject>> {
    const objects = await this.#bucket.list(this.#prefix);
    const records = recordsFolder(this.#prefix);
    return new Map(
      objects
        .filter(({ key }) => !key.startsWith(records))
        .map((object) => [object.key.slice(this.#prefix.length), object]),
    );
  }

  async #liveWith(path: string, etag: string | undefined): Promise<Stored | undefined> {
    const live = await this.#bucket.head({ key: this.#key(path) });
    return live?.etag === etag ? live : undefined;
  }

  #key(path: string): string {
    return `${this.#prefix}${path}`;
  }
}

interface Tools {
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
}

/** An object that a release has recorded. */
interface KnownObject extends Stored {
  readonly file: ManifestFile;
}

class InPlaceWriter implements ReleaseWriter {
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
    };
    await this.#writeAll(this.#draft, changed.filter(isEarly), "uploaded", changed.length);
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
        await this.#lock.check();
        await this.#writeAll(draft, files, "uploaded", draft.left.length);
      }
      const gone = await this.#gone(before, draft);
      await this.#save(draft, gone);
      // Pages go at once. What a page that is loading may ask for in this very moment goes later.
      const pages = gone.filter((path) => !mayBeAskedForLater(path));
      await bucket.remove(pages.map((path) => `${prefix}${path}`));
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
    await records.removeRecords(await records.unfinished());
    await this.#removeLeaving();
    const saved = await records.saved();
    if (saved.size > 0) {
      const { releases } = await records.state();
      const needed = new Set<string>();
      for (const { id } of releases) {
        const { manifest } = await records.record(id);
        for (const file of [...manifest.files, ...manifest.kept]) {
          needed.add(file.sha256);
        }
      }
      await bucket.remove([...saved].flatMap(([hash, key]) => (needed.has(hash) ? [] : [key])));
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

  async #writeAll(
    draft: Draft,
    files: readonly ManifestFile[],
    what: string,
    total: number,
  ): Promise<void> {
    if (files.length === 0) {
      return;
    }
    await this.#save(
      draft,
      files.map(({ path }) => path),
    );
    let done = total - files.length;
    await each(files, REQUESTS_AT_A_TIME, async (file) => {
      draft.stored.set(file.path, await this.#write(draft, file));
      done++;
      this.#advance(what, done, total);
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

function broken(what: string): EmergencyError {
  return new EmergencyError(
    "BROKEN_RELEASE",
    what,
    "deploy the site again with frontend deploy --from, or roll back to another release",
  );
}

function changedMeanwhile(where: string): EmergencyError {
  return new EmergencyError(
    "PRIOR_STATE_CHANGED",
    `somebody else has changed ${where} meanwhile, without heeding the lock`,
    "type the same command again without --plan: it looks at the site as it is now, and goes on",
  );
}
