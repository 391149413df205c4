import { EmergencyError } from "../../../errors.js";
import type { JsonObject } from "../../../json.js";
import type { Advance } from "../../../step.js";
import { each } from "../../each.js";
import { REQUESTS_AT_A_TIME } from "../aws-bucket.js";
import { ConditionFailed, type ListedVersion, type Stored } from "../bucket.js";
import type { Change } from "./case-table.js";
import { historiesOf, isOneAndTheSame, visibleIn, type Histories } from "./history.js";
import { serverTime, type Looked } from "./look.js";
import { STAGES, stageOf, type Stage } from "./order.js";
import { RestoreRecords, newRecord, recorded, type RestoreRecord } from "./record.js";
import type { RestoreSite } from "./restore-site.js";
import { saysTheSame } from "./seen-versions.js";
import { told } from "./target.js";

type PutBack = Extract<Change, { readonly type: "copy" | "show" }>;
type Hide = Extract<Change, { readonly type: "hide" }>;

/** What comes back at one stage. */
export function puttingBack(
  { prefix, runtimeConfig }: Pick<RestoreSite, "prefix" | "runtimeConfig">,
  changes: readonly Change[],
  stage: Stage,
): readonly PutBack[] {
  return changes.filter(
    (change): change is PutBack =>
      change.type !== "hide" && stageOf(change.key.slice(prefix.length), runtimeConfig) === stage,
  );
}

/** What is hidden. */
export function hiding(changes: readonly Change[]): readonly Hide[] {
  return changes.filter((change): change is Hide => change.type === "hide");
}

/**
 * One run of a restore, by whoever holds the lock. Each write is only done to what was seen; after each
 * stage the bucket is listed again, because not every server heeds the condition of a write.
 */
export class RestoreRun {
  readonly #site: RestoreSite;
  readonly #looked: Looked;
  readonly #advance: Advance;
  readonly #records: RestoreRecords;
  /** Whether the bucket was just listed. */
  #isFresh = true;
  /** Copies that were made, by key. */
  readonly #made = new Map<string, Stored>();
  /** All changes that are done. */
  readonly #done: Change[] = [];
  #hasRedirects: Promise<boolean> | undefined;
  #record: RestoreRecord;
  #etag: string | undefined;

  constructor(
    site: RestoreSite,
    looked: Looked,
    target: RestoreRecord["target"],
    advance: Advance,
  ) {
    this.#site = site;
    this.#looked = looked;
    this.#advance = advance;
    this.#records = new RestoreRecords(site.bucket, site.prefix);
    const { unfinished, id } = looked;
    this.#etag = unfinished?.etag;
    this.#record = unfinished ?? newRecord(id, target, site.by, serverTime(site));
  }

  /** Writes down what is changed and what was there before. Nothing is changed yet. */
  async record(): Promise<JsonObject> {
    const { changes, histories } = this.#looked;
    const known = this.#record;
    const before = new Map(known.before.map((entry) => [entry.key, entry]));
    const removed = new Map(known.removed.map((entry) => [entry.key, entry]));
    for (const change of changes) {
      const { key } = change;
      const visible = visibleIn(histories.get(key));
      // What is there now may be a copy that an earlier run made, too large to be told from the original.
      const isMaybeOurs =
        before.has(key) && change.type === "copy" && visible?.size === change.from.size;
      if (!isMaybeOurs) {
        before.set(key, { key, version: recorded(visible) });
      }
      if (change.type === "show") {
        removed.set(key, {
          key,
          above: change.shows.versionId,
          markers: change.markers.map(({ versionId, modified }) => ({
            versionId,
            modified: modified.toISOString(),
          })),
        });
      }
    }
    await this.#write({ ...known, before: [...before.values()], removed: [...removed.values()] });
    return { did: `record ${known.id}`, objects: before.size };
  }

