import { createHash, randomUUID } from "node:crypto";

import {
  ConditionFailed,
  type Bucket,
  type Condition,
  type CopySource,
  type Described,
  type ListedObject,
  type ListedVersion,
  type ObjectHeaders,
  type Stored,
  type VersionOf,
} from "../bucket.js";

/** Whether a bucket keeps what is overwritten and deleted; where nobody may ask, it is taken to. */
export type Versioning = Awaited<ReturnType<Bucket["versioning"]>>;

/** What is in a version, wherever it is. */
export interface Content {
  bytes(): Promise<Buffer>;
  headers(): Promise<ObjectHeaders>;
  tags(): Promise<Readonly<Record<string, string>>>;
}

/** How a model begins. */
export interface ModelOptions {
  readonly name?: string;
  readonly place?: string;
  readonly versioning: Versioning;
  readonly now: () => Date;
  /** What is in it at first, in the order of a listing, and where the contents are. */
  readonly entries?: readonly ListedVersion[];
  readonly contentOf?: (version: ListedVersion) => Content;
}

type Entry = Omit<ListedVersion, "isLatest"> & { readonly content: Content | null };

/**
 * A bucket in memory that keeps versions and markers by S3's rules: what is written while versions are
 * kept becomes the newest version; while they are not, it takes the place of the version "null", wherever
 * that is; a marker hides what is below it, and is taken away by its id. Times have whole seconds.
 */
export class ModelBucket implements Bucket {
  readonly name: string;
  readonly place: string;
  readonly #options: ModelOptions;
  /** The newest first. */
  readonly #keys = new Map<string, Entry[]>();
  #versioning: Versioning;

  constructor(options: ModelOptions) {
    this.name = options.name ?? "model";
    this.place = options.place ?? `model of ${this.name}`;
    this.#options = options;
    this.#versioning = options.versioning;
    for (const listed of options.entries ?? []) {
      const content = listed.isMarker ? null : (options.contentOf?.(listed) ?? NOTHING);
      this.#entries(listed.key).push({ ...listed, content });
    }
  }

  /** Versions that are there stay there. */
  setVersioning(versioning: "enabled" | "suspended"): void {
    this.#versioning = versioning;
  }

  async list(prefix: string): Promise<readonly ListedObject[]> {
    return (await this.listVersions(prefix)).filter(
      ({ isLatest, isMarker }) => isLatest && !isMarker,
    );
  }

  async listVersions(prefix: string): Promise<readonly ListedVersion[]> {
    const keys = [...this.#keys.keys()].filter((key) => key.startsWith(prefix));
    const sorted = keys.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    return await Promise.resolve(
      sorted.flatMap((key) =>
        this.#entries(key).map(
          ({ versionId, isMarker, etag, size, modified, storageClass }, index) => ({
            key,
            versionId,
            isMarker,
            isLatest: index === 0,
            etag,
            size,
            modified,
            storageClass,
          }),
        ),
      ),
    );
  }

  async versioning(): Promise<Versioning> {
    return await Promise.resolve(this.#versioning);
  }

  async get(object: VersionOf): Promise<(Described & { readonly bytes: Buffer }) | undefined> {
    const [found, described] = [this.#find(object), await this.head(object)];
    return found?.content === undefined || found.content === null || described === undefined
      ? undefined
      : { ...described, bytes: await found.content.bytes() };
  }

  async head(object: VersionOf): Promise<Described | undefined> {
    const found = this.#find(object);
    if (found?.content === null || found === undefined) {
      return undefined;
    }
    const { etag, size, modified, versionId, storageClass, content } = found;
    return {
      etag,
      size,
      modified,
      storageClass,
      versionId: versionId === "null" ? null : versionId,
      headers: await content.headers(),
    };
  }

  async put(
    key: string,
    bytes: Buffer,
    headers: ObjectHeaders,
    condition?: Condition,
    tags: Readonly<Record<string, string>> = {},
  ): Promise<Stored> {
    this.#check(key, condition);
    return await Promise.resolve(
      this.#add(key, {
        isMarker: false,
        etag: createHash("md5").update(bytes).digest("hex"),
        size: bytes.length,
        storageClass: "STANDARD",
        content: contentOf(bytes, headers, tags),
      }),
    );
  }

