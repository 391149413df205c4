import type { EmergencyBuildConfig, EmergencyRuntimeConfig } from "../config/types.js";
import type { BuildOrder, Built } from "./building/run-build.js";
import type { Edge } from "./cloudfront/edge.js";
import type { ManifestFile } from "./manifest.js";
import type { ReleaseStore } from "./release-store.js";
import type { SiteVersions } from "./s3/site-versions.js";

/** What is said of a file besides its bytes. */
export type FileHeaders = Pick<ManifestFile, "contentType" | "cacheControl" | "metadata">;

/** A configured frontend, and what working on it needs. */
export interface Site {
  /** As in the configuration: "web". */
  readonly name: string;
  readonly store: ReleaseStore;
  /** The caches in front of it; null when none are configured, or the store is a copy. */
  readonly edge: Edge | null;
  /** Its objects' older versions; null where it is no bucket, or its releases have places of their own. */
  readonly versions: SiteVersions | null;
  /** What was found out about it and a person should know: how its releases are switched. */
  readonly notes: readonly string[];
  /** Where users see it; undefined when that is not configured, or the store is a copy. */
  readonly url: string | undefined;
  /** How browsers and caches should treat a file. */
  readonly headersOf: (path: string) => FileHeaders;
  /** How it is built; undefined when that is not configured. */
  readonly build: EmergencyBuildConfig | undefined;
  /** Builds it from a commit; the same order is built once. */
  readonly runBuild: (order: BuildOrder) => Promise<Built>;
  /** The file that it reads its addresses from; undefined when that is not configured. */
  readonly runtimeConfig: EmergencyRuntimeConfig | undefined;
  /** The project's root, absolute: where the configured folders are. */
  readonly root: string;
  /** The contracts whose addresses are in it: from their names to their addresses, checksummed. */
  readonly contracts: Readonly<Record<string, string>>;
  /** So many of the last releases are kept in any case. */
  readonly keepReleases: number;
  /** Releases, and files that open pages may ask for, are kept for so long. */
  readonly keepDays: number;
  /** Who works on it: "alice@laptop". */
  readonly by: string;
  readonly now: () => Date;
  /** How long, in milliseconds, a page takes to load: so long what it may ask for stays after a switch. */
  readonly graceMs: number;
  /** How long to wait, in milliseconds, until the web server serves what was switched to. */
  readonly settleMs: number;
  readonly wait: (milliseconds: number) => Promise<void>;
}
