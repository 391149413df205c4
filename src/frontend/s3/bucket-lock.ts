import { randomUUID } from "node:crypto";
import { hostname } from "node:os";

import { z } from "zod";

import { EmergencyError } from "../../errors.js";
import type { Advance } from "../../step.js";
import { ConditionFailed, type Bucket, type Stored } from "./bucket.js";

const holderSchema = z.object({
  by: z.string(),
  host: z.string(),
  pid: z.number().int(),
  /** ISO 8601, by the holder's own clock: for people only. */
  at: z.string(),
  token: z.string(),
});

type Holder = z.infer<typeof holderSchema>;

/** A lock that was not renewed for so long is nobody's. Long enough for a laptop on a bad line. */
const LEASE_MS = 90_000;

/** Three chances to renew it within the lease. */
const RENEWED_EVERY_MS = 25_000;

/** A lock on a bucket that is held. */
export interface BucketLock {
  /** @throws EmergencyError FRONTEND_LOCKED when somebody has taken it away. */
  check(): Promise<void>;
  release(): Promise<void>;
}

/** What a lock needs to know of the machine. */
export interface BucketLockWorld {
  readonly now: () => Date;
  /** Whether a process of this machine lives. */
  readonly lives: (pid: number) => boolean;
  /** For tests: does something again and again, every so many milliseconds. Gives what ends it. */
  readonly repeat?: (everyMs: number, work: () => void) => () => void;
}

/**
 * Runs something while a site in a bucket is locked, see {@link lockBucket}. What it ends with counts: a
 * lock that could not be removed is free by itself when its time is over, and changes nothing of that.
 * @param advance told when the lock was left behind.
 * @throws EmergencyError FRONTEND_LOCKED, and whatever `work` throws.
 */
export async function whileLocked<T>(
  where: { readonly bucket: Bucket; readonly key: string },
  by: string,
  world: BucketLockWorld,
  work: (lock: BucketLock) => Promise<T>,
  advance: Advance = () => undefined,
): Promise<T> {
  const { bucket, key } = where;
  const lock = await lockBucket(bucket, key, by, world);
  try {
    return await work(lock);
  } finally {
    await lock.release().catch((error: unknown) => {
      if (!(error instanceof EmergencyError)) {
        throw error;
      }
      advance(
        `left the lock ${bucket.place}/${key} behind, which others heed for ${LEASE_MS / 1000} seconds: ${error.what}`,
      );
    });
  }
}

/**
 * Locks a site in a bucket for one process: an object that is only written when it is not there. A
 * holder that died leaves it behind; it is taken over at once on the holder's machine, elsewhere when it
 * was not renewed for 90 seconds of the server's clock, so that nobody's own clock matters.
 * @throws EmergencyError FRONTEND_LOCKED
 */
export async function lockBucket(
  bucket: Bucket,
  key: string,
  by: string,
  world: BucketLockWorld,
): Promise<BucketLock> {
  const mine: Holder = {
    by,
    host: hostname(),
    pid: process.pid,
    at: world.now().toISOString(),
    token: randomUUID(),
  };
  const body = (): Buffer => Buffer.from(JSON.stringify({ ...mine, renewed: randomUUID() }));
  const headers = { contentType: "application/json", cacheControl: "no-store" };

  async function taken(): Promise<Stored & { readonly isTakenOver: boolean }> {
    try {
      return {
        ...(await bucket.put(key, body(), headers, { ifAbsent: true })),
        isTakenOver: false,
      };
    } catch (error) {
      if (!(error instanceof ConditionFailed)) {
        throw error;
      }
    }
    const there = await bucket.get({ key });
    if (there === undefined) {
      throw locked(undefined, `${bucket.place}/${key}`);
    }
    const holder = parsed(there.bytes);
    const ageMs =
      world.now().getTime() + bucket.clockSkewSeconds() * 1000 - there.modified.getTime();
    const isDead = holder?.host === hostname() && !world.lives(holder.pid);
    if (!isDead && ageMs < LEASE_MS) {
      throw locked(holder, `${bucket.place}/${key}`);
    }
    const stored = await bucket
      .put(key, body(), headers, { ifMatch: there.etag })
      .catch((error: unknown) => {
        throw error instanceof ConditionFailed ? locked(holder, `${bucket.place}/${key}`) : error;
      });
    return { ...stored, isTakenOver: true };
  }

  const { isTakenOver, ...first } = await taken();
  let held: Stored = first;
  /** Versions of the lock that renewing has left behind. */
  const older: string[] = [];
  let lost: unknown;
  let renewing: Promise<void> = Promise.resolve();
  const renew = async (): Promise<void> => {
    try {
      const next = await bucket.put(key, body(), headers, { ifMatch: held.etag });
      if (held.versionId !== null) {
        older.push(held.versionId);
      }
      held = next;
    } catch (error) {
      lost = error;
    }
  };
  const stop = (world.repeat ?? repeated)(RENEWED_EVERY_MS, () => {
    renewing = renewing.then(renew);
  });

  return {
    async check() {
      await renewing;
      if (lost instanceof ConditionFailed) {
        throw locked(undefined, `${bucket.place}/${key}`);
      }
      const there = await bucket.get({ key });
      const holder = there === undefined ? undefined : parsed(there.bytes);
      if (holder?.token !== mine.token) {
        throw locked(holder, `${bucket.place}/${key}`);
      }
    },
    async release() {
      stop();
      await renewing;
      const there = await bucket.get({ key });
      // Somebody else's lock is not ours to remove.
      if (there === undefined || parsed(there.bytes)?.token !== mine.token) {
        return;
      }
      const left = isTakenOver ? await versionsBelow(bucket, key, there.versionId) : [];
      // Ours last: without it, those below it would be a lock again.
      for (const versionId of new Set([...left, ...older])) {
        await bucket.discard(key, versionId);
      }
      await bucket.discard(key, there.versionId);
    },
  };
}

/** The versions that a holder who died has left, the oldest first. */
async function versionsBelow(
  bucket: Bucket,
  key: string,
  versionId: string | null,
): Promise<readonly string[]> {
  if (versionId === null) {
    return [];
  }
  const all = (await bucket.listVersions(key)).filter((version) => version.key === key);
  const own = all.findIndex((version) => version.versionId === versionId);
  return own < 0
    ? []
    : all
        .slice(own + 1)
        .map((version) => version.versionId)
        .reverse();
}

function repeated(everyMs: number, work: () => void): () => void {
  const timer = setInterval(work, everyMs);
  timer.unref();
  return () => {
    clearInterval(timer);
  };
}

function parsed(bytes: Buffer): Holder | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString("utf8"));
    return holderSchema.safeParse(value).data;
  } catch {
    return undefined;
  }
}

function locked(holder: Holder | undefined, where: string): EmergencyError {
  const who =
    holder === undefined
      ? "somebody else"
      : `${holder.by} (process ${holder.pid} on ${holder.host}, since ${holder.at})`;
  return new EmergencyError(
    "FRONTEND_LOCKED",
    `${who} is changing the site. Nothing was switched`,
    `wait and type the same command again: a lock that nobody renews is free after ${LEASE_MS / 1000} seconds; when you know that this process is gone, remove ${where}`,
  );
}
