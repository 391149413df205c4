import { createHash } from "node:crypto";

import { z } from "zod";

import { EmergencyError, messageOf } from "../../../errors.js";
import { canonicalJson } from "../../../json.js";
import { each } from "../../each.js";
import { ConditionFailed, type Bucket, type ListedVersion, type Stored } from "../bucket.js";
import { recordsFolder } from "../site-state.js";
import { restoreId, restoreTarget, type RestoreTarget } from "./intent.js";

/** The version of the form of a restore's record. */
const SCHEMA = "hardhat-emergency/restore@1";

/** Records read at the same time. */
const AT_A_TIME = 16;

const versionSchema = z
  .object({
    versionId: z.string(),
    etag: z.string(),
    size: z.number().int().nonnegative(),
    /** ISO 8601. */
    modified: z.string().datetime(),
  })
  .strict();

const markerSchema = z.object({ versionId: z.string(), modified: z.string().datetime() }).strict();

const recordSchema = z
  .object({
    schema: z.literal(SCHEMA),
    id: restoreId,
    target: restoreTarget,
    by: z.string(),
    /** When it began: ISO 8601. */
    at: z.string().datetime(),
    /** When it was done; null while it is not. */
    finishedAt: z.string().datetime().nullable(),
    /** Of each object that is changed: what was visible before, or null when nothing was. */
    before: z.array(z.object({ key: z.string(), version: versionSchema.nullable() }).strict()),
    /**
     * Markers that are taken away, the newest first, and the version right below them. A listing says
     * nothing of them afterwards, and whoever asks what was visible while they were there must know.
     */
    removed: z.array(
      z.object({ key: z.string(), above: z.string(), markers: z.array(markerSchema) }).strict(),
    ),
    /** Copies that were made: of which version, and as which version. Complete when it is finished. */
    made: z.array(z.object({ key: z.string(), from: z.string(), versionId: z.string() }).strict()),
  })
  .strict();

/** What a restore changes and what was there before: written before the first change. */
export type RestoreRecord = z.infer<typeof recordSchema>;

/** A record as it is stored. */
export interface StoredRecord extends RestoreRecord {
  /** By which it is written again. */
  readonly etag: string;
  /** When it was written last, by the server's clock. */
  readonly modified: Date;
}

const HEADERS = { contentType: "application/json", cacheControl: "no-store" };

/** The records of restores: `<prefix>.hardhat-emergency/restores/<id>.json`. */
export class RestoreRecords {
  readonly #bucket: Bucket;
  readonly #folder: string;

  /** @param prefix of the site's keys: empty, or with a slash at its end. */
  constructor(bucket: Bucket, prefix: string) {
    this.#bucket = bucket;
    this.#folder = `${recordsFolder(prefix)}restores/`;
  }

  keyOf(id: string): string {
    return `${this.#folder}${id}.json`;
  }

  /**
   * All records that a listing shows, oldest first.
   * @throws EmergencyError BROKEN_RELEASE when one cannot be understood.
   */
  async all(listing: readonly ListedVersion[]): Promise<readonly StoredRecord[]> {
    return await this.#readAll(
      listing.filter(({ isLatest, isMarker }) => isLatest && !isMarker).map(({ key }) => key),
    );
  }

  /** All records, oldest first, for who has no listing of the versions. */
  async list(): Promise<readonly StoredRecord[]> {
    return await this.#readAll((await this.#bucket.list(this.#folder)).map(({ key }) => key));
  }

  async #readAll(all: readonly string[]): Promise<readonly StoredRecord[]> {
    const keys = all.filter((key) => this.#isRecord(key));
    const records = await each(keys, AT_A_TIME, async (key) => await this.#read(key));
    return records.flatMap((record) => record ?? []).sort((a, b) => numberOf(a) - numberOf(b));
  }

  /**
   * Writes a record that is not there yet, or is as it was read.
   * @throws EmergencyError PRIOR_STATE_CHANGED when somebody else has written it.
   */
  async write(record: RestoreRecord, etag: string | undefined): Promise<Stored> {
    try {
      return await this.#bucket.put(
        this.keyOf(record.id),
        Buffer.from(`${JSON.stringify(recordSchema.strip().parse(record))}\n`),
        HEADERS,
        etag === undefined ? { ifAbsent: true } : { ifMatch: etag },
      );
    } catch (error) {
      if (error instanceof ConditionFailed) {
        throw new EmergencyError(
          "PRIOR_STATE_CHANGED",
          `somebody else is restoring the same site: ${this.#bucket.place}/${error.key} is not what it was`,
          "wait until they are done, and type the same command again",
        );
      }
      throw error;
    }
  }

  #isRecord(key: string): boolean {
    return key.startsWith(this.#folder) && key.endsWith(".json");
  }

  async #read(key: string): Promise<StoredRecord | undefined> {
    const object = await this.#bucket.get({ key });
    if (object === undefined) {
      return undefined;
    }
    let problem: string;
    try {
      const value: unknown = JSON.parse(object.bytes.toString("utf8"));
      const result = recordSchema.safeParse(value);
      if (result.success) {
        return { ...result.data, etag: object.etag, modified: object.modified };
      }
      const [issue] = result.error.issues;
      problem = `${issue?.path.join(".") ?? ""} ${issue?.message ?? "invalid"}`;
    } catch (error) {
      problem = messageOf(error);
    }
    throw new EmergencyError(
      "BROKEN_RELEASE",
      `${this.#bucket.place}/${key}, the record of a restore, cannot be understood: ${problem}`,
      "bring an older version of this object back, or move it away",
    );
  }
}

/** A record that does not exist yet. */
export function newRecord(id: string, target: RestoreTarget, by: string, at: Date): RestoreRecord {
  return {
    schema: SCHEMA,
    id,
    target,
    by,
    at: at.toISOString(),
    finishedAt: null,
    before: [],
    removed: [],
    made: [],
  };
}

/** The id of the restore that comes next: the order of restores, and what it starts from and goes to. */
export function nextRestoreId(
  records: readonly RestoreRecord[],
  target: RestoreTarget,
  visible: string,
): string {
  const number = Math.max(0, ...records.map(numberOf)) + 1;
  const hash = createHash("sha256").update(canonicalJson({ target, visible })).digest("hex");
  return `${String(number).padStart(4, "0")}-${hash.slice(0, 12)}`;
}

/** A version as records describe it. */
export function recorded(
  version: ListedVersion | null,
): RestoreRecord["before"][number]["version"] {
  return version === null
    ? null
    : {
        versionId: version.versionId,
        etag: version.etag,
        size: version.size,
        modified: version.modified.toISOString(),
      };
}

function numberOf({ id }: Pick<RestoreRecord, "id">): number {
  return Number(id.slice(0, id.indexOf("-")));
}
