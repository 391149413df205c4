import { EmergencyError } from "../../../errors.js";
import { canonicalJson } from "../../../json.js";
import { mayBeAskedForLater } from "../../content-headers.js";
import { each } from "../../each.js";
import { REQUESTS_AT_A_TIME } from "../aws-bucket.js";
import type { ListedVersion } from "../bucket.js";
import { ARCHIVES, type ExpiryRule } from "../lifecycle.js";
import { alike, changesFor, lostBy, type Change } from "./case-table.js";
import { maybeExpired, mayHideKeys, wouldExpireAgain } from "./expiry.js";
import { allVisible, digestOf, historiesOf, visibleIn, type Histories } from "./history.js";
import type { RestoreIntent } from "./intent.js";
import { RestoreRecords, nextRestoreId, type StoredRecord } from "./record.js";
import type { RestoreSite } from "./restore-site.js";
import { nameOf, saysTheSame } from "./seen-versions.js";
import { namedVersions, stateAt, stateBefore, type TargetState } from "./target.js";

/** What a bucket holds, and what is to be done so that a state is visible. Nothing was written. */
export interface Looked {
  readonly histories: Histories;
  readonly records: readonly StoredRecord[];
  readonly versioning: "enabled" | "suspended" | "never" | "unknown";
  /** Undefined when we may not ask. */
  readonly rules: readonly ExpiryRule[] | undefined;
  /** By the server's clock. */
  readonly now: Date;
  readonly target: TargetState;
  readonly changes: readonly Change[];
  /** Keys that stay as they are because nobody can know what was visible. */
  readonly unknown: readonly string[];
  /** Keys that stay although they were not there then: open pages ask for them. */
  readonly kept: readonly string[];
  /** Changes that would destroy a version, with that version. */
  readonly destroyed: readonly ListedVersion[];
  /** Versions in an archive that are needed, and cannot be read now. */
  readonly archived: readonly ListedVersion[];
  /** Rules by which keys may have vanished that nobody can name. */
  readonly vanishing: readonly ExpiryRule[];
  /** The restore that an earlier run began and did not finish, with the same target. */
  readonly unfinished: StoredRecord | undefined;
  readonly id: string;
  /** What identifies what is visible now. */
  readonly visible: string;
}

/** Of two versions with other ETags, so many bytes are read to see whether they are alike. */
const MOST_COMPARED = 64 * 1024 ** 2;

/** An answer that was so long on its way says nothing of the clocks. */
const LATENCY_SECONDS = 5;

/** Reads all that a restore rests on: one listing of the versions, and what the listing leaves open. */
export async function lookAt(site: RestoreSite, intent: RestoreIntent): Promise<Looked> {
  const { bucket, prefix, retention } = site;
  const store = new RestoreRecords(bucket, prefix);
  const [listing, versioning, rules] = await Promise.all([
    bucket.listVersions(prefix),
    bucket.versioning(),
    retention.rules(),
  ]);
  const histories = historiesOf(listing);
  const records = await store.all(listing);
  const now = serverTime(site);
  const { target, unknown } = targetOf(site, intent, { histories, records, rules, now });
  const unfinished = records.findLast(
    (record) =>
      record.finishedAt === null && canonicalJson(record.target) === canonicalJson(intent.target),
  );
  const same = await sameVersions(site, histories, target, records, unfinished);
  const all = changesFor(histories, target, {
    isSame: (current, wanted) => same.has(pairOf(current, wanted)),
    wouldExpireAgain: (version) => wouldExpireAgain(version, rules ?? [], now),
  });
  const isKept = ({ type, key }: Change): boolean =>
    intent.keepNew && type === "hide" && mayBeAskedForLater(key);
  const changes = all.filter((change) => !isKept(change));
  const keepsVersions = versioning === "enabled" || versioning === "unknown";
  const visible = digestOf(allVisible(histories));
  return {
    histories,
    records,
    versioning,
    rules,
    now,
    target,
    changes,
    unknown,
    kept: all.filter(isKept).map(({ key }) => key),
    destroyed: changes.flatMap((change) => lostBy(change, histories, keepsVersions) ?? []),
    archived: await archivedIn(site, changes),
    vanishing:
      "time" in intent.target ? mayHideKeys(prefix, intent.target.time, rules ?? [], now) : [],
    unfinished,
    id: unfinished?.id ?? nextRestoreId(records, intent.target, visible),
    visible,
  };
}

