import type { JsonObject } from "../json.js";
import type { Advance } from "../step.js";
import type { Manifest, ManifestFile, ReleaseSummary } from "./manifest.js";

/**
 * Where a site's releases are, and which one is served. A release is whole or is not there, and never
 * changes once it is there; the one that is served changes from one instant to the next.
 */
export interface ReleaseStore {
  /** For people: "/srv/www". */
  readonly place: string;

  /** All whole releases, oldest first. */
  releases(): Promise<readonly ReleaseSummary[]>;

  /** Releases that somebody began and did not finish, for people. */
  unfinished(): Promise<readonly string[]>;

  /**
   * The release that is served, or null when nothing is.
   * @throws EmergencyError FRONTEND_UNUSABLE when something is served that is no release.
   */
  current(): Promise<string | null>;

  /** @throws EmergencyError UNKNOWN_RELEASE, BROKEN_RELEASE */
  manifest(id: string): Promise<Manifest>;

  /**
   * The bytes of a release's file as they are, whatever the manifest says.
   * @throws EmergencyError BROKEN_RELEASE when it is not there.
   */
  read(id: string, path: string): Promise<Buffer>;

  /**
   * Which files of a release are not those of its manifest any more, or not there: their paths. Cheaper
   * than reading them, where the store knows what it holds.
   */
  damaged(id: string, files: readonly ManifestFile[]): Promise<ReadonlySet<string>>;

  /**
   * Runs something while nobody else changes the site.
   * @param by who, for whoever finds the site locked.
   * @param advance told how far long work has come.
   * @throws EmergencyError FRONTEND_LOCKED when somebody else does.
   */
  locked<T>(by: string, work: (writer: ReleaseWriter) => Promise<T>, advance?: Advance): Promise<T>;
}

/** How a release came together. */
export interface PutResult {
  /** Files whose bytes were written. */
  readonly written: number;
  /** Files taken over from a release that has them. */
  readonly shared: number;
  /** Files that an earlier, unfinished attempt had written. */
  readonly resumed: number;
}

/** What may be changed, by whoever holds the lock. */
export interface ReleaseWriter {
  /**
   * Makes a release whole, not yet served; where all releases share their places, what can be put there
   * without anybody seeing it. What an unfinished attempt at the same release has written
   * is taken over; nothing is done when it is whole already.
   * @param content the bytes of a file; only asked for those that no release has.
   * @throws EmergencyError BROKEN_RELEASE when the bytes are not those of the manifest.
   */
  put(manifest: Manifest, content: (file: ManifestFile) => Promise<Buffer>): Promise<PutResult>;

  /**
   * Serves a release from the next instant on.
   * @param record who did it and how it is undone; durable before the switch.
   * @throws EmergencyError FRONTEND_LOCKED when the lock was taken away meanwhile.
   */
  switchTo(id: string, record: JsonObject): Promise<void>;

  /** Removes a release that is not served. */
  remove(id: string): Promise<void>;

  /** Removes what unfinished attempts have left. */
  clean(): Promise<void>;
}
