import { z } from "zod";

import { EmergencyError } from "../../errors.js";
import type { JsonObject } from "../../json.js";
import type { Action, Decision, Facts } from "../../step.js";
import type { Indexer } from "../indexer.js";
import { chooseRevision } from "../kubernetes/choose-revision.js";
import { readHistory, type History } from "../kubernetes/history.js";
import type { ClusterObject } from "../kubernetes/objects.js";
import {
  nothingToDo,
  titleOf as titleOfWorkload,
  type WorkloadChange,
} from "../kubernetes/workload-step.js";
import { targetSchema } from "../kubernetes/target-schema.js";
import { versionHash } from "../kubernetes/template.js";
import {
  ACCOUNT_TOKEN,
  contentOf,
  hashOf,
  mergedContent,
  objectNameOf,
  sameContent,
  type Content,
} from "./content.js";
import { changedKeys, differencesOf, inWords } from "./difference.js";
import { keeperOf } from "./owned.js";
import type { ConfigurationPlaces } from "./places.js";
import {
  allReferences,
  referencesOf,
  titleOf,
  type ConfigurationName,
  type ConfigurationReference,
} from "./references.js";
import { restoreObject, wayOf, type Restore } from "./restore.js";
import {
  hasSnapshot,
  holdsAll,
  planSnapshot,
  readSnapshots,
  snapshotFor,
  writeSnapshot,
  type NewSnapshot,
  type Snapshot,
  type Why,
} from "./snapshots.js";
import { readSource, sourceSchema, type FoundSource } from "./source.js";

const configurationIntent = z
  .object({
    indexer: z.string(),
    /** The revision whose configuration is wanted; default: the present one. */
    target: targetSchema.optional(),
    source: sourceSchema,
  })
  .strict();

/** See {@link configurationChange}. */
export type ConfigurationIntent = z.infer<typeof configurationIntent>;

/** A ConfigMap or Secret as it is, and as it should be. */
interface Looked extends ConfigurationName {
  readonly object: ClusterObject | null;
  readonly present: Content | null;
  /** Null where it stays as it is. */
  readonly wanted: Content | null;
  readonly restore: Restore | null;
}

/** A revision, as far as its configuration goes. */
interface Side {
  readonly number: number;
  readonly template: string;
  readonly references: readonly ConfigurationReference[];
}

/**
 * Times in Kubernetes have a second's resolution. Pods that are made from now on are seen to be newer than the
 * change only if that second is over.
 */
const RESOLUTION_MS = 1_000;

interface Seen {
  readonly history: History;
  readonly now: Side;
  readonly target: Side;
  readonly source: FoundSource;
  readonly objects: readonly Looked[];
  /** What is kept before anything is changed, and what is kept of the result; null where that is kept already. */
  readonly before: NewSnapshot | null;
  readonly after: Omit<NewSnapshot, "objects"> | null;
  readonly snapshots: readonly Snapshot[];
  /** The snapshot that undoes it. */
  readonly undo: number | null;
  readonly notes: readonly string[];
}

/**
 * Brings the ConfigMaps and Secrets that a workload reads to what they were, keeps what they are now, and
 * touches nothing else. Done before the template goes back, so that new pods start with it.
 */
export function configurationChange(
  places: ConfigurationPlaces,
): WorkloadChange<ConfigurationIntent, Seen> {
  return {
    kind: "indexer-configuration",
    intent: configurationIntent,
    look: async (indexer, intent) => await look(indexer, intent, places),
    facts: factsOf,
    decide,
    writes: (indexer, _intent, seen) => writesOf(indexer, seen),
    async readBack(indexer, intent) {
      const seen = await look(indexer, intent, places);
      const differ = seen.objects.filter(({ restore }) => restore !== null).map(titleOf);
      const { origin } = seen.source;
      const kept = await keptNow(indexer, seen);
      if (differ.length > 0) {
        return {
          evidence: kept,
          problem: `${differ.join(", ")} ${differ.length === 1 ? "is" : "are"} not as ${origin ?? "wanted"}: somebody, or something that keeps it as a repository says, has changed it since`,
        };
      }
      const wanted = seen.objects.filter((each) => each.wanted !== null).map(titleOf);
      return {
        evidence: [
          ...(wanted.length === 0 ? [] : [`${wanted.join(", ")}: as ${origin ?? "wanted"}`]),
          ...kept,
        ],
      };
    },
  };
}

/** What is said of the snapshot that holds the present state. */
async function keptNow(
  { cluster }: Indexer,
  { history, snapshots }: Seen,
): Promise<readonly string[]> {
  const newest = snapshots.at(-1);
  return newest !== undefined && (await hasSnapshot(cluster, history.workload, newest.number))
    ? [`snapshot ${newest.number} is in the cluster`]
    : [];
}

