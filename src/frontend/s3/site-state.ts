import { z } from "zod";

import { EmergencyError, messageOf } from "../../errors.js";
import {
  manifestSchema,
  summaryOf,
  type Manifest,
  type ManifestFile,
  type ReleaseSummary,
} from "../manifest.js";
import type { PendingInvalidation } from "../release-store.js";
import { ConditionFailed, type Bucket } from "./bucket.js";

/** The version of the form of what a bucket holds about a site. */
const STATE_SCHEMA = "hardhat-emergency/site@1";
const RECORD_SCHEMA = "hardhat-emergency/release-record@1";

/** Switches that are remembered; older ones are in older versions of the object, where these are kept. */
const MOST_HISTORY = 200;

const summarySchema = manifestSchema
  .omit({ files: true, kept: true })
  .extend({ files: z.number().int(), bytes: z.number().int() })
  .strict();

/** Caches that may still hold what was served before. */
const pendingSchema = z.object({ reference: z.string(), paths: z.array(z.string()) }).strict();

type Pending = z.infer<typeof pendingSchema>;

const stateSchema = z
  .object({
    schema: z.literal(STATE_SCHEMA),
    /** The release that is served; where a pointer says so, the one that it was last moved to. */
    current: z.string().nullable(),
    /** All whole releases, oldest first. */
    releases: z.array(summarySchema),
    pending: pendingSchema.nullable(),
    /** Paths of files that go as soon as no page that is loading asks for them any more. */
    leaving: z.array(z.string()).default([]),
    /** Who switched, when, and how that is undone. */
    history: z.array(z.record(z.unknown())),
  })
  .strict();

type State = z.infer<typeof stateSchema>;

const recordSchema = z
  .object({
    schema: z.literal(RECORD_SCHEMA),
    manifest: manifestSchema,
    /** Of each path: the object's ETag, and its version. */
    stored: z.record(z.object({ etag: z.string(), versionId: z.string().nullable() }).strict()),
  })
  .strict();

/** A release, and the objects in which its files are. */
export interface ReleaseRecord {
  readonly manifest: Manifest;
  readonly stored: ReadonlyMap<
    string,
    { readonly etag: string; readonly versionId: string | null }
  >;
}

/** What a bucket holds about a site, as it was read. */
export interface SiteState {
  readonly current: string | null;
  readonly releases: readonly ReleaseSummary[];
  readonly pending: PendingInvalidation | null;
  readonly leaving: readonly string[];
  /** One entry a switch: who, when, and how it is undone. */
  readonly history: readonly Readonly<Record<string, unknown>>[];
  /** Undefined while there is none. */
  readonly etag: string | undefined;
}

const HEADERS = { contentType: "application/json", cacheControl: "no-store" };

/**
 * What a bucket holds about a site, beside the site:
 *
 * ```
 * <prefix>.hardhat-emergency/site.json           which releases there are, and which is served
 * <prefix>.hardhat-emergency/releases/<id>.json  a release's manifest, and the objects of its files
 * <prefix>.hardhat-emergency/lock                who is changing it
 * <prefix>.hardhat-emergency/objects/<sha256>    bytes that an unversioned bucket would lose
 * ```
 */
export class SiteRecords {
  readonly #bucket: Bucket;
  readonly #folder: string;
  #asking: Promise<SiteState> | undefined;
  /** While the site is locked by us: what we have read or written last. */
  #held: { state: SiteState | undefined } | undefined;
  /** A release never changes. */
  readonly #known = new Map<string, ReleaseRecord>();

  /** @param prefix of the site's keys: empty, or with a slash at its end. */
  constructor(bucket: Bucket, prefix: string) {
    this.#bucket = bucket;
    this.#folder = recordsFolder(prefix);
  }

  get lockKey(): string {
    return `${this.#folder}lock`;
  }

  objectKey(sha256: string): string {
    return `${this.#folder}objects/${sha256}`;
  }

  /** Where bytes go that nobody has recorded, before something takes their place. */
  strangerKey(id: string, path: string): string {
    return `${this.#folder}replaced/${id}/${path}`;
  }

  /**
   * Runs something while the site is locked by us: what there is was read once then, and is as we write
   * it. Whoever writes without heeding the lock is met by the condition of our next write.
   */
  async whileHeld<T>(work: () => Promise<T>): Promise<T> {
    this.#held = { state: undefined };
    try {
      return await work();
    } finally {
      this.#held = undefined;
    }
  }

