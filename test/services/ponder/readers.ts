import { setTimeout as wait } from "node:timers/promises";

import type { Client } from "pg";

import { connectTo } from "./connection.js";

/** What readers have met while views were moved. */
export interface Load {
  /** Every reader has asked at least once since this was last called. */
  round(): Promise<void>;
  /** Ends all readers and tells what they have seen. */
  stop(): Promise<LoadReport>;
}

/** See {@link Load}. */
export interface LoadReport {
  readonly reads: number;
  readonly errors: readonly string[];
  /** Answers that no deployment alone could have given. */
  readonly wrong: readonly string[];
  /** How often each deployment was seen, by its build. */
  readonly seen: Readonly<Record<string, number>>;
  /** The longest that one read took. */
  readonly slowestMs: number;
}

/** What is asked: one statement that says of which build it is, and a second one for the same transaction. */
export interface Questions {
  /** Answers one row: `build`, `what` and `rows`. */
  readonly whole: string;
  /** Answers one row with `what`, from another view. */
  readonly part: string;
  /** What belongs to each build. */
  readonly right: Readonly<Record<string, string>>;
}

interface Answer {
  readonly build: string;
  readonly what: string;
  readonly rows: number;
}

/**
 * Readers of each kind that there is, each on a connection of its own and with hardly a pause: plain statements,
 * prepared ones, and transactions with several.
 */
export function startReaders(connectionString: string, questions: Questions, ofEach = 2): Load {
  const { whole, part, right } = questions;
  const errors: string[] = [];
  const wrong: string[] = [];
  const seen: Record<string, number> = {};
  let reads = 0;
  let slowestMs = 0;
  let ended = false;
  const check = ({ build, what, rows }: Answer, also?: string): void => {
    seen[build] = (seen[build] ?? 0) + 1;
    if (right[build] !== what || rows === 0 || (also !== undefined && also !== what)) {
      wrong.push(JSON.stringify({ build, what, rows, also }));
    }
  };
  const ask = async (client: Client, prepared: boolean): Promise<Answer> => {
    const { rows } = await client.query<Answer>(
      prepared ? { name: "whole", text: whole, values: [] } : whole,
    );
    const [answer] = rows;
    if (answer === undefined) {
      throw new Error("no answer");
    }
    return answer;
  };
  const kinds: readonly ((client: Client) => Promise<void>)[] = [
    async (client) => {
      check(await ask(client, false));
    },
    async (client) => {
      check(await ask(client, true));
    },
    async (client) => {
      await client.query("BEGIN");
      const { rows } = await client.query<{ what: string }>(part);
      check(await ask(client, true), rows[0]?.what);
      await client.query("COMMIT");
    },
    async (client) => {
      await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
      const answer = await ask(client, false);
      const { rows } = await client.query<{ what: string }>({ name: "part", text: part });
      check(answer, rows[0]?.what);
      await client.query("COMMIT");
    },
  ];
  const counts: number[] = [];
  const readers = kinds.flatMap((read, kind) =>
    Array.from({ length: ofEach }, async (_, index) => {
      const number = kind * ofEach + index;
      counts[number] = 0;
      let client = await connectTo(connectionString);
      while (!ended) {
        const startedMs = performance.now();
        try {
          await read(client);
        } catch (error) {
          errors.push(error instanceof Error ? error.message : String(error));
          await client.end();
          client = await connectTo(connectionString);
        }
        reads += 1;
        counts[number] += 1;
        slowestMs = Math.max(slowestMs, performance.now() - startedMs);
        // The server needs the processor as well.
        await wait(1);
      }
      await client.end();
    }),
  );
  return {
    async round() {
      const before = [...counts];
      while (counts.some((count, index) => count === before[index])) {
        await wait(1);
      }
    },
    async stop() {
      ended = true;
      await Promise.all(readers);
      return { reads, errors, wrong, seen, slowestMs };
    },
  };
}
