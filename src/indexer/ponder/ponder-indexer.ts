import type { Database } from "./database.js";

/** A Ponder app: its deployments, each in a schema of its own, and the views that readers go through. */
export interface PonderIndexer {
  /** As in the configuration. */
  readonly name: string;
  readonly database: Database;
  /** The schema with the views. */
  readonly views: string;
  /** Where the deployment that is to be served answers, if that is known. Without a slash at its end. */
  readonly url: string | undefined;
  /** By how many blocks a deployment may be behind the one that is served. */
  readonly maxBehind: number;
  /** How long a deployment, or readers that do not end, are waited for. */
  readonly waitMs: number;
  /** What is tried is rolled back. */
  readonly dryRun: boolean;
  /** Who is recorded as having changed it: "alice@laptop". */
  readonly by: string;
  readonly now: () => Date;
  readonly wait: (milliseconds: number) => Promise<void>;
  /** A value that nobody else has. */
  readonly unique: () => string;
  /** The status of an HTTP answer. Throws when there is none. */
  readonly get: (url: string) => Promise<number>;
}

/**
 * The Ponder app of an indexer, by the indexer's name; opened when it is first asked for.
 * Throws EmergencyError UNKNOWN_INDEXER, BAD_CONFIG.
 */
export type PonderBook = (name: string) => Promise<PonderIndexer>;
