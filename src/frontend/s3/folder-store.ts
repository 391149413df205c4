import { EmergencyError } from "../../errors.js";
import type { JsonObject } from "../../json.js";
import type { Advance } from "../../step.js";
import type { Pointer } from "../cloudfront/pointer.js";
import { mayBeAskedForLater } from "../content-headers.js";
import { each } from "../each.js";
import {
  isReleaseId,
  sha256,
  type KeptFile,
  type Manifest,
  type ManifestFile,
  type ReleaseSummary,
} from "../manifest.js";
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
  type CopySource,
  type ObjectHeaders,
  type Stored,
} from "./bucket.js";
import { broken, changedMeanwhile } from "./refusals.js";
import { SiteRecords, headersFor, mergedPending, withRelease } from "./site-state.js";

/**
 * Releases of a site in folders of a bucket, `<prefix>releases/<id>/…`, and a pointer in the
 * distribution in front that says which folder is served. Serving an earlier one again moves the
 * pointer, and nothing else.
 * @param prefix of the site's keys: empty, or with a slash at its end.
 */
export function folderStore(
  bucket: Bucket,
  prefix: string,
  pointer: Pointer,
  world: BucketLockWorld,
): ReleaseStore {
  return new FolderStore(bucket, prefix, pointer, world);
}

class FolderStore implements ReleaseStore {
  readonly place: string;
  readonly switching: string;
  readonly keepsReleases = true;
  readonly needsInvalidation: boolean;
  readonly #bucket: Bucket;
  readonly #prefix: string;
  readonly #pointer: Pointer;
  readonly #records: SiteRecords;
  readonly #world: BucketLockWorld;

