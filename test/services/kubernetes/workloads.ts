import { setTimeout as wait } from "node:timers/promises";

import { z } from "zod";

import type { Indexer } from "../../../src/indexer/indexer.js";
import { readHistory, type History } from "../../../src/indexer/kubernetes/history.js";
import type { WorkloadKind, WorkloadName } from "../../../src/indexer/kubernetes/objects.js";
import { openCluster } from "../../../src/indexer/kubernetes/open-cluster.js";
import { KubernetesRollbackStep } from "../../../src/indexer/kubernetes/rollback-step.js";
import type { Target } from "../../../src/indexer/kubernetes/choose-revision.js";
import { makePlan, performPlan, rehearsePlan, type RunResult } from "../../../src/recovery/run.js";
import type { Plan, SiteWorld } from "../../../src/recovery/plan.js";
import { isRecord } from "../../../src/json.js";
import type { StepSet } from "../../../src/step.js";
import { until } from "../../helpers/anvil.js";
import type { Kubernetes } from "../servers/kubernetes.js";
import type { Fate } from "../servers/kubernetes-stages.js";

const PLURALS = {
  Deployment: "deployments",
  StatefulSet: "statefulsets",
  DaemonSet: "daemonsets",
} as const;

/** Where a workload is. */
export function pathOf(namespace: string, { kind, name }: WorkloadName): string {
  return `/apis/apps/v1/namespaces/${namespace}/${PLURALS[kind]}/${name}`;
}

/** What a rollout changes. */
export interface Version {
  readonly image: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly fate?: Fate;
  readonly changeCause?: string;
  readonly replicas?: number;
  readonly memory?: string;
  readonly sidecar?: string;
}

/** The manifest of a workload called "api". */
export function manifest(
  kind: WorkloadKind,
  version: Version,
  more: object = {},
  gone: Readonly<Record<string, null>> = {},
): object {
  const {
    image,
    env = {},
    labels = {},
    fate,
    changeCause,
    replicas = 2,
    memory,
    sidecar,
  } = version;
  const spec = {
    selector: { matchLabels: { app: "api" } },
    ...(kind === "DaemonSet" ? {} : { replicas }),
    ...(kind === "StatefulSet" ? { serviceName: "api", podManagementPolicy: "Parallel" } : {}),
    template: {
      metadata: {
        labels: { app: "api", ...gone, ...labels, ...(fate === undefined ? {} : { fate }) },
      },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [
          {
            name: "api",
            image,
            env: Object.entries(env).map(([name, value]) => ({ name, value })),
            ...(memory === undefined ? {} : { resources: { requests: { memory } } }),
          },
          ...(sidecar === undefined ? [] : [{ name: "sidecar", image: sidecar }]),
        ],
      },
    },
    ...more,
  };
  return {
    apiVersion: "apps/v1",
    kind,
    metadata: {
      name: "api",
      ...(changeCause === undefined
        ? {}
        : { annotations: { "kubernetes.io/change-cause": changeCause } }),
    },
    spec,
  };
}

/** An object as the API server has it. */
export async function read(
  kubernetes: Kubernetes,
  namespace: string,
  name: WorkloadName,
): Promise<Record<string, unknown>> {
  const { text } = await kubernetes.api("GET", pathOf(namespace, name));
  return z.record(z.unknown()).parse(JSON.parse(text));
}

/** Makes a workload, or brings it to another version, and waits until there is a revision of it. */
export async function roll(
  kubernetes: Kubernetes,
  namespace: string,
  kind: WorkloadKind,
  version: Version,
  more: object = {},
): Promise<void> {
  const name = { kind, name: "api" };
  const path = pathOf(namespace, name);
  const made = await kubernetes.api(
    "POST",
    path.slice(0, path.lastIndexOf("/")),
    manifest(kind, version, more),
  );
  if (made.status === 409) {
    // Lists are replaced as wholes, maps are merged: what this version does not have goes by name.
    const gone = { tier: null, team: null, fate: null };
    const { text, status } = await kubernetes.api(
      "PATCH",
      path,
      manifest(kind, version, more, gone),
      "application/merge-patch+json",
    );
    if (status >= 300) {
      throw new Error(text);
    }
  } else if (made.status >= 300) {
    throw new Error(made.text);
  }
  await settled(kubernetes, namespace, kind);
}