async function look(
  indexer: Indexer,
  { target: wantedTarget, source: intent }: ConfigurationIntent,
  places: ConfigurationPlaces,
): Promise<Seen> {
  const { cluster } = indexer;
  const title = titleOfWorkload(indexer);
  const history = await readHistory(cluster, indexer.workload);
  const { workload, revisions } = history;
  const now: Side = {
    number: revisions.find(({ present }) => present)?.number ?? 0,
    template: versionHash(workload.spec.template),
    references: referencesOf(workload.spec.template),
  };
  const target =
    wantedTarget === undefined
      ? now
      : sideOf(chooseRevision(title, workload, revisions, wantedTarget).revision);
  const maySkip = intent.from === "auto" || intent.from === "keep";

  const [snapshots, snapshotsDenied] = await unlessDenied(
    async () => await readSnapshots(cluster, workload),
    [],
  );
  if (snapshotsDenied !== null && !maySkip) {
    throw snapshotsDenied;
  }
  const source = await withWayOut(
    readSource(
      intent,
      {
        cluster,
        title,
        revision: `revision ${target.number}`,
        template: target.template,
        references: target.references,
        snapshots,
      },
      places,
    ),
  );
  const references = allReferences(now.references, target.references);
  const names = [
    ...references,
    ...source.objects.filter((each) => !references.some((other) => isSame(each, other))),
  ];
  const [objects, denied] = await unlessDenied(
    async () =>
      await Promise.all(
        names.map(async ({ kind, name }) => {
          const object = await cluster.object(objectNameOf({ kind, name }));
          return lookedAt({ kind, name }, object, source, target.references);
        }),
      ),
    [],
  );
  // With nothing to bring back it is no reason to stop a rollback that nothing can be kept.
  if (denied !== null && (!maySkip || source.origin !== null)) {
    throw wayOut(denied);
  }
  refuseMissing(intent.from, source, target, objects);
  refuseKept(objects);
  const refusals = [snapshotsDenied, denied].filter((each) => each !== null);
  const seen = { history, now, target, source, objects, snapshots };
  const kept =
    refusals.length > 0
      ? { before: null, after: null, undo: null }
      : await snapshotsToTake(indexer, seen);
  return {
    ...seen,
    ...kept,
    notes: [
      ...source.notes,
      ...refusals.map(
        ({ what }) =>
          `whether the configuration is as it was cannot be told, and no copy of it can be kept: ${what}`,
      ),
      ...objects
        .filter(isToken)
        .map((each) => `${titleOf(each)} is Kubernetes' own token, and stays as it is`),
    ],
  };
}

function sideOf({ number, template }: History["revisions"][number]): Side {
  return { number, template: versionHash(template), references: referencesOf(template) };
}

/** What there is, or the refusal of somebody who may not read it. */
async function unlessDenied<T>(
  read: () => Promise<T>,
  otherwise: T,
): Promise<readonly [T, EmergencyError | null]> {
  try {
    return [await read(), null];
  } catch (error) {
    if (error instanceof EmergencyError && error.code === "CLUSTER_DENIED") {
      return [otherwise, error];
    }
    throw error;
  }
}

/** Whoever may not read what it takes can still go back without it, and is told so. */
async function withWayOut<T>(read: Promise<T>): Promise<T> {
  const [found, denied] = await unlessDenied<T | null>(async () => await read, null);
  if (found === null) {
    throw denied === null ? new TypeError("nothing was read") : wayOut(denied);
  }
  return found;
}

function wayOut(denied: EmergencyError): EmergencyError {
  return new EmergencyError(
    denied.code,
    `whether the configuration is as it was cannot be told: ${denied.what}. Nothing was written`,
    `${denied.next}; or leave it as it is: --configuration keep`,
    denied,
  );
}

function isSame(a: ConfigurationName, b: ConfigurationName): boolean {
  return a.kind === b.kind && a.name === b.name;
}

function isToken({ present }: Looked): boolean {
  return present?.type === ACCOUNT_TOKEN;
}

function lookedAt(
  { kind, name }: ConfigurationName,
  object: ClusterObject | null,
  source: FoundSource,
  references: readonly ConfigurationReference[],
): Looked {
  const present = object === null ? null : contentOf(kind, object);
  const found = source.objects.find((each) => isSame(each, { kind, name }));
  if (found === undefined || present?.type === ACCOUNT_TOKEN) {
    return { kind, name, object, present, wanted: null, restore: null };
  }
  const read = references.find((each) => isSame(each, { kind, name }))?.keys ?? "all";
  const { keys: given } = found;
  const keys =
    given === "all" ? read : read === "all" ? given : given.filter((key) => read.includes(key));
  const wanted = mergedContent(present, found.content, keys);
  const restore = sameContent(present, wanted)
    ? null
    : { kind, name, object, wanted, original: found.original };
  return { kind, name, object, present, wanted, restore };
}