  constructor(bucket: Bucket, prefix: string, pointer: Pointer, world: BucketLockWorld) {
    this.place = `${bucket.place}/${prefix}releases`;
    this.switching = `by moving ${pointer.place}`;
    this.needsInvalidation = pointer.needsInvalidation;
    this.#bucket = bucket;
    this.#prefix = prefix;
    this.#pointer = pointer;
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
    const { folder } = await this.#pointer.read();
    return releaseIn(folder, this.#prefix, this.#pointer.place);
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
    const key = keyOf(this.#prefix, id, path);
    const object = await this.#bucket.get({ key });
    if (object === undefined) {
      throw broken(`${this.#bucket.place}/${key} is not there`);
    }
    return object.bytes;
  }

  async damaged(id: string, files: readonly ManifestFile[]): Promise<ReadonlySet<string>> {
    if (files.length === 0) {
      return new Set();
    }
    const [{ stored }, there] = await Promise.all([
      this.#records.record(id),
      objectsOf(this.#bucket, this.#prefix, id),
    ]);
    const wrong = files.filter(({ path }) => {
      const object = there.get(path);
      return object === undefined || object.etag !== stored.get(path)?.etag;
    });
    return new Set(wrong.map(({ path }) => path));
  }

  async locked<T>(
    by: string,
    work: (writer: ReleaseWriter) => Promise<T>,
    advance: Advance = () => undefined,
  ): Promise<T> {
    const tools = {
      bucket: this.#bucket,
      prefix: this.#prefix,
      records: this.#records,
      pointer: this.#pointer,
    };
    return await whileLocked(
      { bucket: this.#bucket, key: this.#records.lockKey },
      by,
      this.#world,
      async (lock) =>
        await this.#records.whileHeld(
          async () => await work(new FolderWriter(tools, lock, advance)),
        ),
      advance,
    );
  }
}

interface Tools {
  readonly bucket: Bucket;
  readonly prefix: string;
  readonly records: SiteRecords;
  readonly pointer: Pointer;
}

class FolderWriter implements ReleaseWriter {
  readonly #tools: Tools;
  readonly #lock: BucketLock;
  readonly #advance: Advance;

  constructor(tools: Tools, lock: BucketLock, advance: Advance) {
    this.#tools = tools;
    this.#lock = lock;
    this.#advance = advance;
  }

  async put(
    manifest: Manifest,
    content: (file: ManifestFile) => Promise<Buffer>,
  ): Promise<PutResult> {
    const { bucket, prefix, records } = this.#tools;
    const { id } = manifest;
    const all = [...manifest.files, ...manifest.kept];
    const [state, there] = await Promise.all([records.state(), objectsOf(bucket, prefix, id)]);
    const twins = await this.#twins(manifest.replaces, state.releases);
    const stored = new Map<string, Stored>();
    // Written first: what a run that is killed leaves behind is known, and cleared away.
    await records.writeRecord({ manifest, stored });
    let done = 0;
    const outcomes = await each(all, REQUESTS_AT_A_TIME, async (file) => {
      const key = keyOf(prefix, id, file.path);
      const outcome = await (async () => {
        const found =
          there.get(file.path)?.size === file.size ? await bucket.head({ key }) : undefined;
        if (found?.headers.metadata?.sha256 === file.sha256) {
          stored.set(file.path, found);
          return "resumed" as const;
        }
        const twin = twins.get(file.sha256);
        if (twin !== undefined) {
          stored.set(file.path, await this.#copy(twin, key, headersFor(file)));
          return "shared" as const;
        }
        const bytes = await content(file);
        if (sha256(bytes) !== file.sha256) {
          throw new EmergencyError(
            "BROKEN_RELEASE",
            `${file.path} is not what it was when the plan was made`,
            "type the same command again, to make a new plan",
          );
        }
        stored.set(file.path, await bucket.put(key, bytes, headersFor(file)));
        return "written" as const;
      })();
      this.#advance("uploaded", ++done, all.length);
      return outcome;
    });
    const wanted = new Set(all.map(({ path }) => path));
    await bucket.remove(
      [...there.values()].flatMap(({ key, path }) => (wanted.has(path) ? [] : [key])),
    );
    await records.writeRecord({ manifest, stored });
    await this.#lock.check();
    await records.write(state, { releases: withRelease(state.releases, manifest) });
    const count = (outcome: string): number => outcomes.filter((other) => other === outcome).length;
    return { written: count("written"), shared: count("shared"), resumed: count("resumed") };
  }

  async switchTo(
    id: string,
    record: JsonObject,
    pending: PendingInvalidation | null,
  ): Promise<void> {
    const { records, pointer, prefix } = this.#tools;
    const [before, { folder, version }] = await Promise.all([records.state(), pointer.read()]);
    const from = releaseIn(folder, prefix, pointer.place);
    const leaving = from === null || from === id ? [] : await this.#copyForLoading(id, from);
    await this.#lock.check();
    // Written first: a run that is killed right after the switch leaves word of what caches hold.
    await records.write(before, {
      current: id,
      pending: mergedPending(before.pending, pending),
      leaving: [...new Set([...before.leaving, ...leaving])],
      history: [...before.history, { ...record, to: id }],
    });
    await pointer.move(`${prefix}releases/${id}`, version, (text) => {
      this.#advance(text);
    });
  }

  async invalidated(reference: string): Promise<void> {
    const state = await this.#tools.records.state();
    if (state.pending?.reference === reference) {
      await this.#tools.records.write(state, { pending: null });
    }
  }

  async adopt(id: string, from: string, files: readonly KeptFile[]): Promise<void> {
    const { bucket, prefix, records } = this.#tools;
    const [there, source, { manifest, stored }] = await Promise.all([
      objectsOf(bucket, prefix, id),
      objectsOf(bucket, prefix, from),
      records.record(id),
    ]);
    const own = new Set([...manifest.files, ...manifest.kept].map(({ path }) => path));
    const adopted = files.filter(
      ({ path }) => !own.has(path) && (there.has(path) || source.has(path)),
    );
    let done = 0;
    const objects = await each(adopted, REQUESTS_AT_A_TIME, async ({ path }) => {
      const [present, original] = [there.get(path), source.get(path)];
      const object =
        present === undefined && original !== undefined
          ? await this.#copy({ key: original.key, known: original }, keyOf(prefix, id, path))
          : { etag: present?.etag ?? "", versionId: null };
      this.#advance("copied", ++done, adopted.length);
      return [path, object] as const;
    });
    if (adopted.length > 0) {
      // What caches may get of this release must be known, to be taken from them again.
      await records.writeRecord({
        manifest: { ...manifest, kept: [...manifest.kept, ...adopted] },
        stored: new Map([...stored, ...objects]),
      });
    }
  }

  async remove(id: string): Promise<void> {
    const { records, bucket, prefix, pointer } = this.#tools;
    const { folder } = await pointer.read();
    if (releaseIn(folder, prefix, pointer.place) === id) {
      throw new EmergencyError(
        "FRONTEND_UNUSABLE",
        `release ${id} is served, so it is not removed`,
        "npx hardhat frontend status",
      );
    }
    const state = await records.state();
    await records.write(state, { releases: state.releases.filter((one) => one.id !== id) });
    const objects = await objectsOf(bucket, prefix, id);
    await bucket.remove([...objects.values()].map(({ key }) => key));
    await records.removeRecords([id]);
  }

  async clean(): Promise<void> {
    const { bucket, prefix, records } = this.#tools;
    await this.#removeUnfinished();
    const state = await records.state();
    if (state.leaving.length === 0) {
      return;
    }
    const ids = state.releases.map(({ id }) => id);
    const needed = new Set<string>();
    for (const id of ids.filter((one) =>
      state.leaving.some((file) => file.startsWith(`${one}/`)),
    )) {
      const { manifest } = await records.record(id);
      for (const { path } of [...manifest.files, ...manifest.kept]) {
        needed.add(`${id}/${path}`);
      }
    }
    await this.#lock.check();
    await bucket.remove(
      state.leaving.filter((file) => !needed.has(file)).map((file) => `${prefix}releases/${file}`),
    );
    await records.write(state, { leaving: [] });
  }

  async #removeUnfinished(): Promise<void> {
    const { bucket, prefix, records, pointer } = this.#tools;
    const unfinished = await records.unfinished();
    if (unfinished.length === 0) {
      return;
    }
    const { folder } = await pointer.read();
    const ids = unfinished.filter((id) => folder !== `${prefix}releases/${id}`);
    // Somebody else may be making one of them by now.
    await this.#lock.check();
    for (const id of ids) {
      const objects = await objectsOf(bucket, prefix, id);
      await bucket.remove([...objects.values()].map(({ key }) => key));
    }
    await records.removeRecords(ids);
  }

  /**
   * A page that is loading in the moment of the switch asks for the rest of its files in the new folder,
   * also for those that are not kept there: they are there for as long as that takes.
   * @returns what {@link ReleaseStore.leaving} holds then.
   */
  async #copyForLoading(id: string, from: string): Promise<readonly string[]> {
    const { bucket, prefix, records } = this.#tools;
    const [next, last] = await Promise.all([records.record(id), records.record(from)]);
    const own = new Set([...next.manifest.files, ...next.manifest.kept].map(({ path }) => path));
    const missing = last.manifest.files
      .map(({ path }) => path)
      .filter((path) => !own.has(path) && mayBeAskedForLater(path));
    if (missing.length === 0) {
      return [];
    }
    const source = await objectsOf(bucket, prefix, from);
    const objects = missing.flatMap((path) => source.get(path) ?? []);
    await each(objects, REQUESTS_AT_A_TIME, async (object) => {
      await this.#copy({ key: object.key, known: object }, keyOf(prefix, id, object.path));
    });
    return objects.map(({ path }) => `${id}/${path}`);
  }

  async #copy(from: CopySource, key: string, headers?: ObjectHeaders): Promise<Stored> {
    const { bucket } = this.#tools;
    try {
      return await bucket.copy(from, key, headers);
    } catch (error) {
      throw error instanceof ConditionFailed
        ? changedMeanwhile(`${bucket.place}/${from.key}`)
        : error;
    }
  }

  /** Where bytes are that a new release can have copied on the server: by their hash. */
  async #twins(from: string | null, releases: readonly ReleaseSummary[]) {
    const { bucket, prefix, records } = this.#tools;
    const twins = new Map<string, { key: string; known: { etag: string; size: number } }>();
    if (from !== null && releases.some(({ id }) => id === from)) {
      const [{ manifest, stored }, there] = await Promise.all([
        records.record(from),
        objectsOf(bucket, prefix, from),
      ]);
      for (const { path, sha256: hash } of [...manifest.files, ...manifest.kept]) {
        const object = there.get(path);
        if (object !== undefined && object.etag === stored.get(path)?.etag) {
          twins.set(hash, { key: object.key, known: object });
        }
      }
    }
    return twins;
  }
}