/** Waits until the controller has seen the newest change and has a revision of it. */
export async function settled(
  kubernetes: Kubernetes,
  namespace: string,
  kind: WorkloadKind,
): Promise<History> {
  const indexer = await indexerIn(kubernetes, namespace, kind);
  let history: History | undefined;
  await until(`the controller of ${namespace} has seen it`, async () => {
    history = await readHistory(indexer.cluster, indexer.workload);
    const { workload, revisions } = history;
    const newest = revisions.at(-1);
    return (
      workload.status.observedGeneration >= workload.metadata.generation && newest?.present === true
    );
  });
  if (history === undefined) {
    throw new Error("there is no history");
  }
  return history;
}

/** The workload "api" of a namespace, as the configuration would name it. */
export async function indexerIn(
  kubernetes: Kubernetes,
  namespace: string,
  kind: WorkloadKind,
  patience: Partial<Pick<Indexer, "waitMs" | "patienceMs">> = {},
): Promise<Indexer> {
  return {
    name: "api",
    cluster: await openCluster({
      kubeconfig: kubernetes.kubeconfig,
      context: undefined,
      namespace,
    }),
    workload: { kind, name: "api" },
    waitMs: 60_000,
    patienceMs: 2_500,
    by: "test@test",
    now: () => new Date(),
    wait: async (milliseconds) => {
      await wait(milliseconds);
    },
    ...patience,
  };
}

function stepsOf(indexer: Indexer): StepSet {
  const step = new KubernetesRollbackStep(async () => await Promise.resolve(indexer));
  return new Map([[step.kind, step]]);
}

/** Plans a rollback. */
export async function plan(indexer: Indexer, target: Target): Promise<Plan<SiteWorld>> {
  const request = {
    id: "rollback",
    kind: "indexer-rollback",
    intent: { indexer: indexer.name, target: { ...target } },
  };
  const world = { frontend: indexer.name, place: indexer.cluster.place };
  return await makePlan(
    "indexer rollback",
    [request],
    stepsOf(indexer),
    async () => await Promise.resolve(world),
    () => {
      throw new Error("nothing builds on another step");
    },
  );
}

/** Performs a plan, after a dry run by the API server. */
export async function perform(indexer: Indexer, planned: Plan<SiteWorld>): Promise<RunResult> {
  const { access, namespace } = indexer.cluster;
  const copy = { ...indexer, cluster: await openCluster({ ...access, namespace }, true) };
  const somethingToDo = planned.steps.some(({ actions }) => actions.length > 0);
  const rehearsed = somethingToDo ? await rehearsePlan(planned, stepsOf(copy), null) : planned;
  return await performPlan(rehearsed, stepsOf(indexer), () => undefined, Date.now);
}

/** Plans and performs a rollback. */
export async function rollBack(indexer: Indexer, target: Target): Promise<RunResult> {
  return await perform(indexer, await plan(indexer, target));
}

/** The first container of a workload's template. */
export function containerOf(workload: unknown): unknown {
  const containers = at(workload, ["spec", "template", "spec", "containers"]);
  const all: readonly unknown[] = Array.isArray(containers) ? containers : [];
  return all[0];
}

/** What is at a path in an object; undefined where there is none. */
export function at(object: unknown, path: readonly string[]): unknown {
  return path.reduce((value, key) => (isRecord(value) ? value[key] : undefined), object);
}

/** A value without some of its fields. */
export function without(value: unknown, ...fields: readonly string[]): unknown {
  return isRecord(value)
    ? Object.fromEntries(Object.entries(value).filter(([field]) => !fields.includes(field)))
    : value;
}