/** Pods that need what is not there do not start: a rollback to them would only make it worse. */
function refuseMissing(
  from: ConfigurationIntent["source"]["from"],
  { objects: found }: FoundSource,
  { number, references }: Side,
  objects: readonly Looked[],
): void {
  const missing = references.filter(
    (reference) =>
      !reference.optional &&
      objects.some((each) => isSame(each, reference) && each.object === null) &&
      !found.some((each) => isSame(each, reference)),
  );
  if (missing.length > 0 && from !== "keep") {
    throw new EmergencyError(
      "BAD_CONFIGURATION",
      `${missing.map(titleOf).join(", ")}, which revision ${number} needs, ${missing.length === 1 ? "does" : "do"} not exist any more, and there is no copy: its pods would not start. Nothing was written`,
      "name where it is kept with --configuration: <file>, git:<ref>:<path> or secrets-manager; or go on without it: --configuration keep",
    );
  }
}

/** What somebody keeps as he wants it is brought back there, or not at all. */
function refuseKept(objects: readonly Looked[]): void {
  for (const { restore } of objects) {
    const object = restore?.object ?? null;
    const keeper = object === null ? null : keeperOf(object);
    if (restore !== null && keeper !== null) {
      throw new EmergencyError(
        "CONFIGURATION_OWNED",
        `${titleOf(restore)} is kept by ${keeper}, which would put its own values back. Nothing was written`,
        `bring back the earlier values where ${keeper} has them from; or go on without them: --configuration keep`,
      );
    }
  }
}

/** What has to be kept, and is not yet. */
async function snapshotsToTake(
  { cluster }: Indexer,
  seen: Pick<Seen, "history" | "now" | "target" | "source" | "objects" | "snapshots">,
): Promise<Pick<Seen, "before" | "after" | "undo">> {
  const { history, now, target, source, objects, snapshots } = seen;
  const { workload } = history;
  const leaves = now.template !== target.template;
  const restores = objects.some(({ restore }) => restore !== null);
  const concerned = objects.filter(
    (each) =>
      !isToken(each) &&
      (each.restore !== null || now.references.some((reference) => isSame(each, reference))),
  );
  let before: NewSnapshot | null = null;
  let undo: number | null = null;
  if ((leaves || restores) && concerned.length > 0) {
    const newest = snapshots.findLast(({ template }) => template === now.template);
    const covered = newest !== undefined && (await covers(cluster, newest, concerned));
    const why: Why = leaves ? "left" : "before";
    const about = { template: now.template, revision: now.number, why };
    before = covered ? null : await planSnapshot(cluster, workload, snapshots, about, concerned);
    undo = before?.number ?? newest?.number ?? null;
  }
  // From a snapshot that speaks for the target already, nothing new is to be remembered of it.
  const speaks = snapshotFor(snapshots, target.template);
  const wanted = objects.filter((each) => each.wanted !== null);
  const known =
    source.origin === null ||
    wanted.length === 0 ||
    (source.snapshot !== null && source.snapshot.number === speaks?.number) ||
    (!restores &&
      speaks !== undefined &&
      (await holdsAll(cluster, speaks, readBy(target, objects))));
  const after = known
    ? null
    : {
        number: (before?.number ?? snapshots.at(-1)?.number ?? 0) + 1,
        template: target.template,
        revision: target.number,
        why: "restored" as const,
      };
  return { before, after, undo };
}

/**
 * Whether a snapshot holds the present state, but for what an earlier run of the same command, which was
 * killed, has brought back already: that is not what the revision used.
 */
async function covers(
  cluster: Indexer["cluster"],
  snapshot: Snapshot,
  objects: readonly Looked[],
): Promise<boolean> {
  const own = objects.filter(
    ({ present, wanted }) => wanted === null || !sameContent(present, wanted),
  );
  return (
    objects.every((each) => snapshot.objects.some((other) => isSame(each, other))) &&
    (await holdsAll(cluster, snapshot, own))
  );
}

/** What a revision reads, of all that was looked at. */
function readBy({ references }: Side, objects: readonly Looked[]): readonly Looked[] {
  return objects.filter(
    (each) => !isToken(each) && references.some((reference) => isSame(each, reference)),
  );
}

function factsOf({ history, target, source, objects }: Seen): Facts {
  const states = objects.map((each): readonly [string, string] => [titleOf(each), stateOf(each)]);
  return {
    workload: history.workload.metadata.uid,
    "configuration wanted": target.template,
    ...source.facts,
    ...Object.fromEntries(states),
  };
}

