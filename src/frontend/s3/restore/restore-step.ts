import { createHash } from "node:crypto";

import { EmergencyError } from "../../../errors.js";
import { canonicalJson, isRecord, type Json, type JsonObject } from "../../../json.js";
import { counted } from "../../../numbers.js";
import { parseIntent } from "../../../parse-intent.js";
import {
  changedFacts,
  type Action,
  type Advance,
  type Decision,
  type Effects,
  type Facts,
  type Observation,
  type PlannedStep,
  type Progress,
  type Step,
  type Verification,
} from "../../../step.js";
import { each } from "../../each.js";
import { checkOldAddresses } from "../../old-address-check.js";
import { REQUESTS_AT_A_TIME } from "../aws-bucket.js";
import { carriers } from "./carried.js";
import type { Change } from "./case-table.js";
import { allVisible, visibleIn } from "./history.js";
import { restoreIntent, type RestoreIntent } from "./intent.js";
import { lookAt, type Looked } from "./look.js";
import { STAGES } from "./order.js";
import { RestoreRun, hiding, puttingBack } from "./perform.js";
import { RestoreRecords } from "./record.js";
import type { RestoreSite } from "./restore-site.js";
import { saysTheSame } from "./seen-versions.js";
import { told } from "./target.js";

/** So many objects are listed one by one in an action; the hash beside them is over all. */
const MOST_LISTED = 1000;

/** Of the copies, so many are compared by their headers, and by their tags: the server has made all alike. */
const HEADERS_COMPARED = 50;
const TAGS_COMPARED = 20;

/**
 * Makes visible again what was: at a time, in a version, or before another restore. It works on every
 * bucket that keeps versions, whoever has written to it, and destroys none of them.
 */
export class FrontendRestoreStep implements Step {
  readonly kind = "frontend-restore";
  readonly #site: RestoreSite;
  /** The look from which actions follow: these very ones, not those of a plan in a file. */
  readonly #decided = new WeakMap<readonly Action[], Observation>();

  constructor(site: RestoreSite) {
    this.#site = site;
  }

