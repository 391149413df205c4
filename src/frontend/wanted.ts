import type { Facts } from "../step.js";
import type { OldAddress } from "./known-addresses.js";
import type { KeptFile, Manifest, ManifestFile, ReleaseSummary } from "./manifest.js";
import { describeFiles } from "./read-site.js";
import type { PendingInvalidation } from "./release-store.js";
import type { Site } from "./site.js";
import type { SiteFiles } from "./site-files.js";

/** What is served and what there is, as a step has seen it. */
export interface SiteState {
  /** All of them, oldest first. */
  readonly releases: readonly ReleaseSummary[];
  readonly current: Manifest | null;
  readonly newest: string | null;
  readonly old: readonly OldAddress[];
  readonly pending: PendingInvalidation | null;
  /** Files that go as soon as no page that is loading asks for them. */
  readonly leaving: readonly string[];
}

/** The site that a step wants to be served. */
export interface Wanted {
  /** For people: "deploy web from dist". */
  readonly title: string;
  readonly files: readonly ManifestFile[];
  /** The bytes of one of them; only asked for what the store cannot take from elsewhere. */
  readonly content: (file: ManifestFile) => Promise<Buffer>;
  /** Old names with a content of their own, for open pages; those of the present release go on anyway. */
  readonly kept: SiteFiles;
  /** The address that must be nowhere, if there is one. */
  readonly without: string | undefined;
  readonly restores: string | null;
  /** The release that is served again as it is, where it still has a place of its own. */
  readonly returnsTo?: string;
  readonly repoint: Manifest["repoint"];
  readonly contracts: Manifest["contracts"];
  readonly commit: string | null;
  /** What was built for this; left out where nothing was. */
  readonly built?: Manifest["built"];
  /** What must still be true when it is done, besides what is served. */
  readonly facts: Facts;
  readonly notes: readonly string[];
}

/** What a step wants, and what it keeps for open pages. */
export interface Prepared {
  readonly wanted: Wanted;
  readonly kept: readonly KeptFile[];
  /** The files of the release that is served that somebody has changed by hand: they are replaced. */
  readonly damaged: readonly string[];
}

/** A site whose files are all at hand, as a step wants it. */
export function atHand(
  files: SiteFiles,
  site: Pick<Site, "headersOf">,
): Pick<Wanted, "files" | "content"> {
  return {
    files: describeFiles(files, site.headersOf),
    content: async ({ path }) => await Promise.resolve(files.get(path) ?? Buffer.alloc(0)),
  };
}
