import { z } from "zod";

import { EmergencyError } from "../../errors.js";
import type { JsonObject } from "../../json.js";
import type { Indexer } from "../indexer.js";
import { changeWorkload, replaced } from "../kubernetes/guarded-patch.js";
import { isControlledBy } from "../kubernetes/history.js";
import type { Pod, Workload } from "../kubernetes/objects.js";
import { problemOf, waitForRollout } from "../kubernetes/status.js";
import { RESTARTED_AT, isJsonObject, templateHash } from "../kubernetes/template.js";
import {
  nothingToDo,
  titleOf as titleOfWorkload,
  type WorkloadChange,
} from "../kubernetes/workload-step.js";
import { changedByUsMs, consumersOf, isOlder, parseNames, type Consumer } from "./consumers.js";
import { objectNameOf } from "./content.js";
import { referencesOf, titleOf } from "./references.js";

const consumersIntent = z
  .object({
    indexer: z.string(),
    /** "ConfigMap env,Secret db": what was brought back, by this run or by one that was killed. */
    objects: z.string(),
  })
  .strict();

/** See {@link consumersChange}. */
export type ConsumersIntent = z.infer<typeof consumersIntent>;

interface Stale extends Consumer {
  readonly pods: number;
}

interface Seen {
  readonly stale: readonly Stale[];
  readonly readers: readonly Consumer[];
  readonly notes: readonly string[];
}

/**
 * Restarts whatever runs in the namespace with pods that are older than the configuration they read. Which ones
 * those are is seen in the cluster, so that a second run restarts nobody twice and forgets nobody.
 */
export const consumersChange: WorkloadChange<ConsumersIntent, Seen> = {
  kind: "indexer-consumers",
  intent: consumersIntent,
  look,
  facts: ({ stale }) => ({
    "to be restarted": stale.map(titleOfConsumer).join(", "),
    ...Object.fromEntries(
      stale.map((each) => [
        `template of ${titleOfConsumer(each)}`,
        templateHash(each.workload.spec.template),
      ]),
    ),
  }),
  decide(indexer, { objects }, { stale, readers, notes }) {
    const names = objects === "" ? "nothing that was brought back" : objects.split(",").join(", ");
    if (stale.length === 0) {
      const who = readers.map(titleOfConsumer).join(", ");
      return nothingToDo(
        objects === ""
          ? `nobody beside ${titleOfWorkload(indexer)} has to be restarted`
          : `what reads ${names} runs with it${who === "" ? "" : `: ${who}`}`,
        notes,
      );
    }
    return {
      title: `restart what reads ${names} and still runs with what it was`,
      actions: stale.map((each) => ({
        type: "restart-workload",
        summary: `let ${titleOfConsumer(each)} make its pods anew: it reads ${each.reads
          .map((reference) => `${titleOf(reference)} (${reference.uses.join(", ")})`)
          .join(", ")}`,
        workload: titleOfConsumer(each),
      })),
      expected: stale.map((each) => ({
        fact: `${titleOfConsumer(each)}, pods with the old configuration`,
        before: "some or all",
        after: 0,
      })),
      outputs: {},
      inverse: { none: "the pods that are replaced are gone; their version stays the same" },
      notes,
    };
  },
  writes: (indexer, _intent, { stale }) =>
    stale.map((each) => async (): Promise<JsonObject> => {
      const at = indexer.now().toISOString();
      const { template } = each.workload.spec;
      await changeWorkload(
        { cluster: indexer.cluster, workload: each.name },
        each.workload,
        () => replaced("/spec/template", template, restarted(template, at)),
        (now) => restartedAt(now) === at,
      );
      return { did: `restart ${titleOfConsumer(each)}` };
    }),
  async readBack(indexer, intent, tell) {
    const { readers, notes } = await look(indexer, intent);
    const statuses = await Promise.all(
      readers.filter(wasRestarted(indexer)).map(
        async ({ name }) =>
          await waitForRollout({ ...indexer, workload: name }, (what) => {
            tell(`${name.kind} ${name.name}: ${what}`);
          }),
      ),
    );
    // Old pods are gone when the rollout is done, so what is older now has not followed.
    const { stale } = await look(indexer, intent);
    const problems = [
      ...statuses.flatMap((status) => problemOf(status) ?? []),
      ...stale.map((each) => `${titleOfConsumer(each)} still has pods with the old configuration`),
    ];
    const evidence = statuses
      .filter((status) => problemOf(status) === undefined)
      .map(({ workload, rollout }) => `${workload} runs with it: ${rollout.what}`);
    return problems.length === 0
      ? { evidence: [...evidence, ...notes] }
      : { evidence, problem: problems.join("; ") };
  },
};