  /** Brings objects back, one stage of them. */
  async putBack(stage: Stage): Promise<JsonObject> {
    const changes = puttingBack(this.#site, this.#looked.changes, stage);
    await this.#lookBefore(changes);
    let count = 0;
    const advance = (): void => {
      count++;
      this.#advance(`${stage} put back`, count, changes.length);
    };
    const shown = changes.filter((change) => change.type === "show");
    const copied = changes.filter((change) => change.type === "copy");
    const stayed = await this.#show(shown);
    shown.slice(stayed.length).forEach(advance);
    await each([...copied, ...stayed], REQUESTS_AT_A_TIME, async (change) => {
      await this.#copy(change);
      advance();
    });
    this.#done.push(...changes);
    return {
      did: `put back ${changes.length} (${stage})`,
      copied: copied.length + stayed.length,
      shown: shown.length - stayed.length,
    };
  }

  /** Waits until nobody is served any more what was there before. */
  async settle(): Promise<JsonObject> {
    await this.#settled((wanted) => wanted !== null);
    if (hiding(this.#looked.changes).length > 0) {
      await this.#site.pagesLoaded(this.#advance);
    }
    return { did: "settle" };
  }

  /** Puts markers above what was not there then: pages first, and what they refer to after them. */
  async hide(): Promise<JsonObject> {
    const { bucket, prefix, runtimeConfig } = this.#site;
    const changes = hiding(this.#looked.changes);
    await this.#lookBefore(changes);
    for (const stage of [...STAGES].reverse()) {
      const due = changes.filter(
        ({ key }) => stageOf(key.slice(prefix.length), runtimeConfig) === stage,
      );
      if (due.length > 0) {
        await bucket.remove(due.map(({ key }) => key));
        this.#done.push(...due);
        this.#advance(`${stage} hidden`, due.length, due.length);
      }
    }
    return { did: `hide ${changes.length}` };
  }

  /** Looks whether all is as it should be, and notes in the record that it is done. */
  async finish(): Promise<JsonObject> {
    const { bucket, prefix } = this.#site;
    const histories = historiesOf(await bucket.listVersions(prefix));
    await this.#readBack(histories);
    await this.#settled((version) => version === null);
    const { changes, target, histories: looked } = this.#looked;
    const changed = new Set(changes.map(({ key }) => key));
    const made = this.#record.before.flatMap(({ key }) => {
      const from = target.wanted.get(key);
      // What this run had not to change is the copy of an earlier one, or was never touched.
      const earlier = changed.has(key) ? undefined : visibleIn(looked.get(key))?.versionId;
      const copy = this.#made.get(key)?.versionId ?? earlier;
      return from === undefined || from === null || copy === undefined || copy === from.versionId
        ? []
        : [{ key, from: from.versionId, versionId: copy }];
    });
    const finishedAt = serverTime(this.#site).toISOString();
    await this.#write({ ...this.#record, finishedAt, made });
    return { did: `finish ${this.#record.id}`, copies: made.length };
  }

  /** What an earlier run has changed and was not waited for counts as well. */
  async #settled(isMeant: (wanted: ListedVersion | null) => boolean): Promise<void> {
    const { prefix, settled } = this.#site;
    const { wanted } = this.#looked.target;
    const keys = this.#record.before.flatMap(({ key }) => {
      const version = wanted.get(key);
      return version !== undefined && isMeant(version) ? [key.slice(prefix.length)] : [];
    });
    if (keys.length > 0) {
      await settled(keys, this.#advance);
    }
  }

