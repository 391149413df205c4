import type { JsonObject } from "../json.js";
import type { Advance } from "../step.js";
import type { KeptFile, Manifest, ManifestFile, ReleaseSummary } from "./manifest.js";

/**
 * Where a site's releases are, and which one is served. A release is whole or is not there, and never
 * changes once it is there; the one that is served changes from one instant to the next.
 */
export interface ReleaseStore {
  /** For people: "/srv/www". */
  readonly place: string;

  /** For people, how a release takes the place of another: "at one instant". */
  readonly switching: string;

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
   * What caches may still hold although something else is served since: left behind by a run that was
   * killed, or not waited for. Null when there is nothing, or no cache is known of.
   */
  pending(): Promise<PendingInvalidation | null>;

  /**
   * Paths of files that are part of no release any more, and stay until no page that is loading can ask
   * for them: {@link ReleaseWriter.clean} removes them.
   */
  leaving(): Promise<readonly string[]>;

  /**
   * Whether an earlier release is still whole in a place of its own, so that it can be served again
   * without anything being made.
   */
  readonly keepsReleases: boolean;

  /** Whether a cache in front goes on with what was served before, under the same paths. */
  readonly needsInvalidation: boolean;

  /**
   * Runs something while nobody else changes the site.
   * @param by who, for whoever finds the site locked.
   * @param advance told how far long work has come.
   * @throws EmergencyError FRONTEND_LOCKED when somebody else does.
   */
  locked<T>(by: string, work: (writer: ReleaseWriter) => Promise<T>, advance?: Advance): Promise<T>;
}

/** What must be invalidated, and the name of the change after which it must. */
export interface PendingInvalidation {
  readonly reference: string;
  /** Relative to the site's root. */
  readonly paths: readonly string[];
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
   * Serves a release from the next instant on; where all releases share their places, page by page, the
   * entry page last.
   * @param record who did it and how it is undone; durable before the switch.
   * @param pending what caches hold of what was served before; null when no cache is known of.
   * @throws EmergencyError FRONTEND_LOCKED when the lock was taken away meanwhile, PRIOR_STATE_CHANGED
   * when somebody who does not heed it changed a file.
   */
  switchTo(id: string, record: JsonObject, pending: PendingInvalidation | null): Promise<void>;

  /** Caches hold nothing any more of what was served before. */
  invalidated(reference: string): Promise<void>;

  /**
   * Puts files of the release that is served beside those of another one, for pages that are open in
   * browsers. A file that is there is left as it is. From then on they are among what that release keeps.
   */
  adopt(id: string, from: string, files: readonly KeptFile[]): Promise<void>;

  /** Removes a release that is not served. */
  remove(id: string): Promise<void>;

  /** Removes what unfinished attempts have left, and what is {@link ReleaseStore.leaving}. */
  clean(): Promise<void>;
}
