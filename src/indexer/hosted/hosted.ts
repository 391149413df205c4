import type { VersionState } from "../version-state.js";

/** A version at a host, by the name that it was deployed under. */
export interface HostedVersion extends VersionState {
  /** "1.0.1"; null where the host does not say which version it is. */
  readonly version: string | null;
}

/**
 * A subgraph at a host. Every method may throw EmergencyError INDEXER_UNREACHABLE, INDEXER_DENIED,
 * INDEXER_REFUSED; `serve` throws INDEXER_UNREACHABLE also when its answer was lost.
 */
export interface Host {
  /** "goldsky", "alchemy" */
  readonly kind: "goldsky" | "alchemy";
  /** For people and for plans: "Goldsky, market/prod". Holds no secret. */
  readonly place: string;
  /** What readers get; null when nothing is served. */
  served(): Promise<HostedVersion | null>;
  /** Null when there is none of this name. */
  version(name: string): Promise<HostedVersion | null>;
  /** Makes a version what readers get. */
  serve(name: string): Promise<void>;
}

/** A subgraph at a host, and how long it is waited for. */
export interface HostedIndexer {
  /** As in the configuration. */
  readonly name: string;
  readonly host: Host;
  /** Whether nothing is really written. */
  readonly dryRun: boolean;
  readonly waitMs: number;
  /** In milliseconds since some fixed time. */
  readonly now: () => number;
  readonly wait: (milliseconds: number) => Promise<void>;
}

/**
 * A subgraph at a host by the indexer's name.
 * Throws EmergencyError UNKNOWN_INDEXER, BAD_CONFIG.
 */
export type HostedBook = (name: string) => Promise<HostedIndexer>;

/** The name of a version, which becomes a part of a URL's path. */
export const VERSION_NAME = /^[a-zA-Z0-9][a-zA-Z0-9._-]*$/;
