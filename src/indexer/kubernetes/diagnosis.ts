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
    | "sandbox"
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

/** What a kubelet says of containers that wait (pkg/kubelet/images/types.go, pkg/kubelet/container/sync_result.go). */
const IMAGE_REASONS = [
  "ErrImagePull",
  "ImagePullBackOff",
  "InvalidImageName",
  "ErrImageNeverPull",
  "ImageInspectError",
  "RegistryUnavailable",
  "SignatureValidationFailed",
];
const CONFIGURATION_REASONS = [
  "CreateContainerConfigError",
  "CreateContainerError",
  "RunContainerError",
  "PreCreateHookError",
  "PreStartHookError",
  "PostStartHookError",
];
const NOT_BEGUN = ["", "ContainerCreating", "PodInitializing"];

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
  // A kubelet shows containers as being created while it waits for what they need.
  const begun = containers.some(
    ({ state }) => state.waiting === undefined || !NOT_BEGUN.includes(state.waiting.reason),
  );
  const needed = begun ? undefined : causeBeforeStart(events);
  if (needed !== undefined) {
    return cause(needed.kind, needed.what);
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

/** Why no container of a pod is even made. */
function causeBeforeStart(
  events: readonly KubernetesEvent[],
): Pick<Cause, "kind" | "what"> | undefined {
  const volume = events.find(({ reason }) => /^Failed(Mount|AttachVolume)$/.test(reason));
  if (volume !== undefined) {
    const said = messageOf(volume);
    const isConfiguration = /\b(configmap|secret)\b.*\bnot found\b/i.test(said);
    return {
      kind: isConfiguration ? "configuration" : "volume",
      what: `a volume cannot be mounted: ${said}`,
    };
  }
  const sandbox = events.find(({ reason }) => reason === "FailedCreatePodSandBox");
  return sandbox === undefined
    ? undefined
    : { kind: "sandbox", what: `its node cannot set up the pod: ${messageOf(sandbox)}` };
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
    const crashed = { pod, container: name };
    // Whoever is killed because of a probe looks like one that crashes.
    const probe = end?.reason === "OOMKilled" ? undefined : killingProbe(name, events);
    if (probe !== undefined) {
      const what = `container ${name} is killed because of a probe, and was started again ${times}: ${messageOf(probe)}`;
      return cause("probe", what, { crashed });
    }
    const ends = end?.exitCode === 0 ? "ends by itself" : "crashes";
    return cause("crash", `container ${name} ${ends}, and was started again ${times}${why}`, {
      crashed,
    });
  }
  return undefined;
}

/** A probe for which a kubelet kills a container: not that of readiness. */
function killingProbe(
  container: string,
  events: readonly KubernetesEvent[],
): KubernetesEvent | undefined {
  return events.find(
    ({ reason, message, involvedObject: { fieldPath } }) =>
      reason === "Unhealthy" &&
      /^(Liveness|Startup) probe/.test(message ?? "") &&
      (fieldPath === "" || fieldPath.endsWith(`{${container}}`)),
  );
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
