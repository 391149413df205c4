import type { Indexer } from "../indexer.js";
import { causesOf, type Cause } from "./diagnosis.js";
import { isControlledBy, isPodOf, isReady } from "./history.js";
import type { Pod, ReplicaSet, Workload, WorkloadKind } from "./objects.js";
import { pauseAfter } from "./patience.js";
import { rolloutOf, type Rollout } from "./rollout.js";
import { isStopped, rememberedOf } from "./stopped.js";
import { templateHash } from "./template.js";

/** Why pods do not come up, with the last words of one that crashed. */
export interface ToldCause extends Cause {
  /** What the container printed last; null when that is not known. */
  readonly lastLines: string | null;
}

/** How a workload is. */
export interface WorkloadStatus {
  readonly indexer: string;
  readonly place: string;
  /** "Deployment api". */
  readonly workload: string;
  readonly rollout: Rollout;
  /** Whether it is to have no pods: then its rollout is done, and it does not run. In words; null: it is not. */
  readonly stopped: string | null;
  /** Empty while all is well. */
  readonly causes: readonly ToldCause[];
}

/** The last lines of a crash say why; those before, what it did while all was well. */
const LINES = 10;

/** Causes are asked for not every time: it takes three questions, and events come late. */
const LOOK_FOR_CAUSES_MS = 2_000;

/**
 * How a workload is now.
 * @throws EmergencyError UNKNOWN_WORKLOAD, and what every question to a cluster throws.
 */
export async function lookAtWorkload(indexer: Indexer): Promise<WorkloadStatus> {
  const workload = await indexer.cluster.workload(indexer.workload);
  const rollout = rolloutOf(indexer.workload.kind, workload);
  return {
    ...described(indexer, workload),
    rollout,
    causes: rollout.state === "done" ? [] : await causes(indexer, workload),
  };
}

/**
 * Waits as `kubectl rollout status` does, until a rollout is done or stuck. It does not wait for the progress
 * deadline when the pods themselves say for long enough that they will not come up.
 * @param tell told when the wait changes its reason.
 */
export async function waitForRollout(
  indexer: Indexer,
  tell: (what: string) => void,
): Promise<WorkloadStatus> {
  const startedMs = indexer.now().getTime();
  let told = "";
  let lookedMs = -Infinity;
  let found: readonly Cause[] = [];
  let since = { what: "", ms: startedMs };
  for (;;) {
    const workload = await indexer.cluster.workload(indexer.workload);
    const rollout = rolloutOf(indexer.workload.kind, workload);
    if (rollout.state === "done") {
      return { ...described(indexer, workload), rollout, causes: [] };
    }
    const ms = indexer.now().getTime();
    if (ms - startedMs >= LOOK_FOR_CAUSES_MS && ms - lookedMs >= LOOK_FOR_CAUSES_MS) {
      found = await findCauses(indexer, workload);
      lookedMs = ms;
    }
    const lasting = found.find(({ passing }) => !passing);
    const what = lasting?.kind ?? "";
    if (what !== since.what) {
      since = { what, ms };
    }
    const reason = lasting === undefined ? rollout.what : `${rollout.what}; ${lasting.what}`;
    if (reason !== told) {
      tell(reason);
      told = reason;
    }
    const hopeless = lasting !== undefined && ms - since.ms >= indexer.patienceMs;
    const late = ms - startedMs >= indexer.waitMs;
    if (rollout.state === "stuck" || hopeless || late) {
      const state =
        rollout.state === "going" && hopeless
          ? { state: "stuck" as const, what: rollout.what }
          : rollout;
      return {
        ...described(indexer, workload),
        rollout: state,
        causes: await causes(indexer, workload),
      };
    }
    await indexer.wait(pauseAfter(ms - startedMs));
  }
}

/** Whether a workload runs as it should. */
export function isUp({ rollout, stopped }: WorkloadStatus): boolean {
  return rollout.state === "done" && stopped === null;
}

/** In one sentence why a workload is not as it should be; undefined when it is. */
export function problemOf({
  workload,
  rollout,
  causes: found,
}: WorkloadStatus): string | undefined {
  return rollout.state === "done"
    ? undefined
    : [`${workload} is not up: ${rollout.what}`, ...found.map(({ what }) => what)].join("; ");
}

function described(
  { name, cluster, workload: { kind, name: workloadName } }: Indexer,
  workload: Workload,
): Pick<WorkloadStatus, "indexer" | "place" | "workload" | "stopped"> {
  return {
    indexer: name,
    place: cluster.place,
    workload: `${kind} ${workloadName}`,
    stopped: isStopped(kind, workload) ? stoppedInWords(workload) : null,
  };
}

function stoppedInWords(workload: Workload): string {
  const remembered = rememberedOf(workload);
  return remembered === null
    ? "it is to have no pods"
    : `it had ${remembered.replicas} pods until indexer stop at ${remembered.at}`;
}

async function causes(indexer: Indexer, workload: Workload): Promise<readonly ToldCause[]> {
  return await Promise.all(
    (await findCauses(indexer, workload)).map(async (cause): Promise<ToldCause> => {
      const { crashed } = cause;
      const lastLines =
        crashed === null
          ? null
          : await indexer.cluster.lastLines(crashed.pod, crashed.container, LINES);
      return { ...cause, lastLines };
    }),
  );
}

async function findCauses(indexer: Indexer, workload: Workload): Promise<readonly Cause[]> {
  const { cluster } = indexer;
  const { kind } = indexer.workload;
  const [pods, replicaSets, warnings] = await Promise.all([
    cluster.pods(workload),
    kind === "Deployment" ? cluster.replicaSets(workload) : [],
    cluster.warnings(),
  ]);
  return causesOf({
    workload,
    pods: newPods(kind, workload, pods, replicaSets),
    replicaSets,
    warnings,
  });
}

/**
 * The pods that matter: those of the present template. Where an update waits for pods of an earlier one, those
 * that do not work count as well.
 */
function newPods(
  kind: WorkloadKind,
  workload: Workload,
  pods: readonly Pod[],
  replicaSets: readonly ReplicaSet[],
): readonly Pod[] {
  if (kind === "Deployment") {
    const present = templateHash(workload.spec.template);
    const owner = replicaSets.find(
      (replicaSet) =>
        isControlledBy(replicaSet.metadata, workload) &&
        templateHash(replicaSet.spec.template) === present,
    );
    return owner === undefined ? [] : pods.filter((pod) => isControlledBy(pod.metadata, owner));
  }
  const own = pods.filter((pod) => isControlledBy(pod.metadata, workload));
  const { updateRevision } = workload.status;
  return own.filter(
    (pod) =>
      updateRevision === "" ||
      isPodOf(pod, workload, { name: updateRevision, labels: {} }) ||
      !isReady(pod),
  );
}
