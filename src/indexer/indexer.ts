import type { Cluster } from "./kubernetes/cluster.js";
import type { WorkloadName } from "./kubernetes/objects.js";

/** An indexer or API, where it runs, and how long it is waited for. */
export interface Indexer {
  /** As in the configuration. */
  readonly name: string;
  readonly cluster: Cluster;
  readonly workload: WorkloadName;
  /** How long a rollout is waited for in all. */
  readonly waitMs: number;
  /** How long the same cause of failure must last until the wait is given up. */
  readonly patienceMs: number;
  /** Who is recorded as having changed it: "alice@laptop". */
  readonly by: string;
  readonly now: () => Date;
  readonly wait: (milliseconds: number) => Promise<void>;
}

/**
 * The workload of an indexer, by the indexer's name; opened when it is first asked for.
 * Throws EmergencyError UNKNOWN_INDEXER, BAD_CONFIG.
 */
export type IndexerBook = (name: string) => Promise<Indexer>;
