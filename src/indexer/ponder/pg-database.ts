import type { Client } from "pg";

import { EmergencyError, messageOf } from "../../errors.js";
import { isRecord } from "../../json.js";
import { registerSecret } from "../../redact.js";
import { ConnectionLost, type Database, type Row, type Session } from "./database.js";
import { lost, translated } from "./pg-errors.js";

/** How long a connection may take. */
const CONNECT_MS = 15_000;

/**
 * The database of a connection string, by the client that Ponder itself uses. No connection is made yet.
 * @param connectionString "postgresql://user:password@host:5432/database?sslmode=require". It is in no message.
 * @param setting where it comes from: "emergency.indexers.api.ponder.database".
 * @throws EmergencyError BAD_CONFIG when it is none.
 */
export async function openDatabase(connectionString: string, setting: string): Promise<Database> {
  registerParts(connectionString);
  const { default: pg } = await import("pg");
  const open = (): Client => {
    try {
      return new pg.Client({
        connectionString,
        application_name: "hardhat-emergency",
        connectionTimeoutMillis: CONNECT_MS,
        keepAlive: true,
      });
    } catch {
      // Whatever is wrong with it, the error holds the whole of it.
      throw new EmergencyError(
        "BAD_CONFIG",
        `${setting} is no connection string that can be used`,
        'it looks like "postgresql://user:password@host:5432/database", with special characters in the password percent-encoded',
      );
    }
  };
  const { database = "", host, port } = open();
  const place = `database ${database} at ${host}:${port}`;
  return {
    place,
    async session(use) {
      const client = open();
      // A connection that breaks between two questions is noticed at the next one.
      client.on("error", () => undefined);
      try {
        await client.connect();
      } catch (error) {
        throw translated(error, place, setting);
      }
      try {
        return await use(sessionOf(client, place, setting));
      } catch (error) {
        throw unhandled(error, place);
      } finally {
        await client.end().catch(() => undefined);
      }
    },
  };
}

function sessionOf(client: Client, place: string, setting: string): Session {
  return {
    async query(text, values) {
      try {
        const result: unknown =
          values === undefined ? await client.query(text) : await client.query(text, [...values]);
        // Several statements have several results.
        const last: unknown = Array.isArray(result) ? result.at(-1) : result;
        return rowsOf(last);
      } catch (error) {
        throw lost(error)
          ? new ConnectionLost(messageOf(error))
          : translated(error, place, setting);
      }
    },
  };
}

function rowsOf(result: unknown): readonly Row[] {
  return isRecord(result) && Array.isArray(result.rows) ? result.rows.filter(isRecord) : [];
}

/** What nobody has dealt with. */
function unhandled(error: unknown, place: string): unknown {
  return error instanceof ConnectionLost
    ? new EmergencyError(
        "DATABASE_UNREACHABLE",
        `the connection to ${place} broke: ${error.message}`,
        "type the same command again: it looks at what there is, and does what is left to do",
      )
    : error;
}

/** Hides the string, and the password in it as it is written there and as it is. */
function registerParts(connectionString: string): void {
  registerSecret(connectionString);
  try {
    const url = new URL(connectionString);
    for (const part of [url.password, ...url.searchParams.getAll("password")]) {
      registerSecret(part);
      registerSecret(decodeURIComponent(part));
    }
  } catch {
    // No URL: the whole of it is hidden.
  }
}