  async #write(record: RestoreRecord): Promise<void> {
    const { etag } = await this.#records.write(record, this.#etag);
    this.#record = record;
    this.#etag = etag;
  }

  async #lookBefore(changes: readonly Change[]): Promise<void> {
    if (this.#isFresh) {
      this.#isFresh = false;
      return;
    }
    const { bucket, prefix } = this.#site;
    const histories = historiesOf(await bucket.listVersions(prefix));
    await this.#readBack(histories);
    const others = changes.filter(({ key }) => {
      const [now] = histories.get(key) ?? [];
      const [seen] = this.#looked.histories.get(key) ?? [];
      return !isOneAndTheSame(now ?? null, seen ?? null);
    });
    if (others.length > 0) {
      throw this.#interrupted(others.map(({ key }) => key));
    }
  }

  /** @returns those whose markers we may not take away: they are copied instead. */
  async #show(changes: readonly Extract<Change, { type: "show" }>[]) {
    if (changes.length === 0) {
      return [];
    }
    const { bucket, prefix } = this.#site;
    try {
      await bucket.removeMarkers(changes.flatMap(({ markers }) => markers));
      return [];
    } catch (error) {
      if (!(error instanceof EmergencyError)) {
        throw error;
      }
      // The answer to a first attempt may have got lost, and some servers do not know what is gone.
      const histories = historiesOf(await bucket.listVersions(prefix));
      const left = changes.filter(({ key, markers }) =>
        histories
          .get(key)
          ?.some((entry) => markers.some((marker) => isOneAndTheSame(entry, marker))),
      );
      // Many may add to a bucket and may remove no version of it, whatever it is.
      if (left.length > 0 && error.code !== "AWS_DENIED") {
        throw error;
      }
      return left;
    }
  }

  async #copy(change: PutBack): Promise<void> {
    const { bucket, seen } = this.#site;
    const { key } = change;
    const from = change.type === "copy" ? change.from : change.shows;
    const over = change.type === "copy" ? change.over : null;
    try {
      this.#made.set(key, await this.#bringToTop(from, over?.etag));
    } catch (error) {
      if (!(error instanceof ConditionFailed)) {
        throw error;
      }
      // The answer to a first attempt may have got lost.
      const now = await this.#newest(key);
      const isOurs =
        now?.etag === from.etag &&
        now.size === from.size &&
        saysTheSame(await seen.headersOf(bucket, now), await seen.headersOf(bucket, from));
      if (!isOurs) {
        throw this.#interrupted([key]);
      }
      if (!isOneAndTheSame(now, from)) {
        this.#made.set(key, now);
      }
    }
  }

  /** @param over the ETag of what is visible now; undefined when nothing is. */
  async #bringToTop(version: ListedVersion, over: string | undefined): Promise<Stored> {
    const { bucket, seen, retention } = this.#site;
    const { key, versionId, etag, size } = version;
    // The server takes everything over but a redirect, which it has to be told.
    this.#hasRedirects ??= retention.hasRedirects();
    const headers = (await this.#hasRedirects) ? await seen.headersOf(bucket, version) : undefined;
    return await bucket.copy(
      { key, versionId, known: { etag, size } },
      key,
      headers?.redirect === undefined ? undefined : headers,
      undefined,
      over === undefined ? { ifAbsent: true } : { ifMatch: over },
    );
  }

  async #newest(key: string): Promise<ListedVersion | undefined> {
    const listing = await this.#site.bucket.listVersions(key);
    return listing.find((entry) => entry.key === key && entry.isLatest && !entry.isMarker);
  }

  /**
   * Finds what somebody else has written between our look and our write. What they wrote was not lost:
   * it is brought to the top again, and the restore stops.
   */
  async #readBack(histories: Histories): Promise<void> {
    const others: string[] = [];
    for (const change of this.#done) {
      const history = histories.get(change.key) ?? [];
      const problem = this.#problemWith(change, history);
      if (problem !== undefined) {
        others.push(change.key);
        await problem.mend();
      }
    }
    if (others.length > 0) {
      throw this.#interrupted(others);
    }
  }

  #problemWith(
    change: Change,
    history: readonly ListedVersion[],
  ): { readonly mend: () => Promise<void> } | undefined {
    const { bucket } = this.#site;
    const { key } = change;
    const nothing = async (): Promise<void> => {
      await Promise.resolve();
    };
    const [newest] = history;
    if (change.type === "hide") {
      const below = history.findIndex(({ isMarker }) => !isMarker);
      const hidden = history[below];
      if (below > 0 && isOneAndTheSame(hidden ?? null, change.hides)) {
        return undefined;
      }
      const [marker, next] = history;
      return {
        mend:
          below === 1 && marker !== undefined && next !== undefined && marker.versionId !== "null"
            ? async () => {
                await bucket.removeMarkers([marker]);
              }
            : nothing,
      };
    }
    const made = this.#made.get(key);
    if (made === undefined) {
      const shown = change.type === "show" ? change.shows : change.from;
      return isOneAndTheSame(newest ?? null, shown) ? undefined : { mend: nothing };
    }
    if (newest?.versionId !== (made.versionId ?? "null") || newest.etag !== made.etag) {
      return { mend: nothing };
    }
    // The SDK may have sent a copy twice.
    const rest = history.findIndex(({ isMarker, etag }) => isMarker || etag !== made.etag);
    const below = rest === -1 ? undefined : history[rest];
    const [seen] = (this.#looked.histories.get(key) ?? []).filter(
      ({ versionId }) => made.versionId !== null || versionId !== "null",
    );
    const seenAmongOurs = history
      .slice(1, rest === -1 ? undefined : rest)
      .some((entry) => isOneAndTheSame(entry, seen ?? null));
    if (seenAmongOurs || isOneAndTheSame(below ?? null, seen ?? null)) {
      return undefined;
    }
    return {
      mend:
        below === undefined
          ? nothing
          : below.isMarker
            ? async () => {
                await bucket.remove([key]);
              }
            : async () => {
                await this.#bringToTop(below, made.etag);
              },
    };
  }

  #interrupted(keys: readonly string[]): EmergencyError {
    const { changes, target } = this.#looked;
    return new EmergencyError(
      "PRIOR_STATE_CHANGED",
      `somebody else has written ${told(keys)} meanwhile, which is as they left it. ${this.#done.length} of ${changes.length} objects are as they were: ${target.what}`,
      "find out who it is; then type the same command again: it looks at the bucket as it is now, and does only what is left to do",
    );
  }
}
