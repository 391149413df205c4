import { z } from "zod";

import type { JsonObject } from "../../json.js";
import type { Action } from "../../step.js";
import { readHistory, type History } from "../kubernetes/history.js";
import { versionHash } from "../kubernetes/template.js";
import {
  nothingToDo,
  titleOf as titleOfWorkload,
  type WorkloadChange,
} from "../kubernetes/workload-step.js";
import { ACCOUNT_TOKEN, contentOf, hashOf, objectNameOf, type Content } from "./content.js";
import { referencesOf, titleOf } from "./references.js";
import { holdsAll } from "./copies.js";
import { hasSnapshot, outdated, readSnapshots, snapshotFor, type Snapshot } from "./snapshots.js";
import {
  planSnapshot,
  removeSnapshots,
  writeSnapshot,
  type NewSnapshot,
} from "./write-snapshot.js";
import type { ClusterObject } from "../kubernetes/objects.js";
import type { ConfigurationName } from "./references.js";

const snapshotIntent = z.object({ indexer: z.string() }).strict();

type Intent = z.infer<typeof snapshotIntent>;

interface Seen {
  readonly history: History;
  readonly revision: number;
  readonly present: readonly (ConfigurationName & {
    readonly object: ClusterObject | null;
    readonly present: Content | null;
  })[];
  readonly snapshots: readonly Snapshot[];
  /** Null where the newest one holds the same. */
  readonly taken: NewSnapshot | null;
  readonly gone: readonly Snapshot[];
}

/** Keeps copies of the ConfigMaps and Secrets that a workload reads now, for the revision that runs now. */
export const snapshotChange: WorkloadChange<Intent, Seen> = {
  kind: "indexer-snapshot",
  intent: snapshotIntent,
  async look({ cluster, workload: name }) {
    const history = await readHistory(cluster, name);
    const { workload, revisions } = history;
    const references = referencesOf(workload.spec.template);
    const [snapshots, all] = await Promise.all([
      readSnapshots(cluster, workload),
      Promise.all(
        references.map(async ({ kind, name: own }) => {
          const object = await cluster.object(objectNameOf({ kind, name: own }));
          const content = object === null ? null : contentOf(kind, object);
          return { kind, name: own, object, present: content };
        }),
      ),
    ]);
    const present = all.filter((each) => each.present?.type !== ACCOUNT_TOKEN);
    const template = versionHash(workload.spec.template);
    const revision = revisions.find((each) => each.present)?.number ?? 0;
    const newest = snapshotFor(snapshots, template);
    const isKept =
      present.length === 0 ||
      (newest?.why === "deploy" && (await holdsAll(cluster, newest, present)));
    const about = { template, revision, why: "deploy" as const };
    const templates = new Set([template, ...revisions.map((each) => versionHash(each.template))]);
    return {
      history,
      revision,
      present,
      snapshots,
      taken: isKept ? null : await planSnapshot(cluster, workload, snapshots, about, present),
      gone: outdated(snapshots, templates),
    };
  },
  facts: ({ history, present }) => ({
    workload: history.workload.metadata.uid,
    template: versionHash(history.workload.spec.template),
    ...Object.fromEntries(
      present.map((each) => [
        titleOf(each),
        each.object === null || each.present === null
          ? "none"
          : each.kind === "ConfigMap"
            ? hashOf(each.present)
            : `${each.object.metadata.uid} ${each.object.metadata.resourceVersion}`,
      ]),
    ),
  }),
  decide(indexer, _intent, { revision, present, snapshots, taken, gone }) {
    const title = titleOfWorkload(indexer);
    const names = present.map(titleOf).join(", ");
    const missing = present.filter(({ object }) => object === null).map(titleOf);
    const notes =
      missing.length === 0 ? [] : [`${missing.join(", ")} do not exist, which is kept as well`];
    if (taken === null && gone.length === 0) {
      return nothingToDo(
        present.length === 0
          ? `${title} reads no ConfigMap and no Secret`
          : `the configuration of revision ${revision} of ${title} is kept already, in snapshot ${snapshots.at(-1)?.number ?? 0}`,
        notes,
      );
    }
    const actions: readonly Action[] = [
      ...(taken === null
        ? []
        : [
            {
              type: "keep-copy",
              summary: `keep a copy of what revision ${revision} reads, as snapshot ${taken.number}: ${names}`,
              snapshot: taken.number,
            },
          ]),
      ...(gone.length === 0
        ? []
        : [
            {
              type: "remove-copies",
              summary: `remove snapshots that nobody can need any more: ${gone.map(({ number }) => number).join(", ")}`,
              snapshots: gone.map(({ number }) => number),
            },
          ]),
    ];
    return {
      title: `keep a copy of the configuration of ${title}, revision ${revision}`,
      actions,
      expected: [],
      outputs: taken === null ? {} : { snapshot: String(taken.number) },
      inverse: { none: "only copies are made" },
      notes,
    };
  },
  writes: (indexer, _intent, { history, snapshots, taken, gone }) => [
    ...(taken === null
      ? []
      : [
          async (): Promise<JsonObject> => {
            await writeSnapshot(indexer, history.workload, taken);
            return { did: `keep snapshot ${taken.number}` };
          },
        ]),
    ...(gone.length === 0
      ? []
      : [
          async (): Promise<JsonObject> => {
            // The new one may stand on copies of those that go.
            const needed = taken === null ? [] : taken.objects.flatMap(({ copy }) => copy ?? []);
            await removeSnapshots(indexer.cluster, snapshots, gone, needed);
            return { did: `remove snapshots ${gone.map(({ number }) => number).join(", ")}` };
          },
        ]),
  ],
  async readBack(indexer) {
    const { cluster } = indexer;
    const workload = await cluster.workload(indexer.workload);
    const snapshots = await readSnapshots(cluster, workload);
    const newest = snapshotFor(snapshots, versionHash(workload.spec.template));
    if (referencesOf(workload.spec.template).length === 0) {
      return { evidence: [`${titleOfWorkload(indexer)} reads no ConfigMap and no Secret`] };
    }
    return newest !== undefined && (await hasSnapshot(cluster, workload, newest.number))
      ? {
          evidence: [
            `snapshot ${newest.number} holds ${newest.objects.map(titleOf).join(", ")} of revision ${newest.revision}`,
          ],
        }
      : { evidence: [], problem: "there is no snapshot of the template that runs now" };
  },
};
