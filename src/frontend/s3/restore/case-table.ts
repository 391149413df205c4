import type { ListedVersion } from "../bucket.js";
import { isOneAndTheSame, visibleIn, type Histories, type KeyHistory } from "./history.js";
import type { TargetState } from "./target.js";

/** What is done to one key. Nothing of it destroys a version; only markers are ever taken away. */
export type Change =
  /** The old version is copied, and so becomes the newest. */
  | {
      readonly type: "copy";
      readonly key: string;
      readonly from: ListedVersion;
      /** What is visible now, and must still be when it is written. */
      readonly over: ListedVersion | null;
    }
  /** The markers right above the version are taken away. */
  | {
      readonly type: "show";
      readonly key: string;
      readonly shows: ListedVersion;
      /** The newest first. */
      readonly markers: readonly ListedVersion[];
    }
  /** A marker is put above the version. */
  | { readonly type: "hide"; readonly key: string; readonly hides: ListedVersion };

/** What decides between the ways. */
export interface CaseFacts {
  /** Whether two versions have the same bytes, headers and tags. */
  readonly isSame: (current: ListedVersion, wanted: ListedVersion) => boolean;
  /** Whether a version would soon be hidden again if it were only shown. */
  readonly wouldExpireAgain: (version: ListedVersion) => boolean;
}

/**
 * What is to be done so that a state is visible, key by key:
 *
 * | now        | then                                | what is done                                   |
 * | ---------- | ----------------------------------- | ---------------------------------------------- |
 * | a version  | nothing                             | a marker is put above it                       |
 * | nothing    | the version right below the markers | the markers are taken away                     |
 * | nothing    | a version further down              | it is copied; markers between versions stay    |
 * | a version  | another version                     | it is copied                                   |
 * | a version  | the same, or one that is just like it | nothing                                      |
 *
 * Where taking markers away is possible, a copy takes its place in two cases. A marker whose id is "null"
 * may become a version under the same id before it is taken away, as long as the bucket's versioning is
 * suspended, and that would be lost for good. And a version that is too old for a rule of the bucket's
 * lifecycle would be hidden again the next night.
 */
export function changesFor(
  histories: Histories,
  { wanted }: TargetState,
  facts: CaseFacts,
): readonly Change[] {
  return [...wanted].flatMap(([key, version]) =>
    changeFor(key, histories.get(key), version, facts),
  );
}

/**
 * Pairs of what is visible and what is wanted that may be just alike: the same bytes in two versions.
 * Whether they are takes a look at their headers and tags.
 */
export function alike(
  histories: Histories,
  { wanted }: TargetState,
): readonly { readonly current: ListedVersion; readonly wanted: ListedVersion }[] {
  return [...wanted].flatMap(([key, version]) => {
    const current = visibleIn(histories.get(key));
    return current !== null &&
      version !== null &&
      !isOneAndTheSame(current, version) &&
      current.etag === version.etag &&
      current.size === version.size
      ? [{ current, wanted: version }]
      : [];
  });
}

/**
 * The version that a change would destroy. Where versions are not kept at present, whatever is written
 * to a key takes the place of its version "null", also when that is not the newest.
 */
export function lostBy(
  { type, key }: Pick<Change, "type" | "key">,
  histories: Histories,
  keepsVersions: boolean,
): ListedVersion | undefined {
  return keepsVersions || type === "show"
    ? undefined
    : histories.get(key)?.find(({ versionId, isMarker }) => versionId === "null" && !isMarker);
}

function changeFor(
  key: string,
  history: KeyHistory | undefined,
  wanted: ListedVersion | null,
  { isSame, wouldExpireAgain }: CaseFacts,
): readonly Change[] {
  const current = visibleIn(history);
  if (wanted === null) {
    return current === null ? [] : [{ type: "hide", key, hides: current }];
  }
  if (current !== null) {
    return isOneAndTheSame(current, wanted) || isSame(current, wanted)
      ? []
      : [{ type: "copy", key, from: wanted, over: current }];
  }
  const first = history?.findIndex(({ isMarker }) => !isMarker) ?? -1;
  const shows = history?.[first];
  const markers = history?.slice(0, first) ?? [];
  return shows !== undefined &&
    isOneAndTheSame(shows, wanted) &&
    markers.every(({ versionId }) => versionId !== "null") &&
    !wouldExpireAgain(shows)
    ? [{ type: "show", key, shows, markers }]
    : [{ type: "copy", key, from: wanted, over: null }];
}
