import type { JsonObject } from "../../json.js";
import type { Action, Decision, Facts } from "../../step.js";
import type { Indexer } from "../indexer.js";
import {
  nothingToDo,
  titleOf as titleOfWorkload,
  type Tell,
  type WorkloadChange,
} from "../kubernetes/workload-step.js";
import { hashOf, objectNameOf, sameContent, type Content } from "./content.js";
import { changedKeys, differencesOf, inWords } from "./difference.js";
import {
  configurationIntent,
  lookAtConfiguration,
  unlessDenied,
  wayOut,
  type ConfigurationIntent,
  type Seen,
} from "./look-configuration.js";
import type { Looked } from "./looked.js";
import type { ConfigurationPlaces } from "./places.js";
import { titleOf } from "./references.js";
import { restoreObject, wayOf, type Restore } from "./restore.js";
import { hasSnapshot } from "./snapshots.js";
import type { FoundSource } from "./source.js";
import { changedByUsMs } from "./consumers.js";
import { planSnapshot, writeSnapshot } from "./write-snapshot.js";

/**
 * Times in Kubernetes have a second's resolution. Pods that are made from now on are seen to be newer than the
 * change only if that second is over.
 */
const RESOLUTION_MS = 1_000;

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
    look: async (indexer, intent) => await lookAtConfiguration(indexer, intent, places),
    facts: factsOf,
    decide,
    writes: (indexer, _intent, seen, tell) => writesOf(indexer, seen, tell),
    async readBack(indexer, intent) {
      const seen = await lookAtConfiguration(indexer, intent, places);
      const differ = seen.objects.filter(({ restore }) => restore !== null).map(titleOf);
      const { origin } = seen.source;
      const kept = await keptNow(indexer, seen);
      if (differ.length > 0) {
        return {
          evidence: kept,
          problem: `${differ.join(", ")} ${differ.length === 1 ? "is" : "are"} not as ${origin ?? "wanted"}: somebody, or something that keeps it as a repository says, has changed it since`,
        };
      }
      await untilSecondIsOver(indexer, seen);
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

/**
 * A run that was killed right behind its last write has not waited. A clock that differs from the cluster's costs
 * a restart too many at worst.
 */
async function untilSecondIsOver(indexer: Indexer, { objects }: Seen): Promise<void> {
  const changes = objects.flatMap(({ object }) => (object === null ? [] : [changedByUsMs(object)]));
  const newestMs = Math.max(...changes.filter((ms) => ms !== null));
  const ageMs = indexer.now().getTime() - newestMs;
  if (!indexer.cluster.dryRun && ageMs >= 0 && ageMs < RESOLUTION_MS) {
    await indexer.wait(RESOLUTION_MS - ageMs);
  }
}

/** What is said of the snapshot that holds the present state. */
async function keptNow(
  { cluster }: Indexer,
  { history, snapshots, before, now }: Seen,
): Promise<readonly string[]> {
  if (before !== null) {
    return [`no copy is kept of what revision ${now.number} reads`];
  }
  const newest = snapshots.at(-1);
  return newest !== undefined && (await hasSnapshot(cluster, history.workload, newest.number))
    ? [`snapshot ${newest.number} is in the cluster`]
    : [];
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

function writesOf(
  indexer: Indexer,
  seen: Seen,
  tell: Tell,
): readonly (() => Promise<JsonObject>)[] {
  const { cluster } = indexer;
  const { history, objects, before, after, snapshots, target } = seen;
  const restores = objects.flatMap(({ restore }) => restore ?? []);
  return [
    ...(before === null
      ? []
      : [
          async (): Promise<JsonObject> => {
            const [, denied] = await unlessDenied(async () => {
              await writeSnapshot(indexer, history.workload, before);
            }, undefined);
            if (denied === null) {
              return { did: `keep snapshot ${before.number}` };
            }
            // Nothing is lost that is not there to be lost: no reason to stop a rollback.
            if (restores.length > 0) {
              throw wayOut(denied);
            }
            tell(`no copy of the configuration is kept: ${denied.what}`);
            return { did: "keep no copy, for want of a right" };
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
