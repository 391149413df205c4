import { isControlledBy } from "./history.js";
import type { ContainerStatus, KubernetesEvent, Pod, ReplicaSet, Workload } from "./objects.js";

/** Why a workload does not come up. */
export interface Cause {
  readonly kind:
    | "quota"
    | "refused"
    | "scheduling"
    | "image"
    | "configuration"
    | "crash"
    | "probe"
    | "evicted"
    | "volume"
    | "waiting";
  /** In one sentence: "cannot pull image indexer:2: manifest unknown". */
  readonly what: string;
  /** How many pods it keeps from coming up. */
  readonly pods: number;
  /** Whether waiting longer may be all it takes. */
  readonly passing: boolean;
  /** The container whose last words tell more. */
  readonly crashed: { readonly pod: string; readonly container: string } | null;
}

/** What is known of a workload that does not come up. */
export interface Evidence {
  readonly workload: Workload;
  /** The workload's own pods, and those that its revisions have. */
  readonly pods: readonly Pod[];
  /** Empty for those that have none. */
  readonly replicaSets: readonly ReplicaSet[];
  readonly warnings: readonly KubernetesEvent[];
}

const IMAGE_REASONS = ["ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"];
const CONFIGURATION_REASONS = [
  "CreateContainerConfigError",
  "CreateContainerError",
  "RunContainerError",
];

/**
 * Why pods do not come up, what most of them have first. Pure.
 *
 * What a pod says of itself comes before what events say of it: events are forgotten after an hour, and the
 * same ones are written for pods that have come up since.
 */
export function causesOf({ workload, pods, replicaSets, warnings }: Evidence): readonly Cause[] {
  const found = [
    ...notCreated(workload, replicaSets, warnings),
    ...pods
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .flatMap((pod) => causeOfPod(pod, eventsOf(pod.metadata.uid, warnings))),
  ];
  const merged = new Map<string, Cause>();
  for (const cause of found) {
    const key = `${cause.kind} ${cause.what}`;
    const known = merged.get(key);
    merged.set(key, known === undefined ? cause : { ...known, pods: known.pods + cause.pods });
  }
  return [...merged.values()].sort(
    (a, b) => Number(a.passing) - Number(b.passing) || b.pods - a.pods,
  );
}

/** Pods that nobody could even make: no pod tells of it, only their maker. */
function notCreated(
  workload: Workload,
  replicaSets: readonly ReplicaSet[],
  warnings: readonly KubernetesEvent[],
): readonly Cause[] {
  const own = replicaSets.filter(({ metadata }) => isControlledBy(metadata, workload));
  const conditions = [
    ...workload.status.conditions,
    ...own.flatMap(({ status }) => status.conditions),
  ];
  const failure = conditions.find(
    ({ type, status }) => type === "ReplicaFailure" && status === "True",
  );
  const uids = [workload.metadata.uid, ...own.map(({ metadata }) => metadata.uid)];
  // A StatefulSet has no such condition, and a DaemonSet neither.
  const event = uids
    .flatMap((uid) => eventsOf(uid, warnings))
    .find(({ reason }) => reason === "FailedCreate");
  const message = failure?.message ?? event?.message;
  const { replicas, desiredNumberScheduled, currentNumberScheduled } = workload.status;
  // Events stay when what they tell of is over.
  const missing =
    failure !== undefined ||
    replicas < (workload.spec.replicas ?? 0) ||
    currentNumberScheduled < desiredNumberScheduled;
  if (message === undefined || message === null || !missing) {
    return [];
  }
  const kind = message.includes("exceeded quota") ? "quota" : "refused";
  return [
    {
      kind,
      what: `${kind === "quota" ? "a quota does not allow its pods" : "its pods are refused"}: ${message}`,
      pods: 1,
      passing: false,
      crashed: null,
    },
  ];
}

function causeOfPod(pod: Pod, events: readonly KubernetesEvent[]): readonly Cause[] {
  const { metadata, spec, status } = pod;
  const cause = (
    kind: Cause["kind"],
    what: string,
    options: Partial<Pick<Cause, "passing" | "crashed">> = {},
  ): readonly Cause[] => [{ kind, what, pods: 1, passing: false, crashed: null, ...options }];

  if (status.phase === "Failed" && status.reason !== "") {
    return cause("evicted", `${status.reason}: ${status.message}`);
  }
  const scheduled = status.conditions.find(({ type }) => type === "PodScheduled");
  if (spec.nodeName === "" && scheduled?.status === "False") {
    return cause("scheduling", `no node can take it: ${scheduled.message}`);
  }
  const containers = [...status.initContainerStatuses, ...status.containerStatuses];
  for (const container of containers) {
    const found = causeOfContainer(container, metadata.name, events, cause);
    if (found !== undefined) {
      return found;
    }
  }
  const volume = events.find(({ reason }) => /^Failed(Mount|AttachVolume)$/.test(reason));
  if (volume !== undefined && containers.length === 0) {
    return cause("volume", `a volume cannot be mounted: ${messageOf(volume)}`);
  }
  const running = status.containerStatuses.find(
    ({ ready, state }) => !ready && state.running !== undefined,
  );
  if (running !== undefined) {
    const probe = events.find(({ reason }) => reason === "Unhealthy");
    return probe === undefined
      ? cause("waiting", `container ${running.name} runs and is not ready yet`, { passing: true })
      : cause("probe", `container ${running.name} runs and is not ready: ${messageOf(probe)}`);
  }
  return status.phase === "Pending"
    ? cause("waiting", "it is being started", { passing: true })
    : [];
}

type MakeCause = (
  kind: Cause["kind"],
  what: string,
  options?: Partial<Pick<Cause, "passing" | "crashed">>,
) => readonly Cause[];

function causeOfContainer(
  { name, image, state, lastState, restartCount }: ContainerStatus,
  pod: string,
  events: readonly KubernetesEvent[],
  cause: MakeCause,
): readonly Cause[] | undefined {
  const { reason, message } = state.waiting ?? { reason: "", message: "" };
  const explained = message === "" ? reason : message;
  if (IMAGE_REASONS.includes(reason)) {
    // The status says that it waits; the event, why.
    const why = events.find((event) => event.message?.startsWith("Failed to pull") === true);
    const said = why === undefined ? explained : messageOf(why);
    return cause("image", `the image ${image} of container ${name} cannot be had: ${said}`);
  }
  if (CONFIGURATION_REASONS.includes(reason)) {
    return cause("configuration", `container ${name} cannot be started: ${explained}`);
  }
  const end = state.terminated ?? lastState.terminated;
  const failed = end !== undefined && end.exitCode !== 0 && state.running === undefined;
  if (reason === "CrashLoopBackOff" || failed) {
    const why =
      end === undefined
        ? ""
        : `: ${end.reason === "" || end.reason === "Error" ? "" : `${end.reason}, `}exit code ${end.exitCode}${end.message === "" ? "" : `, ${end.message.trim()}`}`;
    const times = restartCount === 1 ? "once" : `${restartCount} times`;
    return cause("crash", `container ${name} crashes, and was started again ${times}${why}`, {
      crashed: { pod, container: name },
    });
  }
  return undefined;
}

function eventsOf(uid: string, events: readonly KubernetesEvent[]): readonly KubernetesEvent[] {
  return events
    .filter(({ involvedObject }) => involvedObject.uid === uid)
    .sort((a, b) => timeOf(b).localeCompare(timeOf(a)));
}

function timeOf({ lastTimestamp, eventTime, metadata }: KubernetesEvent): string {
  return lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? "";
}

function messageOf({ message, reason }: KubernetesEvent): string {
  return message ?? reason;
}