  /**
   * What there is now. Those who ask at the same time get the same answer.
   * @throws EmergencyError BROKEN_RELEASE when it cannot be understood.
   */
  async state(): Promise<SiteState> {
    const held = this.#held;
    if (held?.state !== undefined) {
      return held.state;
    }
    this.#asking ??= this.#readState().finally(() => {
      this.#asking = undefined;
    });
    const state = await this.#asking;
    if (held !== undefined) {
      held.state ??= state;
    }
    return state;
  }

  async #readState(): Promise<SiteState> {
    const key = `${this.#folder}site.json`;
    const object = await this.#bucket.get({ key });
    if (object === undefined) {
      return {
        current: null,
        releases: [],
        pending: null,
        leaving: [],
        history: [],
        etag: undefined,
      };
    }
    const state = this.#parsed(key, object.bytes, stateSchema);
    const { current, releases, pending, leaving, history } = state;
    return { current, releases, pending, leaving, history, etag: object.etag };
  }

  /**
   * Writes what is so from now on, if nobody else has written meanwhile.
   * @throws EmergencyError FRONTEND_LOCKED
   */
  async write(before: SiteState, change: Partial<Omit<SiteState, "etag">>): Promise<SiteState> {
    const { etag, ...old } = before;
    const next = { ...old, ...change };
    const state: State = {
      schema: STATE_SCHEMA,
      current: next.current,
      releases: [...next.releases],
      pending: mergedPending(null, next.pending),
      leaving: [...next.leaving],
      history: next.history.slice(-MOST_HISTORY).map((entry) => ({ ...entry })),
    };
    const key = `${this.#folder}site.json`;
    try {
      const stored = await this.#bucket.put(
        key,
        Buffer.from(`${JSON.stringify(state, null, 1)}\n`),
        HEADERS,
        etag === undefined ? { ifAbsent: true } : { ifMatch: etag },
      );
      const written = { ...next, etag: stored.etag };
      if (this.#held !== undefined) {
        this.#held.state = written;
      }
      return written;
    } catch (error) {
      if (error instanceof ConditionFailed) {
        throw new EmergencyError(
          "FRONTEND_LOCKED",
          `somebody else has changed ${this.#bucket.place}/${key} at the same time. Nothing was switched`,
          "npx hardhat frontend status",
        );
      }
      throw error;
    }
  }

  /** @throws EmergencyError UNKNOWN_RELEASE, BROKEN_RELEASE */
  async record(id: string): Promise<ReleaseRecord> {
    const known = this.#known.get(id);
    if (known !== undefined) {
      return known;
    }
    const key = this.#recordKey(id);
    const object = await this.#bucket.get({ key });
    if (object === undefined) {
      throw new EmergencyError(
        "UNKNOWN_RELEASE",
        `${this.#bucket.place} has no release ${id}`,
        "npx hardhat frontend releases",
      );
    }
    const { manifest, stored } = this.#parsed(key, object.bytes, recordSchema);
    const record = { manifest, stored: new Map(Object.entries(stored)) };
    this.#known.set(id, record);
    return record;
  }

  async writeRecord(record: ReleaseRecord): Promise<void> {
    const { manifest } = record;
    const stored = [...record.stored].map(
      ([path, { etag, versionId }]) => [path, { etag, versionId }] as const,
    );
    const value = { schema: RECORD_SCHEMA, manifest, stored: Object.fromEntries(stored) };
    await this.#bucket.put(
      this.#recordKey(manifest.id),
      Buffer.from(`${JSON.stringify(value)}\n`),
      HEADERS,
    );
    this.#known.set(manifest.id, record);
  }

  async removeRecords(ids: readonly string[]): Promise<void> {
    await this.#bucket.remove(ids.map((id) => this.#recordKey(id)));
  }

  /** The ids of releases of which something was written that is not whole. */
  async unfinished(): Promise<readonly string[]> {
    const folder = `${this.#folder}releases/`;
    const [objects, { releases }] = await Promise.all([this.#bucket.list(folder), this.state()]);
    const whole = new Set(releases.map(({ id }) => id));
    return objects
      .map(({ key }) => key.slice(folder.length).replace(/\.json$/, ""))
      .filter((id) => !whole.has(id));
  }

  /** The keys of bytes that were saved, by their hash. */
  async saved(): Promise<ReadonlyMap<string, string>> {
    const folder = this.objectKey("");
    const objects = await this.#bucket.list(folder);
    return new Map(objects.map(({ key }) => [key.slice(folder.length), key]));
  }

  #recordKey(id: string): string {
    return `${this.#folder}releases/${id}.json`;
  }

  #parsed<T>(key: string, bytes: Buffer, schema: z.ZodType<T, z.ZodTypeDef, unknown>): T {
    const where = `${this.#bucket.place}/${key}`;
    const next =
      "restore an older version of this object, or deploy the site again with frontend deploy --from";
    let value: unknown;
    try {
      value = JSON.parse(bytes.toString("utf8"));
    } catch (error) {
      throw new EmergencyError(
        "BROKEN_RELEASE",
        `${where} cannot be read as JSON: ${messageOf(error)}`,
        next,
      );
    }
    const result = schema.safeParse(value);
    if (!result.success) {
      const [issue] = result.error.issues;
      throw new EmergencyError(
        "BROKEN_RELEASE",
        `${where}: ${issue?.path.join(".") ?? ""} ${issue?.message ?? "invalid"}`,
        next,
      );
    }
    return result.data;
  }
}

/** Where the records of a site are: what is below it is no part of the site. */
export function recordsFolder(prefix: string): string {
  return `${prefix}.hardhat-emergency/`;
}

/** The releases with one more; one that is there already is left as it is. */
export function withRelease(
  releases: readonly ReleaseSummary[],
  manifest: Manifest,
): readonly ReleaseSummary[] {
  return releases.some(({ id }) => id === manifest.id)
    ? releases
    : [...releases, summaryOf(manifest)];
}

/** What a file's object says of itself. */
export function headersFor({ contentType, cacheControl, metadata, sha256 }: ManifestFile) {
  return { contentType, cacheControl, metadata: { ...metadata, sha256 } };
}

/** What two changes left in caches is invalidated under the name of the later one. */
export function mergedPending(
  before: PendingInvalidation | null,
  now: PendingInvalidation | null,
): Pending | null {
  if (now === null) {
    return before === null ? null : { reference: before.reference, paths: [...before.paths] };
  }
  return {
    reference: now.reference,
    paths: [...new Set([...(before?.paths ?? []), ...now.paths])],
  };
}
