import { z } from "zod";

import { EmergencyError } from "../../errors.js";
import type { Facts } from "../../step.js";
import type { Indexer, IndexerBook } from "../indexer.js";
import { fits, inWords, readAutoscalers, type Autoscaler } from "./autoscaler.js";
import { changeWorkload } from "./guarded-patch.js";
import type { Workload } from "./objects.js";
import { waitUntilGone } from "./pods-gone.js";
import {
  STOPPED_LABEL,
  isStopped,
  rememberedOf,
  replicasOf,
  startPatch,
  stopPatch,
  writeRemembered,
} from "./stopped.js";
import { problemOf, waitForRollout } from "./status.js";
import { nothingToDo, titleOf, WorkloadStep, type WorkloadChange } from "./workload-step.js";

const stopIntent = z
  .object({
    indexer: z.string(),
    /** Whether a larger plan starts it again. */
    inPlan: z.boolean().default(false),
  })
  .strict();

const startIntent = z
  .object({
    indexer: z.string(),
    /** How many pods, where nobody remembers; default: as many as there were. */
    replicas: z.number().int().positive().optional(),
    /**
     * Whether it must come to run. A step of a larger plan leaves alone what no plan has stopped, a person's
     * stop included, and what had no pods before; whoever types `indexer start` wants pods.
     */
    must: z.boolean().default(false),
  })
  .strict();

interface Seen {
  readonly workload: Workload;
  readonly autoscalers: readonly Autoscaler[];
}

/**
 * `indexer-stop`: lets a workload have no pods, remembers how many it had, and waits until none is left.
 */
export function stopStep(indexers: IndexerBook): WorkloadStep<z.infer<typeof stopIntent>, Seen> {
  return new WorkloadStep(stop, indexers);
}

/** `indexer-start`: the other way round; waits until its pods work. */
export function startStep(indexers: IndexerBook): WorkloadStep<z.infer<typeof startIntent>, Seen> {
  return new WorkloadStep(start, indexers);
}

async function look({ cluster, workload: name }: Indexer): Promise<Seen> {
  const [workload, autoscalers] = await Promise.all([
    cluster.workload(name),
    // Nothing scales a DaemonSet.
    name.kind === "DaemonSet" ? [] : readAutoscalers(cluster, name),
  ]);
  return { workload, autoscalers };
}

const stop: WorkloadChange<z.infer<typeof stopIntent>, Seen> = {
  kind: "indexer-stop",
  intent: stopIntent,
  look,
  // Not how many there are: an autoscaler may change that until it is done.
  facts: ({ workload }): Facts => ({
    workload: workload.metadata.uid,
    "runs no pods": !hasPods(workload),
  }),
  decide(indexer, _intent, { workload, autoscalers }) {
    const title = titleOf(indexer);
    const { kind } = indexer.workload;
    if (isStopped(kind, workload)) {
      const remembered = rememberedOf(workload);
      const notes =
        remembered === null && kind !== "DaemonSet"
          ? ["nobody remembers how many pods it had: indexer start will need --to"]
          : [];
      return nothingToDo(`${title} is stopped`, notes);
    }
    mustStayStopped(title, autoscalers);
    mustKeepVolumes(title, workload);
    return {
      title: `stop ${title}, and wait until none of its pods is left`,
      actions: [{ type: "stop-workload", summary: `let ${title} have no pods` }],
      expected: [{ fact: "pods", before: replicasInWords(indexer, workload), after: 0 }],
      outputs: {},
      inverse: { kind: "indexer-start", intent: { indexer: indexer.name, must: true } },
      notes: [
        ...(kind === "DaemonSet"
          ? [
              "it asks for nodes that do not exist: kubectl shows that as a revision; indexer rollback passes over it, kubectl rollout undo does not",
            ]
          : []),
        ...autoscalers.map(
          (autoscaler) => `${inWords(autoscaler)} leaves it alone as long as it is stopped`,
        ),
      ],
    };
  },
  writes: (indexer, intent, { workload }) => [
    async () => {
      const { kind } = indexer.workload;
      const remember = writeRemembered(workload, indexer.now(), intent.inPlan);
      await changeWorkload(
        indexer,
        workload,
        (now) => stopPatch(kind, now, remember),
        (now) =>
          isStopped(kind, now) &&
          (kind === "DaemonSet" || now.metadata.labels[STOPPED_LABEL] === remember),
      );
      return { did: "stop" };
    },
  ],
  async readBack(indexer, _intent, tell) {
    const { gone, what } = await waitUntilGone(indexer, tell);
    return gone ? { evidence: [what] } : { evidence: [], problem: what };
  },
};

