import type { Indexer } from "../indexer.js";
import { isControlledBy } from "./history.js";
import type { Pod, ReplicaSet, Workload } from "./objects.js";
import { waitFor, type Look } from "./patience.js";
import { isStopped } from "./stopped.js";

/** How a wait for the end of all pods has ended. */
export type Gone =
  | { readonly gone: true; readonly what: string }
  /** In one sentence what is still there, or who has started it again. */
  | { readonly gone: false; readonly what: string };

/**
 * Waits until no container of a workload runs any more: not only until its pods are said to end, but until they
 * have. A process that is told to end may write for as long as its grace period.
 * @param tell told when the wait changes its reason.
 */
export async function waitUntilGone(indexer: Indexer, tell: (what: string) => void): Promise<Gone> {
  const { cluster, workload: name } = indexer;
  const title = `${name.kind} ${name.name}`;
  const ended = await waitFor(
    indexer,
    async (): Promise<Look<Gone>> => {
      const workload = await cluster.workload(name);
      if (!isStopped(name.kind, workload)) {
        const what = `${title} was started again: it is to have ${workload.spec.replicas ?? "its"} pods`;
        return { over: { gone: false, what } };
      }
      const [pods, replicaSets] = await Promise.all([
        cluster.pods(workload),
        name.kind === "Deployment" ? cluster.replicaSets(workload) : [],
      ]);
      const waitingFor = stillThere(workload, pods, replicaSets);
      return waitingFor === undefined
        ? { over: { gone: true, what: `no pod of ${title} is left` } }
        : { waitingFor };
    },
    tell,
  );
  return "over" in ended
    ? ended.over
    : {
        gone: false,
        what: `${title} still has pods after ${indexer.waitMs / 1000} seconds: ${ended.late}. A pod on a node that does not answer may still run there: look at the node before anything is forced`,
      };
}

/**
 * What keeps a stopped workload from being gone, in words; undefined when nothing does. Pure.
 *
 * A pod whose ReplicaSet is gone and that is ending belongs to whoever has its labels: rather one too many than
 * one too few.
 */
export function stillThere(
  workload: Workload,
  pods: readonly Pod[],
  replicaSets: readonly ReplicaSet[],
): string | undefined {
  const { metadata, status } = workload;
  const own = replicaSets.filter((replicaSet) => isControlledBy(replicaSet.metadata, workload));
  const unseen =
    status.observedGeneration < metadata.generation ||
    own.some(
      (replicaSet) =>
        replicaSet.spec.replicas > 0 ||
        replicaSet.status.observedGeneration < replicaSet.metadata.generation,
    );
  if (unseen) {
    return "its controller has not seen yet that it is to have no pods";
  }
  const owners = [workload, ...own];
  const running = pods.filter(
    (pod) =>
      !isOver(pod) &&
      (owners.some((owner) => isControlledBy(pod.metadata, owner)) || isOrphan(pod, replicaSets)),
  );
  if (running.length > 0) {
    const names = running.slice(0, 3).map(inWords);
    const more = running.length > names.length ? `, and ${running.length - names.length} more` : "";
    return `${running.length === 1 ? "1 pod is" : `${running.length} pods are`} still there: ${names.join(", ")}${more}`;
  }
  const counted = Math.max(status.replicas, status.currentNumberScheduled);
  return counted > 0 ? `its controller still counts ${counted} pods` : undefined;
}

function inWords({ metadata, spec }: Pod): string {
  const where = spec.nodeName === "" ? "" : ` on ${spec.nodeName}`;
  const since =
    metadata.deletionTimestamp === undefined ? "" : `, to end by ${metadata.deletionTimestamp}`;
  return `${metadata.name}${where}${since}`;
}

/** None of its containers runs, and none will again. */
function isOver({ status }: Pod): boolean {
  return status.phase === "Succeeded" || status.phase === "Failed";
}

function isOrphan(pod: Pod, replicaSets: readonly ReplicaSet[]): boolean {
  return (
    pod.metadata.deletionTimestamp !== undefined &&
    replicaSets.length > 0 &&
    !replicaSets.some((replicaSet) => isControlledBy(pod.metadata, replicaSet))
  );
}
