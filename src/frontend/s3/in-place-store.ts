import type { JsonObject } from "../../json.js";
import type { Advance } from "../../step.js";
import { each } from "../each.js";
import { sha256, type Manifest, type ManifestFile, type ReleaseSummary } from "../manifest.js";
import type { PendingInvalidation, ReleaseStore, ReleaseWriter } from "../release-store.js";
import { REQUESTS_AT_A_TIME } from "./aws-bucket.js";
import { whileLocked } from "./bucket-lock.js";
import type { Bucket, ListedObject, Stored } from "./bucket.js";
import { InPlaceWriter, type BucketWorld, type Tools } from "./in-place-writer.js";
import { broken } from "./refusals.js";
import { SiteRecords, mergedPending, recordsFolder } from "./site-state.js";

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
      async (lock) =>
        await this.#records.whileHeld(
          async () => await work(new InPlaceWriter(this.#tools(), lock, advance)),
        ),
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
      async () => await records.whileHeld(async () => await work(notes)),
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