const start: WorkloadChange<z.infer<typeof startIntent>, Seen> = {
  kind: "indexer-start",
  intent: startIntent,
  look,
  facts: ({ workload }): Facts => ({
    workload: workload.metadata.uid,
    "runs no pods": !hasPods(workload),
    "was stopped here": isRemembered(workload),
  }),
  decide(indexer, intent, { workload, autoscalers }) {
    const title = titleOf(indexer);
    const { kind } = indexer.workload;
    const remembered = rememberedOf(workload);
    if (!isStopped(kind, workload)) {
      if (!(STOPPED_LABEL in workload.metadata.labels)) {
        return nothingToDo(`${title} is not stopped`);
      }
      return {
        ...nothingToDo(`forget that ${title} was stopped: somebody has started it since`),
        actions: [{ type: "start-workload", summary: `take the label ${STOPPED_LABEL} away` }],
        inverse: { none: "the label says nothing any more" },
      };
    }
    if (!intent.must && remembered?.inPlan === false) {
      return nothingToDo(`${title} stays stopped`, [
        `it was stopped at ${remembered.at} by indexer stop; when it may run again: npx hardhat indexer start --indexer ${indexer.name}`,
      ]);
    }
    const replicas = intent.replicas ?? remembered?.replicas;
    if (kind !== "DaemonSet" && replicas === undefined) {
      if (!intent.must) {
        return nothingToDo(`${title} stays stopped: it had no pods before`);
      }
      throw new EmergencyError(
        "REPLICAS_UNKNOWN",
        `nobody remembers how many pods ${title} had: it was not stopped by indexer stop`,
        `say how many it is to have: npx hardhat indexer start --indexer ${indexer.name} --to 2`,
      );
    }
    const wanted = replicas ?? 1;
    // Without --to, whatever the stop has remembered in the end.
    const how =
      kind === "DaemonSet"
        ? "on its nodes"
        : intent.replicas === undefined
          ? "as many as there were"
          : `${wanted} of them`;
    return {
      title: `start ${title}, and wait until its pods work`,
      actions: [{ type: "start-workload", summary: `let ${title} have its pods again, ${how}` }],
      expected: [{ fact: "pods", before: 0, after: kind === "DaemonSet" ? "one a node" : wanted }],
      outputs: {},
      inverse: { kind: "indexer-stop", intent: { indexer: indexer.name } },
      notes: [
        ...(remembered === null
          ? []
          : [
              `it was stopped at ${remembered.at}, with ${remembered.replicas === 1 ? "1 pod" : `${remembered.replicas} pods`}`,
            ]),
        ...autoscalers
          .filter((autoscaler) => !fits(wanted, autoscaler))
          .map((autoscaler) => `${inWords(autoscaler)} will not leave it at ${wanted} pods`),
      ],
    };
  },
  writes: (indexer, intent, { workload }) => [
    async () => {
      const { kind } = indexer.workload;
      const replicas = isStopped(kind, workload)
        ? (intent.replicas ?? rememberedOf(workload)?.replicas ?? 1)
        : replicasOf(workload);
      await changeWorkload(
        indexer,
        workload,
        (now) => startPatch(kind, now, replicas),
        (now) => !isStopped(kind, now) && !(STOPPED_LABEL in now.metadata.labels),
      );
      return { did: "start" };
    },
  ],
  async readBack(indexer, intent, tell) {
    const { kind } = indexer.workload;
    const title = titleOf(indexer);
    const status = await waitForRollout(indexer, tell);
    const problem = problemOf(status);
    if (problem !== undefined) {
      return { evidence: [], problem };
    }
    if (!isStopped(kind, await indexer.cluster.workload(indexer.workload))) {
      return { evidence: [`${title} runs: ${status.rollout.what}`] };
    }
    return intent.must
      ? { evidence: [], problem: `${title} is to have no pods: somebody has stopped it again` }
      : { evidence: [`${title} is stopped, as it was`] };
  },
};

/**
 * What an autoscaler would start again cannot be stopped.
 * @throws EmergencyError AUTOSCALED
 */
export function mustStayStopped(title: string, autoscalers: readonly Autoscaler[]): void {
  const restless = autoscalers.find(({ restsAtZero }) => !restsAtZero);
  if (restless === undefined) {
    return;
  }
  const [ownerKind, ownerName = ""] = (restless.owner ?? "").split(" ");
  throw new EmergencyError(
    "AUTOSCALED",
    ownerKind === "ScaledObject"
      ? `KEDA (ScaledObject ${ownerName}) starts ${title} again as soon as there is work`
      : `${inWords(restless)} may start ${title} again by itself: it may scale to zero`,
    ownerKind === "ScaledObject"
      ? `let it rest first: kubectl annotate scaledobject ${ownerName} autoscaling.keda.sh/paused=true; then type the same command again`
      : `let it leave it alone at zero first: kubectl patch hpa ${restless.name} --patch '{"spec":{"minReplicas":1}}'; then type the same command again`,
  );
}

/**
 * A StatefulSet may throw away the volumes of pods that it no longer has.
 * @throws EmergencyError IRREVERSIBLE
 */
export function mustKeepVolumes(title: string, { metadata, spec }: Workload): void {
  const { volumeClaimTemplates, persistentVolumeClaimRetentionPolicy: policy } = spec;
  if (volumeClaimTemplates.length > 0 && policy?.whenScaled === "Delete") {
    throw new EmergencyError(
      "IRREVERSIBLE",
      `${title} deletes the volumes of pods that it no longer has, and their data (persistentVolumeClaimRetentionPolicy.whenScaled)`,
      `let it keep them first: kubectl patch statefulset ${metadata.name} --patch '{"spec":{"persistentVolumeClaimRetentionPolicy":{"whenScaled":"Retain"}}}'; then type the same command again`,
    );
  }
}

/** Pure, and the same for all kinds: a DaemonSet has no number, and the others no such selector. */
function hasPods(workload: Workload): boolean {
  return !isStopped("Deployment", workload) && !isStopped("DaemonSet", workload);
}

function isRemembered(workload: Workload): boolean {
  return rememberedOf(workload) !== null || isStopped("DaemonSet", workload);
}

function replicasInWords({ workload: { kind } }: Indexer, workload: Workload): string | number {
  return kind === "DaemonSet" ? "one a node" : replicasOf(workload);
}