/** What tells whether it was changed, and nothing of what a Secret holds. */
function stateOf({ kind, object, present, wanted }: Looked): string {
  if (object === null || present === null) {
    return "none";
  }
  if (kind === "ConfigMap") {
    return hashOf(present);
  }
  const { uid, resourceVersion } = object.metadata;
  return wanted !== null && sameContent(present, wanted)
    ? "as wanted"
    : `${uid} ${resourceVersion}`;
}

function decide(indexer: Indexer, { indexer: name }: ConfigurationIntent, seen: Seen): Decision {
  const { source, objects, before, after, undo, notes, now, target } = seen;
  const title = titleOfWorkload(indexer);
  const wanted = objects.filter((each) => each.wanted !== null);
  // What runs already and reads these is looked at afterwards, also when an earlier run has brought them back.
  const outputs = { objects: wanted.map(titleOf).join(",") };
  const restores = objects.flatMap((each) =>
    each.restore === null ? [] : [{ ...each, restore: each.restore }],
  );
  if (restores.length === 0 && before === null && after === null) {
    const as = wanted.length === 0 ? "stays as it is" : `is as ${source.origin ?? "wanted"}`;
    return { ...nothingToDo(`the configuration of ${title} ${as}`, notes), outputs };
  }
  const actions: readonly Action[] = [
    ...(before === null
      ? []
      : [keepAction(before.number, now.number, before.objects.map(titleOf), "reads now")]),
    ...restores.map(({ restore, present }) => restoreAction(restore, present, source)),
    ...(after === null
      ? []
      : [keepAction(after.number, target.number, wanted.map(titleOf), "reads then")]),
  ];
  return {
    title:
      restores.length === 0
        ? `keep a copy of the configuration of ${title}`
        : `bring back the configuration of ${title} as ${source.origin ?? "wanted"}`,
    actions,
    expected: restores.flatMap(({ restore, present }) =>
      differencesOf(restore, present, restore.wanted),
    ),
    outputs,
    inverse:
      restores.length === 0
        ? { none: "only copies are made" }
        : undo === null
          ? { none: "there is no copy of what it was" }
          : {
              kind: "indexer-configuration",
              intent: { indexer: name, source: { from: "snapshot", number: undo } },
            },
    notes,
  };
}

function keepAction(
  number: number,
  revision: number,
  objects: readonly string[],
  when: string,
): Action {
  return {
    type: "keep-copy",
    summary: `keep a copy of what revision ${revision} ${when}, as snapshot ${number}: ${objects.join(", ")}`,
    snapshot: number,
    objects: [...objects],
  };
}

function restoreAction(restore: Restore, present: Content | null, source: FoundSource): Action {
  const keys = changedKeys(present, restore.wanted);
  const way = wayOf(restore);
  const how = {
    create: "make",
    patch: "set",
    recreate: "remove, because it is immutable, and make again",
  }[way];
  return {
    type: "restore-object",
    summary: `${how} ${titleOf(restore)} as ${source.origin ?? "wanted"}: ${inWords(keys)}`,
    object: titleOf(restore),
    way,
    added: [...keys.added],
    removed: [...keys.removed],
    changed: [...keys.changed],
    // Of a Secret even a hash would say too much.
    ...(restore.kind === "ConfigMap" ? { content: hashOf(restore.wanted) } : {}),
  };
}

function writesOf(indexer: Indexer, seen: Seen): readonly (() => Promise<JsonObject>)[] {
  const { cluster } = indexer;
  const { history, objects, before, after, snapshots, target } = seen;
  const restores = objects.flatMap(({ restore }) => restore ?? []);
  return [
    ...(before === null
      ? []
      : [
          async (): Promise<JsonObject> => {
            await writeSnapshot(indexer, history.workload, before);
            return { did: `keep snapshot ${before.number}` };
          },
        ]),
    ...restores.map((restore, index) => async (): Promise<JsonObject> => {
      await restoreObject(cluster, restore);
      if (index === restores.length - 1 && !cluster.dryRun) {
        await indexer.wait(RESOLUTION_MS);
      }
      return { did: `bring back ${titleOf(restore)}` };
    }),
    ...(after === null
      ? []
      : [
          async (): Promise<JsonObject> => {
            const present = await Promise.all(
              target.references.map(async ({ kind, name }) => ({
                kind,
                name,
                object: await cluster.object(objectNameOf({ kind, name })),
              })),
            );
            const { number, ...about } = after;
            const taken = await planSnapshot(cluster, history.workload, snapshots, about, present);
            await writeSnapshot(indexer, history.workload, { ...taken, number });
            return { did: `keep snapshot ${number}` };
          },
        ]),
  ];
}
