import { z } from "zod";

import { EmergencyError } from "../../errors.js";
import type { JsonObject } from "../../json.js";
import type { Facts } from "../../step.js";
import type { IndexerBook } from "../indexer.js";
import { changeWorkload, replaced } from "./guarded-patch.js";
import type { Workload } from "./objects.js";
import { isStopped } from "./stopped.js";
import { problemOf, waitForRollout } from "./status.js";
import { RESTARTED_AT, isJsonObject, templateHash } from "./template.js";
import { nothingToDo, titleOf, WorkloadStep, type WorkloadChange } from "./workload-step.js";

const restartIntent = z
  .object({
    indexer: z.string(),
    /**
     * ISO 8601. A restart at or after this time is the one that is wanted: whoever types the command again,
     * because it was killed or because a colleague did not see it, does not restart a second time.
     */
    since: z.string().datetime({ offset: true }),
  })
  .strict();

type Intent = z.infer<typeof restartIntent>;

interface Seen {
  readonly workload: Workload;
}

/**
 * `indexer-restart`: all pods made anew from the same template, as `kubectl rollout restart` does it: by the time
 * in an annotation of the template.
 */
export function restartStep(indexers: IndexerBook): WorkloadStep<Intent, Seen> {
  return new WorkloadStep(restart, indexers);
}

const restart: WorkloadChange<Intent, Seen> = {
  kind: "indexer-restart",
  intent: restartIntent,
  look: async ({ cluster, workload }) => ({ workload: await cluster.workload(workload) }),
  facts: ({ workload }): Facts => ({
    workload: workload.metadata.uid,
    "template of the workload": templateHash(workload.spec.template),
    paused: workload.spec.paused,
    "runs no pods": isStopped("Deployment", workload) || isStopped("DaemonSet", workload),
  }),
  decide(indexer, { since }, { workload }) {
    const title = titleOf(indexer);
    const { kind, name } = indexer.workload;
    const last = restartedAt(workload);
    if (last !== null && Date.parse(last) >= Date.parse(since)) {
      return nothingToDo(`${title} was restarted at ${last}`, [
        "to restart it once more, add --again",
      ]);
    }
    if (workload.spec.paused) {
      throw new EmergencyError(
        "ROLLOUT_PAUSED",
        `the rollout of ${title} is paused, so that its pods would stay as they are`,
        `see why, and go on with it: kubectl rollout resume deployment/${name} --namespace ${indexer.cluster.namespace}; then type the same command again`,
      );
    }
    const held = isStopped(kind, workload)
      ? `it is stopped: its pods will be new ones when it is started, with indexer start`
      : heldBack(workload);
    return {
      title: `restart ${title}, and wait until its new pods work`,
      actions: [{ type: "restart-workload", summary: `let ${title} make all its pods anew` }],
      expected: [{ fact: "restarted at", before: last, after: "now" }],
      outputs: {},
      inverse: { none: "the pods that are replaced are gone; the version stays the same" },
      notes: held === null ? [] : [held],
    };
  },
  writes: (indexer, _intent, { workload }) => [
    async () => {
      const { template } = workload.spec;
      const at = indexer.now().toISOString();
      await changeWorkload(
        indexer,
        workload,
        () => replaced("/spec/template", template, restartedTemplate(template, at)),
        (now) => restartedAt(now) === at,
      );
      return { did: "restart" };
    },
  ],
  async readBack(indexer, { since }, tell) {
    const title = titleOf(indexer);
    const status = await waitForRollout(indexer, tell);
    const workload = await indexer.cluster.workload(indexer.workload);
    const last = restartedAt(workload);
    if (last === null || Date.parse(last) < Date.parse(since)) {
      return {
        evidence: [],
        problem: `${title} does not say any more that it was restarted: somebody, or something that keeps it as a repository says, has changed it since`,
      };
    }
    const evidence = [`${title} was restarted at ${last}`];
    if (isStopped(indexer.workload.kind, workload)) {
      return {
        evidence: [...evidence, "it is stopped: its pods will be new ones when it is started"],
      };
    }
    const problem = problemOf(status) ?? heldBack(workload);
    return problem === null
      ? { evidence: [...evidence, status.rollout.what] }
      : { evidence, problem };
  },
};

/** When a workload was last restarted; null when never, or nobody can read it. */
function restartedAt({ spec: { template } }: Workload): string | null {
  const { metadata } = template;
  const annotations = isJsonObject(metadata) ? metadata.annotations : undefined;
  const at = isJsonObject(annotations) ? annotations[RESTARTED_AT] : undefined;
  return typeof at === "string" && !Number.isNaN(Date.parse(at)) ? at : null;
}

function restartedTemplate(template: JsonObject, at: string): JsonObject {
  const metadata = isJsonObject(template.metadata) ? template.metadata : {};
  const annotations = isJsonObject(metadata.annotations) ? metadata.annotations : {};
  return {
    ...template,
    metadata: { ...metadata, annotations: { ...annotations, [RESTARTED_AT]: at } },
  };
}

/** Why not all pods are replaced by themselves; null when they are. */
function heldBack({ metadata: { name }, spec }: Workload): string | null {
  const { type, rollingUpdate } = spec.updateStrategy ?? {};
  if (type === "OnDelete") {
    return "its update strategy is OnDelete: each pod is replaced when somebody deletes it, with kubectl delete pod";
  }
  const partition = rollingUpdate?.partition ?? 0;
  return partition > 0
    ? `its partition keeps the pods below ${name}-${partition} as they are`
    : null;
}
