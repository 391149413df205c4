import { GetObjectCommand, ListObjectVersionsCommand, NoSuchKey } from "@aws-sdk/client-s3";

import type { Pointer } from "../../../src/frontend/cloudfront/pointer.js";
import { processLives } from "../../../src/frontend/directory-lock.js";
import { openBucket } from "../../../src/frontend/s3/aws-bucket.js";
import { ConditionFailed, type Bucket } from "../../../src/frontend/s3/bucket.js";
import type { BucketLockWorld } from "../../../src/frontend/s3/bucket-lock.js";
import { folderStore } from "../../../src/frontend/s3/folder-store.js";
import { inPlaceStore } from "../../../src/frontend/s3/in-place-store.js";
import type { Site } from "../../../src/frontend/site.js";
import { EmergencyError } from "../../../src/errors.js";
import { OLD } from "../../frontend/sites.js";
import { siteAt } from "../../frontend/stores.js";
import type { S3Server } from "../servers/s3-server.js";

/** How a site's releases are kept in a bucket. */
export type Way = "in place, with versions" | "in place, without versions" | "in folders";

/** All of them. */
export const WAYS: readonly Way[] = [
  "in place, with versions",
  "in place, without versions",
  "in folders",
];

/** What a command meets on its way to a place. */
export interface Meets {
  /** Another way to the server: through a proxy. */
  readonly endpoint?: string;
  readonly lives?: BucketLockWorld["lives"];
  readonly now?: () => Date;
  readonly repeat?: BucketLockWorld["repeat"];
  readonly site?: Partial<Site>;
  /** From how many bytes on a file is uploaded in parts. */
  readonly uploadInPartsAbove?: number;
}

/** A bucket of a test's own with a site, and a second one whose only object is the pointer, if there is one. */
export interface Place {
  readonly way: Way;
  readonly server: S3Server;
  readonly bucket: string;
  /** The site as a command opens it. */
  open(meets?: Meets): Promise<Site>;
  /** What users get who ask for a path now; undefined when nothing is there. */
  served(path: string): Promise<string | undefined>;
  /** How often an object was written: in a bucket that keeps versions. */
  versionsOf(key: string): Promise<number>;
  /** Whether a lock is there. */
  isLocked(): Promise<boolean>;
}

export async function newPlace(server: S3Server, way: Way): Promise<Place> {
  const client = server.client();
  const bucket = await server.newBucket({ versioning: way !== "in place, without versions" });
  const pointers = await server.newBucket({ versioning: false });

  async function textAt(name: string, key: string): Promise<string | undefined> {
    try {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: name, Key: key }));
      return await Body?.transformToString();
    } catch (error) {
      if (error instanceof NoSuchKey) {
        return undefined;
      }
      throw error;
    }
  }

  return {
    way,
    server,
    bucket,
    async open(meets = {}) {
      const { now = () => new Date(), lives = processLives, repeat, uploadInPartsAbove } = meets;
      const access = { endpoint: meets.endpoint ?? server.endpoint };
      const opened = await openBucket({ bucket, access, uploadInPartsAbove });
      const world = { now, lives, ...(repeat === undefined ? {} : { repeat }) };
      const store =
        way === "in folders"
          ? folderStore(
              opened,
              "",
              objectPointer(await openBucket({ bucket: pointers, access })),
              world,
            )
          : inPlaceStore(opened, "", { ...world, runtimeConfig: "config.json" });
      return siteAt(store, { contracts: { market: OLD }, now, ...meets.site });
    },
    async served(path) {
      const folder = way === "in folders" ? `${(await textAt(pointers, POINTER)) ?? ""}/` : "";
      return await textAt(bucket, `${folder}${path}`);
    },
    async versionsOf(key) {
      const { Versions } = await client.send(
        new ListObjectVersionsCommand({ Bucket: bucket, Prefix: key }),
      );
      return (Versions ?? []).filter(({ Key }) => Key === key).length;
    },
    isLocked: async () => (await textAt(bucket, ".hardhat-emergency/lock")) !== undefined,
  };
}

const POINTER = "pointer";

/**
 * A pointer that is an object: what it says is known everywhere at once. Its requests go the same way as
 * those of the site, so that what breaks them breaks it.
 */
function objectPointer(bucket: Bucket): Pointer {
  return {
    kind: "key-value-store",
    place: `${bucket.place}/${POINTER}`,
    needsInvalidation: false,
    async read() {
      const object = await bucket.get({ key: POINTER });
      return { folder: object?.bytes.toString() ?? null, version: object?.etag ?? "" };
    },
    async move(folder, version) {
      const condition = version === "" ? ({ ifAbsent: true } as const) : { ifMatch: version };
      try {
        await bucket.put(POINTER, Buffer.from(folder), {}, condition);
      } catch (error) {
        if (error instanceof ConditionFailed) {
          throw new EmergencyError("POINTER_CHANGED", "somebody has moved it", "look");
        }
        throw error;
      }
    },
  };
}