  async copy(
    from: CopySource,
    key: string,
    headers?: ObjectHeaders,
    tags?: Readonly<Record<string, string>>,
    condition?: Condition,
  ): Promise<Stored> {
    const source = this.#find(from);
    const content = source?.content;
    if (source === undefined || content === undefined || content === null) {
      throw new Error(`${from.key} is not there to be copied`);
    }
    this.#check(key, condition);
    return await Promise.resolve(
      this.#add(key, {
        isMarker: false,
        etag: source.etag,
        size: source.size,
        storageClass: "STANDARD",
        content: {
          bytes: async () => await content.bytes(),
          // A redirect belongs to one object: S3 copies it only when it is told to.
          headers: async () =>
            headers === undefined
              ? { ...(await content.headers()), redirect: undefined }
              : { metadata: {}, ...headers },
          tags: async () => tags ?? (await content.tags()),
        },
      }),
    );
  }

  async remove(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      if (this.#versioning === "never") {
        this.#drop(key, "null");
      } else {
        this.#add(key, { isMarker: true, etag: "", size: 0, content: null });
      }
    }
    await Promise.resolve();
  }

  async removeMarkers(markers: readonly ListedVersion[]): Promise<void> {
    for (const { key, versionId, isMarker } of markers) {
      if (!isMarker) {
        throw new TypeError(`version ${versionId} of ${key} is no marker`);
      }
      this.#drop(key, versionId);
    }
    await Promise.resolve();
  }

  async discard(key: string, versionId: string | null): Promise<void> {
    this.#drop(key, versionId ?? "null");
    await Promise.resolve();
  }

  async tags(object: VersionOf): Promise<Readonly<Record<string, string>>> {
    return (await this.#find(object)?.content?.tags()) ?? {};
  }

  clockSkewSeconds(): number {
    return 0;
  }

  #entries(key: string): Entry[] {
    const entries = this.#keys.get(key) ?? [];
    this.#keys.set(key, entries);
    return entries;
  }

  #find({ key, versionId }: VersionOf): Entry | undefined {
    const entries = this.#keys.get(key);
    return versionId === undefined
      ? entries?.[0]
      : entries?.find((entry) => entry.versionId === versionId);
  }

  #check(key: string, condition: Condition | undefined): void {
    const newest = this.#find({ key });
    const etag = newest?.isMarker === false ? newest.etag : undefined;
    if (
      condition !== undefined &&
      ("ifMatch" in condition ? etag !== condition.ifMatch : etag !== undefined)
    ) {
      throw new ConditionFailed(key);
    }
  }

  #add(key: string, entry: Omit<Entry, "key" | "versionId" | "modified">): Stored {
    const isKept = this.#versioning === "enabled" || this.#versioning === "unknown";
    if (!isKept) {
      this.#drop(key, "null");
    }
    const versionId = isKept ? randomUUID() : "null";
    const modified = new Date(Math.floor(this.#options.now().getTime() / 1000) * 1000);
    this.#entries(key).unshift({ ...entry, key, versionId, modified });
    return { etag: entry.etag, versionId: isKept ? versionId : null };
  }

  #drop(key: string, versionId: string): void {
    const left = this.#entries(key).filter((entry) => entry.versionId !== versionId);
    if (left.length === 0) {
      this.#keys.delete(key);
    } else {
      this.#keys.set(key, left);
    }
  }
}

const NOTHING: Content = contentOf(Buffer.alloc(0), {}, {});

function contentOf(
  bytes: Buffer,
  headers: ObjectHeaders,
  tags: Readonly<Record<string, string>>,
): Content {
  return {
    bytes: async () => await Promise.resolve(bytes),
    headers: async () => await Promise.resolve({ metadata: {}, ...headers }),
    tags: async () => await Promise.resolve(tags),
  };
}
