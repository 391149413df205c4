/**
 * What kwok, which stands in for the kubelets, does with pods: a pod's label `fate` says how it goes with it.
 * Without one it is ready at once. Those that complete or fail are of jobs.
 */
export type Fate =
  | "crash-loop"
  | "image-pull"
  | "never-ready"
  | "completes"
  | "fails"
  | "liveness"
  | "no-config"
  | "no-volume";

/** How often the container of a crash loop has been started again. */
export const RESTARTS = 4;

/** The stages, as documents of kwok's configuration. */
export function stages(): readonly object[] {
  return [
    stage("node-ready", "Node", [notReady], { statusTemplate: NODE }),
    stage("pod-ready", "Pod", [...starting, fated("NotIn", ALL_FATES)], {
      statusTemplate: podStatus({ phase: "Running", ready: true, state: RUNNING }),
    }),
    stage("pod-never-ready", "Pod", [...starting, fated("In", ["never-ready"])], {
      statusTemplate: podStatus({ phase: "Running", ready: false, state: RUNNING }),
      event: {
        type: "Warning",
        reason: "Unhealthy",
        message: "Readiness probe failed: HTTP probe failed with statuscode: 503",
      },
    }),
    stage("pod-image-pull", "Pod", [...starting, fated("In", ["image-pull"])], {
      statusTemplate: podStatus({
        phase: "Pending",
        ready: false,
        state: "{ waiting: { reason: ImagePullBackOff, message: Back-off pulling image } }",
      }),
      event: {
        type: "Warning",
        reason: "Failed",
        message: "Failed to pull image: manifest unknown",
      },
    }),
    stage("pod-crash-loop", "Pod", [...starting, fated("In", ["crash-loop"])], {
      statusTemplate: podStatus({
        phase: "Running",
        ready: false,
        state: "{ waiting: { reason: CrashLoopBackOff, message: back-off 40s restarting } }",
        lastState:
          "{ terminated: { exitCode: 137, reason: OOMKilled, startedAt: {{ Now | Quote }}, finishedAt: {{ Now | Quote }} } }",
        restarts: RESTARTS,
      }),
    }),
    stage("pod-liveness", "Pod", [...starting, fated("In", ["liveness"])], {
      statusTemplate: podStatus({
        phase: "Running",
        ready: false,
        state: "{ waiting: { reason: CrashLoopBackOff, message: back-off 40s restarting } }",
        lastState: ended(137, "Error"),
        restarts: RESTARTS,
      }),
      event: {
        type: "Warning",
        reason: "Unhealthy",
        message: "Liveness probe failed: dial tcp 10.0.0.1:8080: connect: connection refused",
      },
    }),
    stage("pod-no-config", "Pod", [...starting, fated("In", ["no-config"])], {
      statusTemplate: podStatus({
        phase: "Pending",
        ready: false,
        state:
          '{ waiting: { reason: CreateContainerConfigError, message: "secret \\"database\\" not found" } }',
      }),
    }),
    stage("pod-no-volume", "Pod", [...starting, fated("In", ["no-volume"])], {
      statusTemplate: podStatus({
        phase: "Pending",
        ready: false,
        state: "{ waiting: { reason: ContainerCreating } }",
      }),
      event: {
        type: "Warning",
        reason: "FailedMount",
        message: 'MountVolume.SetUp failed for volume "settings" : configmap "settings" not found',
      },
    }),
    stage("pod-completes", "Pod", [...starting, fated("In", ["completes"])], {
      statusTemplate: podStatus({ phase: "Succeeded", ready: false, state: ended(0, "Completed") }),
    }),
    stage("pod-fails", "Pod", [...starting, fated("In", ["fails"])], {
      statusTemplate: podStatus({ phase: "Failed", ready: false, state: ended(1, "Error") }),
    }),
    stage("pod-gone", "Pod", [expression(".metadata.deletionTimestamp", "Exists")], {
      delete: true,
    }),
  ];
}

const RUNNING = "{ running: { startedAt: {{ Now | Quote }} } }";

const ALL_FATES: readonly Fate[] = [
  "crash-loop",
  "image-pull",
  "never-ready",
  "completes",
  "fails",
  "liveness",
  "no-config",
  "no-volume",
];

function ended(exitCode: number, reason: string): string {
  return `{ terminated: { exitCode: ${exitCode}, reason: ${reason}, startedAt: {{ Now | Quote }}, finishedAt: {{ Now | Quote }} } }`;
}

interface Expression {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

function expression(key: string, operator: string, values?: readonly string[]): Expression {
  return { key, operator, ...(values === undefined ? {} : { values }) };
}

const notReady = expression(
  '.status.conditions.[] | select( .type == "Ready" ) | .status',
  "NotIn",
  ["True"],
);

/** No status has been set: the pod has a node, and no container yet. */
const starting: readonly Expression[] = [
  expression(".metadata.deletionTimestamp", "DoesNotExist"),
  expression(".spec.nodeName", "Exists"),
  expression(".status.containerStatuses", "DoesNotExist"),
];

function fated(operator: string, fates: readonly Fate[]): Expression {
  return expression(".metadata.labels.fate", operator, fates);
}

function stage(
  name: string,
  kind: string,
  matchExpressions: readonly Expression[],
  next: object,
): object {
  return {
    apiVersion: "kwok.x-k8s.io/v1alpha1",
    kind: "Stage",
    metadata: { name },
    spec: {
      resourceRef: { apiGroup: "v1", kind },
      selector: { matchExpressions },
      next,
    },
  };
}

/** The status of a pod in whose containers it goes alike. */
function podStatus(wanted: {
  readonly phase: string;
  readonly ready: boolean;
  readonly state: string;
  readonly lastState?: string;
  readonly restarts?: number;
}): string {
  const { phase, ready, state, lastState = "{}", restarts = 0 } = wanted;
  const condition = ready ? "True" : "False";
  return `
phase: ${phase}
startTime: {{ Now | Quote }}
conditions:
- { type: Initialized, status: "True", lastTransitionTime: {{ Now | Quote }} }
- { type: Ready, status: "${condition}", lastTransitionTime: {{ Now | Quote }} }
- { type: ContainersReady, status: "${condition}", lastTransitionTime: {{ Now | Quote }} }
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  ready: ${String(ready)}
  restartCount: ${restarts}
  state: ${state}
  lastState: ${lastState}
{{ end }}
`;
}

const NODE = `
phase: Running
conditions:
- { type: Ready, status: "True", reason: KubeletReady, message: ready, lastHeartbeatTime: {{ Now | Quote }}, lastTransitionTime: {{ Now | Quote }} }
addresses:
- { type: InternalIP, address: {{ NodeIP | Quote }} }
allocatable: { cpu: 1k, memory: 1Ti, pods: 1M }
capacity: { cpu: 1k, memory: 1Ti, pods: 1M }
`;