interface ObjectOf {
  readonly key: string;
  readonly path: string;
  readonly etag: string;
  readonly size: number;
}

/** The objects in a release's folder, by their path in the site. */
async function objectsOf(
  bucket: Bucket,
  prefix: string,
  id: string,
): Promise<ReadonlyMap<string, ObjectOf>> {
  const folder = keyOf(prefix, id, "");
  const objects = await bucket.list(folder);
  return new Map(
    objects.map(({ key, etag, size }) => {
      const path = key.slice(folder.length);
      return [path, { key, path, etag, size }];
    }),
  );
}

function keyOf(prefix: string, id: string, path: string): string {
  return `${prefix}releases/${id}/${path}`;
}

/** @throws EmergencyError FRONTEND_UNUSABLE when it points to something that is no release. */
function releaseIn(folder: string | null, prefix: string, place: string): string | null {
  const start = `${prefix}releases/`;
  if (folder === null || folder === "") {
    return null;
  }
  const id = folder.startsWith(start) ? folder.slice(start.length) : "";
  if (!isReleaseId(id)) {
    throw new EmergencyError(
      "FRONTEND_UNUSABLE",
      `${place} points to "${folder}", which is no release below ${start}`,
      'say which prefix the site has (s3.prefix), or that there is no pointer (cloudfront.pointer: "none")',
    );
  }
  return id;
}
