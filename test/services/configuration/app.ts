import { writeFile } from "node:fs/promises";

import { z } from "zod";

import { isRecord } from "../../../src/json.js";
import { until } from "../../helpers/anvil.js";
import { at } from "../kubernetes/workloads.js";
import type { Kubernetes } from "../servers/kubernetes.js";

/** What a deploy changes. */
export interface Release {
  readonly image: string;
  /** Of ConfigMap "env". */
  readonly env: Readonly<Record<string, string>>;
  /** Of Secret "db". */
  readonly secret: Readonly<Record<string, string>>;
}

/** How the application reads them. */
export interface Shape {
  readonly name?: string;
  readonly kind?: "Deployment" | "StatefulSet" | "DaemonSet";
  readonly configMap?: string;
  readonly immutable?: boolean;
  readonly replicas?: number;
}

/** The three objects of an application: its workload reads ConfigMap "env" whole, and one key of Secret "db". */
export function appManifests(release: Release, shape: Shape = {}): readonly object[] {
  const { name = "api", kind = "Deployment", configMap = "env", immutable = false } = shape;
  const { replicas = 2 } = shape;
  return [
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: configMap, labels: { app: name } },
      data: release.env,
      ...(immutable ? { immutable } : {}),
    },
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "db" },
      stringData: release.secret,
    },
    {
      apiVersion: "apps/v1",
      kind,
      metadata: { name },
      spec: {
        selector: { matchLabels: { app: name } },
        ...(kind === "DaemonSet" ? {} : { replicas }),
        ...(kind === "StatefulSet" ? { serviceName: name, podManagementPolicy: "Parallel" } : {}),
        template: {
          metadata: { labels: { app: name } },
          spec: {
            terminationGracePeriodSeconds: 0,
            containers: [
              {
                name: "app",
                image: release.image,
                envFrom: [{ configMapRef: { name: configMap } }],
                env: [
                  {
                    name: "DB_PASSWORD",
                    valueFrom: { secretKeyRef: { name: "db", key: "password" } },
                  },
                ],
              },
            ],
          },
        },
      },
    },
  ];
}

/** Deploys as people do, with `kubectl apply`, and waits until it is up. */
export async function deploy(
  kubernetes: Kubernetes,
  namespace: string,
  release: Release,
  shape: Shape = {},
): Promise<void> {
  const { name = "api", kind = "Deployment" } = shape;
  const items = appManifests(release, shape);
  const list = { apiVersion: "v1", kind: "List", items };
  const applied = await kubernetes.apply(namespace, list);
  if (applied.code !== 0) {
    throw new Error(applied.output);
  }
  await up(kubernetes, namespace, `${kind.toLowerCase()}/${name}`);
}

/** The same without kubectl, which takes its time. Nothing is waited for. */
export async function put(
  kubernetes: Kubernetes,
  namespace: string,
  release: Release,
  shape: Shape = {},
): Promise<void> {
  const [configMap, secret, workload] = appManifests(release, shape);
  const plural = `${(shape.kind ?? "Deployment").toLowerCase()}s`;
  for (const [folder, object] of [
    [`/api/v1/namespaces/${namespace}/configmaps`, configMap],
    [`/api/v1/namespaces/${namespace}/secrets`, secret],
    [`/apis/apps/v1/namespaces/${namespace}/${plural}`, workload],
  ] as const) {
    const made = await kubernetes.api("POST", folder, object);
    const name = String(at(object, ["metadata", "name"]));
    const answer =
      made.status === 409 ? await kubernetes.api("PUT", `${folder}/${name}`, object) : made;
    if (answer.status >= 300) {
      throw new Error(answer.text);
    }
  }
}

/** Waits until a workload is up. */
export async function up(
  kubernetes: Kubernetes,
  namespace: string,
  workload: string,
): Promise<void> {
  await until(`${workload} of ${namespace} is up`, async () => {
    const { code } = await kubernetes.kubectl(
      namespace,
      ...["rollout", "status", workload, "--timeout=20s"],
    );
    return code === 0;
  });
}

