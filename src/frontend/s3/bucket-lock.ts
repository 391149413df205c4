import { randomUUID } from "node:crypto";
import { hostname } from "node:os";

import { z } from "zod";

import { EmergencyError } from "../../errors.js";
import { ConditionFailed, type Bucket } from "./bucket.js";

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

  async function taken() {
    try {
      return await bucket.put(key, body(), headers, { ifAbsent: true });
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
    return await bucket
      .put(key, body(), headers, { ifMatch: there.etag })
      .catch((error: unknown) => {
        throw error instanceof ConditionFailed ? locked(holder, `${bucket.place}/${key}`) : error;
      });
  }

  let held = await taken();
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
  const timer = setInterval(() => {
    renewing = renewing.then(renew);
  }, RENEWED_EVERY_MS);
  timer.unref();

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
      clearInterval(timer);
      await renewing;
      const there = await bucket.get({ key });
      // Somebody else's lock is not ours to remove.
      if (there !== undefined && parsed(there.bytes)?.token === mine.token) {
        for (const versionId of older) {
          await bucket.discard(key, versionId);
        }
        await bucket.discard(key, there.versionId);
      }
    },
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
