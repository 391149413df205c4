import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import path from "node:path";

import { z } from "zod";

import { EmergencyError } from "../errors.js";
import type { Disk } from "./disk.js";

const holderSchema = z.object({
  by: z.string(),
  host: z.string(),
  pid: z.number().int(),
  /** ISO 8601. */
  at: z.string(),
  token: z.string(),
  released: z.boolean(),
});

type Holder = z.infer<typeof holderSchema>;

/** A lock that is held. */
export interface HeldLock {
  /** @throws EmergencyError FRONTEND_LOCKED when somebody has taken it away. */
  check(): Promise<void>;
  release(): Promise<void>;
}

/** What a lock needs to know of the machine. */
export interface LockWorld {
  readonly now: () => Date;
  /** Whether a process of this machine lives. */
  readonly lives: (pid: number) => boolean;
}

/**
 * Locks a folder for one process, on this machine or another. Each holder has a number of its own, and
 * a file with that number is made only once, whole, so that two can never hold the same; whoever has the
 * highest number holds the lock. A dead process of this machine holds nothing.
 * @param folder where the numbers are.
 * @throws EmergencyError FRONTEND_LOCKED
 */
export async function lockDirectory(
  disk: Disk,
  folder: string,
  by: string,
  { now, lives }: LockWorld,
): Promise<HeldLock> {
  await disk.makeFolder(folder);
  const highest = await highestIn(disk, folder);
  const holder = highest === 0 ? undefined : await readHolder(disk, folder, highest);
  if (holder !== undefined && !holder.released && mayLive(holder, lives)) {
    throw locked(holder, fileOf(folder, highest));
  }
  const mine = {
    by,
    host: hostname(),
    pid: process.pid,
    at: now().toISOString(),
    token: randomUUID(),
    released: false,
  };
  const number = highest + 1;
  const draft = path.join(folder, `.${mine.token}`);
  await disk.write(draft, textOf(mine));
  try {
    const won = await disk.share(draft, fileOf(folder, number));
    if (!won || (await highestIn(disk, folder)) !== number) {
      throw locked(await readHolder(disk, folder, number), fileOf(folder, number));
    }
  } finally {
    await disk.remove(draft);
  }
  await disk.sync(folder);
  await removeOlder(disk, folder, number);

  return {
    async check() {
      if ((await readHolder(disk, folder, number))?.token !== mine.token) {
        const other = await highestIn(disk, folder);
        throw locked(await readHolder(disk, folder, other), fileOf(folder, other));
      }
    },
    async release() {
      if ((await readHolder(disk, folder, number))?.token === mine.token) {
        await disk.write(draft, textOf({ ...mine, released: true }));
        await disk.rename(draft, fileOf(folder, number));
      }
    },
  };
}

function fileOf(folder: string, number: number): string {
  return path.join(folder, String(number));
}

function textOf(holder: Holder): Buffer {
  return Buffer.from(`${JSON.stringify(holder)}\n`);
}

async function highestIn(disk: Disk, folder: string): Promise<number> {
  const numbers = (await disk.names(folder)).filter((name) => /^[0-9]+$/.test(name)).map(Number);
  return Math.max(0, ...numbers);
}

async function readHolder(disk: Disk, folder: string, number: number): Promise<Holder | undefined> {
  const text = (await disk.read(fileOf(folder, number)))?.toString("utf8");
  try {
    const value: unknown = JSON.parse(text ?? "");
    return holderSchema.safeParse(value).data;
  } catch {
    return undefined;
  }
}

/** What a process that was killed has left: its older number, and a draft that nobody will finish. */
async function removeOlder(disk: Disk, folder: string, number: number): Promise<void> {
  for (const name of await disk.names(folder)) {
    if (/^[0-9]+$/.test(name) && Number(name) < number) {
      await disk.remove(path.join(folder, name));
    }
  }
}

/** Of a process on another machine it cannot be known. */
function mayLive({ host, pid }: Holder, lives: (pid: number) => boolean): boolean {
  return host !== hostname() || lives(pid);
}

/** Whether a process of this machine lives. */
export function processLives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

function locked(holder: Holder | undefined, file: string): EmergencyError {
  const who =
    holder === undefined
      ? "somebody else"
      : `${holder.by} (process ${holder.pid} on ${holder.host}, since ${holder.at})`;
  return new EmergencyError(
    "FRONTEND_LOCKED",
    `${who} is changing the site. Nothing was changed`,
    `wait and type the same command again; when you know that this process is gone, remove ${file}`,
  );
}
