import { EmergencyError } from "../../errors.js";
import type { JsonObject } from "../../json.js";
import { jsonObjectSchema } from "../../json-schema.js";
import type { StepRequest } from "../../step.js";
import type { Indexer } from "../indexer.js";
import { chooseRevision, type Target } from "../kubernetes/choose-revision.js";
import type { Cluster } from "../kubernetes/cluster.js";
import { readHistory } from "../kubernetes/history.js";
import type { Workload } from "../kubernetes/objects.js";
import { versionHash } from "../kubernetes/template.js";
import { titleOf as titleOfWorkload } from "../kubernetes/workload-step.js";
import { allReferences, referencesOf } from "./references.js";
import { readSnapshots, snapshotFor } from "./snapshots.js";
import type { SourceIntent } from "./source.js";

/** What is asked for around a change of a workload's template. */
export interface ConfigurationRequests {
  /** Brings the configuration back, and keeps what it is: before the template goes back. */
  readonly before: readonly StepRequest[];
  /** Restarts what else reads it: when the new pods work. */
  readonly after: readonly StepRequest[];
}

/**
 * The steps that take an indexer's configuration along when its workload goes back; none where it reads no
 * ConfigMap and no Secret. Never writes.
 * @param target where the workload goes; undefined: it stays, and only its configuration goes back.
 * @throws EmergencyError UNKNOWN_REVISION, UNKNOWN_WORKLOAD, and what every question to a cluster throws.
 */
export async function configurationRequests(
  indexer: Indexer,
  target: Target | undefined,
  source: SourceIntent,
): Promise<ConfigurationRequests> {
  const { name, cluster } = indexer;
  const { workload, revisions } = await readHistory(cluster, indexer.workload);
  const now = workload.spec.template;
  const then =
    target === undefined
      ? now
      : chooseRevision(titleOfWorkload(indexer), workload, revisions, target).revision.template;
  const references = allReferences(referencesOf(now), referencesOf(then));
  const isAsked = source.from !== "auto" && source.from !== "keep";
  if (references.length === 0 && !isAsked) {
    return { before: [], after: [] };
  }
  const id = `configure ${name}`;
  const before: StepRequest = {
    id,
    kind: "indexer-configuration",
    intent: {
      indexer: name,
      source: asJson(source),
      ...(target === undefined ? {} : { target: { ...target } }),
    },
  };
  const brings =
    isAsked ||
    (source.from === "auto" && (await hasSnapshot(cluster, workload, versionHash(then))));
  const after: StepRequest = {
    id: `restart readers of ${name}`,
    kind: "indexer-consumers",
    intent: { indexer: name, objects: { $output: `${id}.objects` } },
    after: [id],
  };
  return { before: [before], after: brings ? [after] : [] };
}

async function hasSnapshot(
  cluster: Cluster,
  workload: Workload,
  template: string,
): Promise<boolean> {
  try {
    const snapshots = await readSnapshots(cluster, workload);
    return snapshotFor(snapshots, template) !== undefined;
  } catch (error) {
    // The step itself says what cannot be told.
    if (error instanceof EmergencyError && error.code === "CLUSTER_DENIED") {
      return false;
    }
    throw error;
  }
}

/** Without what is not given. */
function asJson(source: SourceIntent): JsonObject {
  return jsonObjectSchema.parse(JSON.parse(JSON.stringify(source)));
}