/** An object as the API server has it; undefined when there is none. */
export async function get(
  kubernetes: Kubernetes,
  namespace: string,
  plural: string,
  name: string,
): Promise<Record<string, unknown> | undefined> {
  const group = plural.endsWith("s") && WORKLOADS.has(plural) ? "/apis/apps/v1" : "/api/v1";
  const { status, text } = await kubernetes.api(
    "GET",
    `${group}/namespaces/${namespace}/${plural}/${name}`,
  );
  return status === 404 ? undefined : z.record(z.unknown()).parse(JSON.parse(text));
}

const WORKLOADS = new Set(["deployments", "statefulsets", "daemonsets"]);

/** All objects of a kind. */
export async function list(
  kubernetes: Kubernetes,
  namespace: string,
  plural: string,
): Promise<readonly Record<string, unknown>[]> {
  const { text } = await kubernetes.api("GET", `/api/v1/namespaces/${namespace}/${plural}`);
  return z.object({ items: z.array(z.record(z.unknown())) }).parse(JSON.parse(text)).items;
}

/** What the application would read now: of a Secret in plain text. */
export async function held(
  kubernetes: Kubernetes,
  namespace: string,
  plural: "configmaps" | "secrets",
  name: string,
): Promise<Record<string, string> | undefined> {
  const object = await get(kubernetes, namespace, plural, name);
  if (object === undefined) {
    return undefined;
  }
  const data = z.record(z.string()).parse(object.data ?? {});
  return plural === "configmaps"
    ? data
    : Object.fromEntries(
        Object.entries(data).map(([key, value]) => [
          key,
          Buffer.from(value, "base64").toString("utf8"),
        ]),
      );
}

/** Changes an object as somebody else would. */
export async function merge(
  kubernetes: Kubernetes,
  namespace: string,
  plural: string,
  name: string,
  patch: object,
): Promise<void> {
  const { status, text } = await kubernetes.api(
    "PATCH",
    `/api/v1/namespaces/${namespace}/${plural}/${name}`,
    patch,
    "application/merge-patch+json",
  );
  if (status !== 200) {
    throw new Error(text);
  }
}

/** The uids of an application's pods that are not on their way out. */
export async function pods(
  kubernetes: Kubernetes,
  namespace: string,
  name = "api",
): Promise<readonly string[]> {
  const all = await list(kubernetes, namespace, "pods");
  return all.flatMap(({ metadata }) =>
    isRecord(metadata) &&
    metadata.deletionTimestamp === undefined &&
    isRecord(metadata.labels) &&
    metadata.labels.app === name
      ? [String(metadata.uid)]
      : [],
  );
}

/** A kubeconfig for somebody who may only do what is listed, in one namespace. */
export async function kubeconfigFor(
  kubernetes: Kubernetes,
  namespace: string,
  name: string,
  rules: readonly {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    /** Default: all. */
    readonly verbs?: readonly string[];
  }[],
): Promise<string> {
  const make = async (group: string, plural: string, body: object): Promise<void> => {
    const path = `${group}/namespaces/${namespace}/${plural}`;
    const { status, text } = await kubernetes.api("POST", path, body);
    if (status >= 300) {
      throw new Error(text);
    }
  };
  const metadata = { name };
  const rbac = "/apis/rbac.authorization.k8s.io/v1";
  await make("/api/v1", "serviceaccounts", { metadata });
  await make(rbac, "roles", { metadata, rules: rules.map((rule) => ({ verbs: ["*"], ...rule })) });
  await make(rbac, "rolebindings", {
    metadata,
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
    subjects: [{ kind: "ServiceAccount", name, namespace }],
  });
  const { output } = await kubernetes.kubectl(namespace, "create", "token", name);
  const file = `${kubernetes.kubeconfig}.${namespace}.${name}`;
  const authority = Buffer.from(kubernetes.certificate).toString("base64");
  await writeFile(
    file,
    JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "test",
      contexts: [{ name: "test", context: { cluster: "test", user: "user" } }],
      clusters: [
        {
          name: "test",
          cluster: { server: kubernetes.server, "certificate-authority-data": authority },
        },
      ],
      users: [{ name: "user", user: { token: output.trim() } }],
    }),
  );
  return file;
}