  async observe(raw: JsonObject, planned?: PlannedStep): Promise<Observation> {
    // Whoever performs looks again under the lock, at everything: that is the look that counts.
    const before = planned === undefined ? undefined : this.#decided.get(planned.actions);
    if (before !== undefined) {
      return before;
    }
    const intent = parseIntent(this.kind, restoreIntent, raw);
    const looked = await lookAt(this.#site, intent);
    const old = await this.#site.oldAddresses();
    const carried = await carriers(this.#site, looked.changes, old);
    const observation: Observation = {
      facts: factsOf(looked),
      decide: () => {
        refuse(this.#site, intent, looked);
        const notes = checkOldAddresses(old, carried, looked.target.what, intent.acceptOldAddress);
        const decision = decide(this.#site, intent, looked, notes);
        this.#decided.set(decision.actions, observation);
        return decision;
      },
    };
    return observation;
  }

  async perform(step: PlannedStep, progress: Progress): Promise<Effects> {
    const site = this.#site;
    const intent = parseIntent(this.kind, restoreIntent, step.intent);
    const advance: Advance = (what, done, total) => {
      progress({
        type: "advance",
        step: step.id,
        what,
        ...(done === undefined ? {} : { done }),
        ...(total === undefined ? {} : { total }),
      });
    };
    return await site.locked(async () => {
      const looked = await lookAt(site, intent);
      refuse(site, intent, looked);
      const { actions } = decide(site, intent, looked, []);
      if (
        changedFacts(step.prior, factsOf(looked)).length > 0 ||
        canonicalJson(actions) !== canonicalJson(step.actions)
      ) {
        throw new EmergencyError(
          "PRIOR_STATE_CHANGED",
          `somebody else has changed ${site.name} meanwhile. Nothing was restored`,
          "type the command again without --plan: it looks at the bucket as it is now",
        );
      }
      const run = new RestoreRun(site, looked, intent.target, advance);
      const effects: Json[] = [];
      for (const action of step.actions) {
        progress({ type: "sending", step: step.id, summary: action.summary });
        const effect = await act(action, run);
        progress({ type: "done", step: step.id, effect });
        effects.push(effect);
      }
      return { actions: effects };
    });
  }

  async rehearse(step: PlannedStep): Promise<Effects> {
    if (!this.#site.isCopy) {
      throw new TypeError("only a copy of a bucket is rehearsed on");
    }
    return await this.perform(step, () => undefined);
  }

  async verify(step: PlannedStep): Promise<Verification> {
    const { bucket, prefix, seen } = this.#site;
    const intent = parseIntent(this.kind, restoreIntent, step.intent);
    const looked = await lookAt(this.#site, intent);
    const { target, changes, histories } = looked;
    const objects = [...target.wanted.values()].filter((version) => version !== null).length;
    const evidence = [
      `a new listing of ${bucket.place}/${prefix} shows ${objects - missing(changes)} of ${objects} objects as they were (${target.what}), and ${hiding(changes).length} that were not there`,
    ];
    const problems = changes.map(({ key }) => key);
    const record = looked.records.find(({ id }) => id === step.outputs.restore);
    const copies = (record?.made ?? []).flatMap(({ key }) => {
      const [current, wanted] = [visibleIn(histories.get(key)), target.wanted.get(key) ?? null];
      return current === null || wanted === null ? [] : [{ key, current, wanted }];
    });
    const [headersOf, tagsOf] = [spread(copies, HEADERS_COMPARED), spread(copies, TAGS_COMPARED)];
    const otherHeaders = await each(headersOf, REQUESTS_AT_A_TIME, async ({ current, wanted }) => {
      const both = [seen.headersOf(bucket, current), seen.headersOf(bucket, wanted)] as const;
      return !saysTheSame(...(await Promise.all(both)));
    });
    const otherTags = await each(tagsOf, REQUESTS_AT_A_TIME, async ({ current, wanted }) => {
      const [now, then] = await Promise.all([bucket.tags(current), bucket.tags(wanted)]);
      return canonicalJson(now) !== canonicalJson(then);
    });
    const wrong = new Set(
      [
        ...copies.filter(({ current, wanted }) => current.size !== wanted.size),
        ...headersOf.filter((_, index) => otherHeaders[index]),
        ...tagsOf.filter((_, index) => otherTags[index]),
      ].map(({ key }) => key),
    );
    if (copies.length > 0) {
      evidence.push(
        `${copies.length - wrong.size} of ${copies.length} copies are like their originals: in size all of them, in headers ${headersOf.length}, in tags ${tagsOf.length} were compared`,
      );
    }
    problems.push(...wrong);
    const stale = await this.#site.stale();
    if (problems.length === 0 && stale.length === 0) {
      return { verified: true, evidence };
    }
    return {
      verified: false,
      evidence,
      problem:
        problems.length > 0
          ? `${problems.length} objects are not as they were (${target.what}): ${told(problems)}`
          : `caches may still hold ${stale.length} files as they were before: ${told(stale)}; npx hardhat frontend invalidate waits for it`,
    };
  }

  async compare(rehearsed: Effects, real: Effects): Promise<readonly string[]> {
    const [wanted, got] = [rehearsed, real].map(({ actions }) =>
      canonicalJson(actions.map((effect) => (isRecord(effect) ? effect.did : null))),
    );
    return await Promise.resolve(
      wanted === got ? [] : [`it did ${got ?? "nothing"} instead of ${wanted ?? "nothing"}`],
    );
  }
}

async function act(action: Action, run: RestoreRun): Promise<JsonObject> {
  switch (action.type) {
    case "record-restore":
      return await run.record();
    case "put-back": {
      const stage = STAGES.find((known) => known === action.stage);
      if (stage !== undefined) {
        return await run.putBack(stage);
      }
      break;
    }
    case "settle":
      return await run.settle();
    case "hide":
      return await run.hide();
    case "finish-restore":
      return await run.finish();
  }
  throw new EmergencyError(
    "BAD_PLAN",
    `there is no action "${action.type}"`,
    "make the plan again with --dry-run --save-plan",
  );
}

function factsOf({ histories, versioning, visible, changes, target }: Looked): Facts {
  return {
    "objects that are visible": allVisible(histories).length,
    "what is visible": visible,
    "versions are kept": versioning,
    [`objects that are not as they were (${target.what})`]: changes.length,
  };
}

/** @throws EmergencyError when something would be lost, or could not be brought back as it was. */
function refuse({ bucket }: RestoreSite, intent: RestoreIntent, looked: Looked): void {
  const { versioning, destroyed, archived, unknown, target, changes } = looked;
  const [lost] = destroyed;
  if (changes.length > 0 && (versioning === "never" || lost !== undefined)) {
    const enable = `aws s3api put-bucket-versioning --bucket ${bucket.name} --versioning-configuration Status=Enabled`;
    throw new EmergencyError(
      "VERSIONS_NOT_KEPT",
      versioning === "never"
        ? `${bucket.place} keeps no versions, so there is nothing to go back to. Nothing was written`
        : `${bucket.place} does not keep versions at present, so ${destroyed.length} that hold data would be lost for good: ${told(destroyed.map(({ key }) => key))}. Nothing was written`,
      versioning === "never"
        ? `roll back to a release: npx hardhat frontend releases; from now on, versions are kept with: ${enable}`
        : `let it keep versions: ${enable}; then type the same command again`,
    );
  }
  const [first] = archived;
  if (first !== undefined) {
    throw new EmergencyError(
      "VERSION_ARCHIVED",
      `${archived.length} versions lie in an archive and have to be fetched from there first: ${told(archived.map(({ key, versionId }) => `${key} (version ${versionId})`))}. Nothing was written`,
      `aws s3api restore-object --bucket ${bucket.name} --key ${shellWord(first.key)} --version-id ${first.versionId} --restore-request Days=7, and so for each; then type the same command again`,
    );
  }
  if (unknown.length > 0 && !intent.acceptExpired) {
    throw new EmergencyError(
      "VERSIONS_EXPIRED",
      `a lifecycle rule of ${bucket.place} removes old versions, and may have removed what was visible (${target.what}) of ${unknown.length} objects: ${told(unknown)}. Nothing was written`,
      "choose a later time; or add --accept-expired, which leaves these objects as they are",
    );
  }
}

/** Pure: what is done, stage by stage. */
function decide(
  site: RestoreSite,
  intent: RestoreIntent,
  looked: Looked,
  carried: readonly string[],
): Decision {
  const { bucket, prefix, name } = site;
  const { changes, target, id, unfinished } = looked;
  const title = `restore ${name} to ${target.what}`;
  const notes = [...carried, ...notesOf(site, intent, looked)];
  if (changes.length === 0 && unfinished === undefined) {
    return {
      title,
      actions: [],
      expected: [],
      outputs: {},
      inverse: { none: "nothing is done, so there is nothing to undo" },
      notes: [...notes, "everything is as it was then already"],
    };
  }
  const place = `${bucket.place}/${new RestoreRecords(bucket, prefix).keyOf(id)}`;
  const stages = STAGES.map((stage) => ({ stage, due: puttingBack(site, changes, stage) }));
  const hidden = hiding(changes);
  const actions: Action[] = [
    {
      type: "record-restore",
      summary: `write down in ${place} how ${counted(changes.length, "object")} ${changes.length === 1 ? "is" : "are"} now, so that it can be undone`,
      restore: id,
    },
    ...stages
      .filter(({ due }) => due.length > 0)
      .map(({ stage, due }): Action => {
        const copies = due.filter(({ type }) => type === "copy");
        const shows = due.filter(({ type }) => type === "show");
        return {
          type: "put-back",
          summary: `put back ${stage}: ${waysOf(copies.length, shows.length)} (${told(due.map(({ key }) => key.slice(prefix.length)))})`,
          stage,
          copies: listing(copies),
          shows: listing(shows),
        };
      }),
    ...(hidden.length === changes.length && unfinished === undefined
      ? []
      : [{ type: "settle", summary: "wait until nobody is served what was there before" }]),
    ...(hidden.length === 0
      ? []
      : [
          {
            type: "hide",
            summary: `hide ${hidden.length} objects that were not there, with markers: nothing is lost (${told(hidden.map(({ key }) => key.slice(prefix.length)))})`,
            hides: listing(hidden),
          },
        ]),
    {
      type: "finish-restore",
      summary: `list everything again, and note in ${place} that it is done`,
      restore: id,
    },
  ];
  const fact = `objects that are not as they were (${target.what})`;
  return {
    title,
    actions,
    expected: [{ fact, before: changes.length, after: 0 }],
    outputs: { restore: id },
    inverse: {
      kind: "frontend-restore",
      intent: {
        frontend: name,
        target: { before: id },
        acceptOldAddress: true,
        acceptExpired: true,
        keepNew: false,
      },
    },
    notes,
  };
}

/** What a person should know before saying yes. */
function notesOf(
  { bucket, prefix }: RestoreSite,
  { target: wanted }: RestoreIntent,
  looked: Looked,
): readonly string[] {
  const { changes, unknown, kept, vanishing, rules, versioning, unfinished, records } = looked;
  const others = records.filter(
    (record) => record.finishedAt === null && record.id !== unfinished?.id,
  );
  const paths = (keys: readonly string[]): string =>
    told(keys.map((key) => key.slice(prefix.length)));
  return [
    ...(unfinished === undefined
      ? []
      : [
          `restore ${unfinished.id} of ${unfinished.by}, begun at ${unfinished.at}, was not finished: this goes on with it`,
        ]),
    ...others.map(
      ({ id, by, at, target }) =>
        `restore ${id} of ${by}, begun at ${at}, was not finished${"time" in target ? `: to go on with it, use --to-time ${target.time}` : ""}`,
    ),
    ...(changes.some(({ type }) => type === "copy")
      ? ["a copy gets the tags that its version has now: S3 keeps no older ones"]
      : []),
    ...(kept.length === 0
      ? []
      : [
          `${kept.length} files that were not there then stay, because open pages ask for them: ${paths(kept)}`,
        ]),
    ...(unknown.length === 0
      ? []
      : [
          `${unknown.length} objects stay as they are, because a lifecycle rule may have removed what was visible: ${paths(unknown)}`,
        ]),
    ...vanishing.map(
      ({ id, noncurrent }) =>
        `lifecycle rule "${id}" removes versions ${noncurrent?.days ?? 0} days after they were replaced or deleted: what was deleted wholly before that cannot be seen any more`,
    ),
    ...(rules === undefined && "time" in wanted
      ? [
          `whether a lifecycle rule of ${bucket.place} has removed versions is not known: s3:GetLifecycleConfiguration is needed`,
        ]
      : []),
    ...(versioning === "suspended"
      ? [
          `${bucket.place} does not keep versions at present: to undo this, it has to keep them again`,
        ]
      : []),
  ];
}

/** Objects of an action: all are in the hash, and the first ones by name. */
function listing(changes: readonly Change[]): JsonObject {
  const lines = changes.map((change): JsonObject => {
    const { key } = change;
    switch (change.type) {
      case "copy":
        return { key, version: change.from.versionId, over: change.over?.versionId ?? null };
      case "show":
        return {
          key,
          version: change.shows.versionId,
          markers: change.markers.map(({ versionId }) => versionId),
        };
      case "hide":
        return { key, version: change.hides.versionId };
    }
  });
  const sha256 = createHash("sha256").update(canonicalJson(lines)).digest("hex");
  return { count: lines.length, sha256, first: lines.slice(0, MOST_LISTED) };
}

/** So many of a list at most, evenly spread over it. */
function spread<T>(all: readonly T[], most: number): readonly T[] {
  const step = Math.max(1, all.length / most);
  return all.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step));
}

function missing(changes: readonly Change[]): number {
  return changes.filter(({ type }) => type !== "hide").length;
}

/** A key in a command line. */
function shellWord(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function waysOf(copies: number, shows: number): string {
  return [
    ...(copies === 0 ? [] : [`${copies} copied from older versions`]),
    ...(shows === 0 ? [] : [`${shows} by taking markers away`]),
  ].join(", ");
}
