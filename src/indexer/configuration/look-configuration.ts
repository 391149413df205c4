import { z } from "zod";

import { EmergencyError } from "../../errors.js";
import type { Indexer } from "../indexer.js";
import { chooseRevision } from "../kubernetes/choose-revision.js";
import { readHistory, type History } from "../kubernetes/history.js";
import type { ClusterObject } from "../kubernetes/objects.js";
import { targetSchema } from "../kubernetes/target-schema.js";
import { versionHash } from "../kubernetes/template.js";
import { titleOf as titleOfWorkload } from "../kubernetes/workload-step.js";
import { ACCOUNT_TOKEN, contentOf, mergedContent, objectNameOf, sameContent } from "./content.js";
import { keeperOf } from "./owned.js";
import type { ConfigurationPlaces } from "./places.js";
import {
  allReferences,
  referencesOf,
  titleOf,
  type ConfigurationName,
  type ConfigurationReference,
} from "./references.js";
import { isSame, isToken, type Looked, type Side } from "./looked.js";
import { readSnapshots, type Snapshot } from "./snapshots.js";
import { readSource, sourceSchema, type FoundSource } from "./source.js";
import { snapshotsToTake, type Kept } from "./kept.js";

/** What `indexer-configuration` is asked for. */
export const configurationIntent = z
  .object({
    indexer: z.string(),
    /** The revision whose configuration is wanted; default: the present one. */
    target: targetSchema.optional(),
    source: sourceSchema,
  })
  .strict();

/** See {@link configurationIntent}. */
export type ConfigurationIntent = z.infer<typeof configurationIntent>;

/** All that was found. */
export interface Seen extends Kept {
  readonly history: History;
  readonly now: Side;
  readonly target: Side;
  readonly source: FoundSource;
  readonly objects: readonly Looked[];
  readonly snapshots: readonly Snapshot[];
  readonly notes: readonly string[];
}

/**
 * Looks at what a workload reads, at what it should be, and at what has to be kept of it. Never writes.
 * @throws EmergencyError CLUSTER_DENIED, BAD_CONFIGURATION, CONFIGURATION_OWNED, and what reading a source throws.
 */
export async function lookAtConfiguration(
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
  if (wantedTarget !== undefined && intent.from !== "keep") {
    refuseMissing(missingIn(source, target, objects), target);
  }
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
      ...missingIn(source, target, objects).map(
        (each) => `${titleOf(each)} does not exist, so that pods which need it do not start`,
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
export async function unlessDenied<T>(
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

/** A refusal that says how to go on without what may not be done. */
export function wayOut(denied: EmergencyError): EmergencyError {
  return new EmergencyError(
    denied.code,
    `the configuration cannot be brought back: ${denied.what}. Nothing was written`,
    `${denied.next}; or leave it as it is: --configuration keep`,
    denied,
  );
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

/** What pods cannot start without, and is neither there nor in the source. */
function missingIn(
  { objects: found }: FoundSource,
  { references }: Side,
  objects: readonly Looked[],
): readonly ConfigurationName[] {
  return references.filter(
    (reference) =>
      !reference.optional &&
      objects.some((each) => isSame(each, reference) && each.object === null) &&
      !found.some((each) => isSame(each, reference)),
  );
}

/** Pods that need what is not there do not start: a rollback to them would only make it worse. */
function refuseMissing(missing: readonly ConfigurationName[], { number }: Side): void {
  if (missing.length > 0) {
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