/** The time by the server's clock, as far as its answers tell. */
export function serverTime({ bucket, now }: Pick<RestoreSite, "bucket" | "now">): Date {
  const skew = bucket.clockSkewSeconds();
  return new Date(now().getTime() + (Math.abs(skew) > LATENCY_SECONDS ? skew * 1000 : 0));
}

function targetOf(
  { prefix, bucket }: RestoreSite,
  { target }: RestoreIntent,
  { histories, records, rules, now }: Pick<Looked, "histories" | "records" | "rules" | "now">,
): { readonly target: TargetState; readonly unknown: readonly string[] } {
  if ("versions" in target) {
    return { target: namedVersions(histories, target.versions, prefix), unknown: [] };
  }
  if ("time" in target) {
    const state = stateAt(histories, target.time, records, now);
    const unknown = maybeExpired(histories, target.time, rules ?? [], now);
    const wanted = new Map(state.wanted);
    for (const key of unknown) {
      wanted.delete(key);
    }
    return { target: { ...state, wanted }, unknown };
  }
  const record = records.find(({ id }) => id === target.before);
  if (record === undefined) {
    throw new EmergencyError(
      "UNKNOWN_RELEASE",
      `${bucket.place} has no record of a restore ${target.before}`,
      "choose a time or a version: --to-time, --to-version",
    );
  }
  return { target: stateBefore(histories, record), unknown: [] };
}

/** Pairs of versions that are alike in bytes, headers and tags: see {@link pairOf}. */
async function sameVersions(
  { bucket, seen }: RestoreSite,
  histories: Histories,
  target: TargetState,
  records: readonly StoredRecord[],
  unfinished: StoredRecord | undefined,
): Promise<ReadonlySet<string>> {
  const copyOf = new Map(
    records.flatMap(({ made }) =>
      made.map(({ key, from, versionId }) => [JSON.stringify([key, versionId]), from] as const),
    ),
  );
  const originOf = ({ key, versionId }: ListedVersion): string => {
    const passed = new Set<string>();
    let at = versionId;
    for (let from: string | undefined = at; from !== undefined && !passed.has(from);) {
      at = from;
      passed.add(at);
      from = copyOf.get(JSON.stringify([key, at]));
    }
    return at;
  };
  const same = new Set<string>();
  const open: { readonly current: ListedVersion; readonly wanted: ListedVersion }[] = [];
  for (const pair of alike(histories, target)) {
    open.push(pair);
  }
  const begun = new Set(unfinished?.before.map(({ key }) => key));
  for (const [key, wanted] of target.wanted) {
    const current = visibleIn(histories.get(key));
    if (current === null || wanted === null || current.versionId === wanted.versionId) {
      continue;
    }
    if (originOf(current) === originOf(wanted) && current.size === wanted.size) {
      same.add(pairOf(current, wanted));
    } else if (
      // A copy that an earlier run made has another ETag when the original was written in parts or is encrypted.
      begun.has(key) &&
      current.etag !== wanted.etag &&
      current.size === wanted.size &&
      current.size <= MOST_COMPARED
    ) {
      open.push({ current, wanted });
    }
  }
  await each(open, REQUESTS_AT_A_TIME, async ({ current, wanted }) => {
    if (same.has(pairOf(current, wanted))) {
      return;
    }
    const sameBytes =
      current.etag === wanted.etag ||
      (await seen.bytesOf(bucket, current)).equals(await seen.bytesOf(bucket, wanted));
    if (
      sameBytes &&
      saysTheSame(await seen.headersOf(bucket, current), await seen.headersOf(bucket, wanted)) &&
      canonicalJson(await bucket.tags(current)) === canonicalJson(await bucket.tags(wanted))
    ) {
      same.add(pairOf(current, wanted));
    }
  });
  return same;
}

function pairOf(current: ListedVersion, wanted: ListedVersion): string {
  return `${nameOf(current)} ${nameOf(wanted)}`;
}

async function archivedIn(
  { retention }: RestoreSite,
  changes: readonly Change[],
): Promise<readonly ListedVersion[]> {
  const stored = changes
    .flatMap((change) =>
      change.type === "copy" ? [change.from] : change.type === "show" ? [change.shows] : [],
    )
    .filter(({ storageClass }) => ARCHIVES.has(storageClass ?? ""));
  const readable = await each(
    stored,
    REQUESTS_AT_A_TIME,
    async (version) => await retention.isReadable(version),
  );
  return stored.filter((_, index) => readable[index] !== true);
}
