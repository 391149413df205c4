import { mkdir, open, readFile, truncate } from "node:fs/promises";
import path from "node:path";

import { z } from "zod";

import { EmergencyError, asError, messageOf } from "../../errors.js";
import type { SignableTransaction } from "../chain.js";

/**
 * What cannot be seen from outside: a transaction that is about to be sent. It is written down,
 * whole and durably, before it is sent. After a kill the very same transaction (same nonce, same
 * fees, so the same hash) can be offered to the node again, and can be mined at most once.
 */
export interface OutboxEntry {
  /** Unique in the outbox. */
  readonly id: string;
  readonly chainId: number;
  readonly transaction: SignableTransaction;
  /** Milliseconds since 1970, for people. */
  readonly atMs: number;
}

/** How an entry ended, as far as it is known. */
export interface OutboxState {
  readonly entry: OutboxEntry;
  /** The hash, once the node has taken the transaction. */
  readonly hash: string | undefined;
  /** Whether it was mined, or is known to be void. */
  readonly settled: boolean;
}

/** Where intentions to send are kept. One a chain and project. */
export interface Outbox {
  /** Every entry, oldest first. */
  all(): Promise<readonly OutboxState[]>;
  /** Durable when it returns. */
  add(entry: OutboxEntry): Promise<void>;
  markSent(id: string, hash: string): Promise<void>;
  markSettled(id: string): Promise<void>;
}

/**
 * The outbox of a copy of a chain: it remembers what was created on the original, but nothing in it
 * is under way, and nothing is written.
 */
export function copiedOutbox(original: Outbox): Outbox {
  const nothing = async (): Promise<void> => {
    await Promise.resolve();
  };
  return {
    async all() {
      return (await original.all()).map((state) => ({ ...state, settled: true }));
    },
    add: nothing,
    markSent: nothing,
    markSettled: nothing,
  };
}

/** Keeps nothing: a simulation is gone when the process ends. */
export const noOutbox: Outbox = copiedOutbox({
  all: async () => await Promise.resolve([]),
  add: async () => {
    await Promise.resolve();
  },
  markSent: async () => {
    await Promise.resolve();
  },
  markSettled: async () => {
    await Promise.resolve();
  },
});

const lineSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("intent"),
    id: z.string(),
    chainId: z.number().int(),
    transaction: z.record(z.string()),
    atMs: z.number(),
  }),
  z.object({ type: z.literal("sent"), id: z.string(), hash: z.string() }),
  z.object({ type: z.literal("settled"), id: z.string() }),
]);

/**
 * The outbox of one network, as lines of JSON in the project's `.emergency` folder.
 * @param directory the `.emergency` folder, absolute.
 */
export function fileOutbox(directory: string, network: string, chainId: number): Outbox {
  // Both name the file: a node that copies a live chain has its chain id, but another network name.
  const name = network.replace(/[^\w-]/g, "_");
  const file = path.join(directory, `outbox-${name}-${chainId}.jsonl`);

  return {
    async all() {
      const states = new Map<string, OutboxState>();
      for (const line of await lines(file)) {
        if (line.type === "intent") {
          const { id, transaction, atMs } = line;
          const entry = { id, chainId, transaction, atMs };
          states.set(id, { entry, hash: undefined, settled: false });
          continue;
        }
        const state = states.get(line.id);
        if (state !== undefined) {
          const change = line.type === "sent" ? { hash: line.hash } : { settled: true };
          states.set(line.id, { ...state, ...change });
        }
      }
      return [...states.values()];
    },
    async add(entry) {
      await appendDurably(directory, file, { type: "intent", ...entry });
    },
    async markSent(id, hash) {
      await appendDurably(directory, file, { type: "sent", id, hash });
    },
    async markSettled(id) {
      await appendDurably(directory, file, { type: "settled", id });
    },
  };
}

async function lines(file: string): Promise<z.infer<typeof lineSchema>[]> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") {
      return [];
    }
    throw unusable(file, error);
  }
  const parsed: z.infer<typeof lineSchema>[] = [];
  // A kill in the middle of writing leaves a torn last line: what it spoke of had not begun. It does
  // not count even if only the line feed is missing, because the next line takes its place.
  const rows = text
    .split("\n")
    .slice(0, -1)
    .filter((row) => row !== "");
  for (const [index, row] of rows.entries()) {
    const line = parseLine(row);
    if (line !== undefined) {
      parsed.push(line);
      continue;
    }
    throw new EmergencyError(
      "STORE_UNUSABLE",
      `line ${index + 1} of ${file} cannot be read, so it is not known which transactions are under way`,
      `look at the line, mend it or move the file away, and check the account's pending transactions before you go on`,
    );
  }
  return parsed;
}

function parseLine(row: string): z.infer<typeof lineSchema> | undefined {
  try {
    const value: unknown = JSON.parse(row);
    const result = lineSchema.safeParse(value);
    return result.success ? result.data : undefined;
  } catch {
    return undefined;
  }
}

/** Appends one line and waits until it is on the disk. */
async function appendDurably(directory: string, file: string, line: object): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
    await mendTornEnd(file);
    const handle = await open(file, "a", 0o600);
    try {
      await handle.appendFile(`${JSON.stringify(line)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw unusable(file, error);
  }
}

/** A torn last line must not swallow the next one: what it spoke of had not begun. */
async function mendTornEnd(file: string): Promise<void> {
  const bytes = await readFile(file).catch(() => Buffer.alloc(0));
  const end = bytes.lastIndexOf("\n") + 1;
  if (end < bytes.length) {
    await truncate(file, end);
  }
}

function unusable(file: string, error: unknown): EmergencyError {
  return new EmergencyError(
    "STORE_UNUSABLE",
    `${file} cannot be used: ${messageOf(error)}`,
    "make the folder readable and writable for you; nothing is sent before the intention is on the disk",
    asError(error),
  );
}