/** What was not restarted may be unwell for reasons of its own. */
function wasRestarted({ now }: Indexer): (reader: Consumer) => boolean {
  const sinceMs = now().getTime() - RECENTLY_MS;
  return ({ workload }) =>
    !heldBack(workload) && Date.parse(String(restartedAt(workload))) >= sinceMs;
}

const RECENTLY_MS = 3_600_000;

async function look(
  indexer: Indexer,
  { objects }: Pick<ConsumersIntent, "objects">,
): Promise<Seen> {
  const { cluster } = indexer;
  const names = parseNames(objects);
  const changed = new Map<string, number>();
  for (const name of names) {
    const object = await cluster.object(objectNameOf(name));
    const ms = object === null ? null : changedByUsMs(object);
    if (ms !== null) {
      changed.set(titleOf(name), ms);
    }
  }
  if (changed.size === 0) {
    return { stale: [], readers: [], notes: [] };
  }
  let readers: readonly Consumer[];
  const notes: string[] = [];
  try {
    readers = await consumersOf(cluster, names);
  } catch (error) {
    if (!(error instanceof EmergencyError && error.code === "CLUSTER_DENIED")) {
      throw error;
    }
    readers = [];
    notes.push(
      `who else reads ${objects} cannot be told: ${error.what}. Restart them by hand: kubectl rollout restart`,
    );
  }
  // As it is here, which may be in a dry run; others are only ever looked at as they are.
  const own = await cluster.workload(indexer.workload);
  const others = readers.filter(({ name }) => !isOwn(indexer, name));
  const wanted = new Set(names.map(titleOf));
  const reads = referencesOf(own.spec.template).filter((each) => wanted.has(titleOf(each)));
  const all =
    reads.length === 0 ? others : [{ name: indexer.workload, workload: own, reads }, ...others];
  return await staleAmong(indexer, all, changed, notes);
}

/**
 * The pods that nobody replaces anyway. Those of an earlier template are on their way out, as after a run that
 * was killed behind its last write: how many of them are left changes while one looks.
 */
async function lastingPods(
  cluster: Indexer["cluster"],
  { name, workload }: Consumer,
): Promise<readonly Pod[]> {
  const pods = await cluster.pods(workload);
  if (name.kind !== "Deployment" || heldBack(workload)) {
    return pods;
  }
  const present = templateHash(workload.spec.template);
  const owner = (await cluster.replicaSets(workload)).find(
    ({ metadata, spec }) =>
      isControlledBy(metadata, workload) && templateHash(spec.template) === present,
  );
  return owner === undefined ? [] : pods.filter(({ metadata }) => isControlledBy(metadata, owner));
}

function isOwn({ workload }: Indexer, { kind, name }: Consumer["name"]): boolean {
  return workload.kind === kind && workload.name === name;
}

async function staleAmong(
  { cluster }: Indexer,
  readers: readonly Consumer[],
  changed: ReadonlyMap<string, number>,
  notes: readonly string[],
): Promise<Seen> {
  const looked = await Promise.all(
    readers.map(async (reader): Promise<Stale> => {
      const { reads, workload } = reader;
      const since = reads.flatMap((reference) => changed.get(titleOf(reference)) ?? []);
      const newest = Math.max(...(since.length === 0 ? changed.values() : since));
      // What was only tried makes no pods. It will make all of them anew.
      const isTried =
        cluster.dryRun && workload.metadata.generation > workload.status.observedGeneration;
      const pods = isTried ? [] : await lastingPods(cluster, reader);
      return { ...reader, pods: pods.filter((pod) => isOlder(pod, newest)).length };
    }),
  );
  const stale = looked.filter(({ pods }) => pods > 0);
  const held = stale.filter(({ workload }) => heldBack(workload));
  return {
    readers,
    stale: stale.filter((each) => !held.includes(each)),
    notes: [
      ...notes,
      ...held.map(
        (each) =>
          `${titleOfConsumer(each)} reads it as well, and its rollout is paused or waits for somebody to delete pods: restart it by hand`,
      ),
    ],
  };
}

function heldBack({ spec }: Workload): boolean {
  return spec.paused || spec.updateStrategy?.type === "OnDelete";
}

function titleOfConsumer({ name: { kind, name } }: Consumer): string {
  return `${kind} ${name}`;
}

function restarted(template: JsonObject, at: string): JsonObject {
  const metadata = isJsonObject(template.metadata) ? template.metadata : {};
  const annotations = isJsonObject(metadata.annotations) ? metadata.annotations : {};
  return {
    ...template,
    metadata: { ...metadata, annotations: { ...annotations, [RESTARTED_AT]: at } },
  };
}

function restartedAt({ spec: { template } }: Workload): unknown {
  const { metadata } = template;
  const annotations = isJsonObject(metadata) ? metadata.annotations : undefined;
  return isJsonObject(annotations) ? annotations[RESTARTED_AT] : undefined;
}
