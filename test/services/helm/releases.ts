import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { z } from "zod";

import type { Fate } from "../servers/kubernetes-stages.js";
import type { Kubernetes } from "../servers/kubernetes.js";
import { runToEnd } from "../servers/run-to-end.js";
import { pathOf } from "../servers/tools.js";

/** What `describeWith` needs for helm against a real API server. */
export const HELM_TOOLS = ["control-plane", "kwok", "kubectl", "helm"] as const;

/** What a revision of the chart holds. */
export interface ChartVersion {
  readonly image: string;
  readonly chart?: string;
  readonly appVersion?: string;
  readonly replicas?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly config?: Readonly<Record<string, string>>;
  readonly secret?: Readonly<Record<string, string>>;
  readonly fate?: Fate;
  /** How the job ends that runs before a rollback, and after one; default: there is none. */
  readonly before?: Fate;
  readonly after?: Fate;
  /** A second ConfigMap. */
  readonly extra?: boolean;
  readonly volume?: boolean;
  /** A job, whose template nobody may change. */
  readonly job?: string;
}

/** The release "api" of a namespace, made by helm itself. */
export interface Releases {
  readonly namespace: string;
  /** Runs helm. Never throws for what it says. */
  helm(
    ...args: readonly string[]
  ): Promise<{ readonly code: number | null; readonly output: string }>;
  /** `helm upgrade --install` without waiting. @throws when helm fails, unless that is wanted. */
  deploy(
    version: ChartVersion,
    options?: { readonly fails?: boolean; readonly args?: readonly string[] },
  ): Promise<string>;
  /** `helm history --output json`. */
  history(): Promise<readonly HistoryLine[]>;
  /** A folder with the chart, for a helm that is started otherwise. */
  chart(version: ChartVersion): Promise<string>;
  remove(): Promise<void>;
}

const historyLine = z.object({
  revision: z.number(),
  updated: z.string(),
  status: z.string(),
  chart: z.string(),
  app_version: z.string(),
  rollback_revision: z.number().optional(),
  description: z.string(),
});

/** See {@link Releases.history}. */
export type HistoryLine = z.infer<typeof historyLine>;

/** A folder for charts, and helm set on one namespace. */
export async function releasesIn(
  { kubeconfig }: Pick<Kubernetes, "kubeconfig">,
  namespace: string,
): Promise<Releases> {
  const folder = await mkdtemp(join(tmpdir(), "hardhat-emergency-charts-"));
  let charts = 0;
  const env = {
    HELM_CACHE_HOME: join(folder, "cache"),
    HELM_CONFIG_HOME: join(folder, "config"),
    HELM_DATA_HOME: join(folder, "data"),
  };
  const helm: Releases["helm"] = async (...args) =>
    await runToEnd(
      pathOf("helm"),
      [...args, "--kubeconfig", kubeconfig, "--namespace", namespace],
      { env },
    );
  const chart: Releases["chart"] = async (version) => {
    charts += 1;
    const at = join(folder, `chart-${charts}`);
    await mkdir(join(at, "templates"), { recursive: true });
    const { chart: number = "0.1.0", appVersion = "1" } = version;
    await writeFile(
      join(at, "Chart.yaml"),
      JSON.stringify({ apiVersion: "v2", name: "indexer", version: number, appVersion }),
    );
    const objects = objectsOf(version).map((object) => JSON.stringify(object));
    await writeFile(join(at, "templates", "all.yaml"), objects.join("\n---\n"));
    return at;
  };
  return {
    namespace,
    helm,
    chart,
    async deploy(version, { fails = false, args = [] } = {}) {
      const { code, output } = await helm(
        ...["upgrade", "--install", "api", await chart(version), "--timeout", "20s", ...args],
      );
      if ((code === 0) === fails) {
        throw new Error(output);
      }
      return output;
    },
    async history() {
      const { code, output } = await helm("history", "api", "--output", "json");
      if (code !== 0) {
        throw new Error(output);
      }
      return z.array(historyLine).parse(JSON.parse(output));
    },
    remove: async () => {
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A kubeconfig for another server or somebody else. */
export async function kubeconfigFor(
  { kubeconfig, certificate, ...kubernetes }: Kubernetes,
  name: string,
  { server = kubernetes.server, token = kubernetes.token },
): Promise<string> {
  const file = `${kubeconfig}.${name}`;
  const trust = server.startsWith("https:")
    ? { "certificate-authority-data": Buffer.from(certificate).toString("base64") }
    : // Otherwise credentials are not sent over what is not encrypted.
      { "insecure-skip-tls-verify": true };
  await writeFile(
    file,
    JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "test",
      contexts: [{ name: "test", context: { cluster: "test", user: "user" } }],
      clusters: [{ name: "test", cluster: { server, ...trust } }],
      users: [{ name: "user", user: { token } }],
    }),
  );
  return file;
}

/**
 * The kubeconfig of somebody who may only read.
 * @param resources "secrets,configmaps".
 */
export async function kubeconfigOfReader(
  kubernetes: Kubernetes,
  namespace: string,
  resources: string,
): Promise<string> {
  const name = `reader-of-${resources.replaceAll(",", "-")}`;
  for (const args of [
    ["create", "serviceaccount", name],
    ["create", "role", name, "--verb=get,list", `--resource=${resources}`],
    ["create", "rolebinding", name, `--role=${name}`, `--serviceaccount=${namespace}:${name}`],
  ]) {
    const { code, output } = await kubernetes.kubectl(namespace, ...args);
    if (code !== 0) {
      throw new Error(output);
    }
  }
  const { output: token } = await kubernetes.kubectl(namespace, "create", "token", name);
  return await kubeconfigFor(kubernetes, `${namespace}.${name}`, { token: token.trim() });
}

function objectsOf(version: ChartVersion): readonly object[] {
  const {
    image,
    replicas = 1,
    env = {},
    config = { network: "mainnet" },
    secret = { password: "a-database-password" },
    fate,
    before,
    after,
    extra = false,
    volume = false,
    job,
  } = version;
  const labels = { app: "api", ...(fate === undefined ? {} : { fate }) };
  return [
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "api" },
      spec: {
        replicas,
        selector: { matchLabels: { app: "api" } },
        template: {
          metadata: { labels },
          spec: {
            terminationGracePeriodSeconds: 0,
            containers: [
              {
                name: "api",
                image,
                env: Object.entries(env).map(([name, value]) => ({ name, value })),
              },
            ],
          },
        },
      },
    },
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "api" }, data: config },
    { apiVersion: "v1", kind: "Secret", metadata: { name: "api" }, stringData: secret },
    ...(extra
      ? [{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "extra" }, data: { a: "1" } }]
      : []),
    ...(volume
      ? [
          {
            apiVersion: "v1",
            kind: "PersistentVolumeClaim",
            metadata: { name: "data" },
            spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
          },
        ]
      : []),
    ...(job === undefined ? [] : [jobOf("migrate", job, "completes", {})]),
    ...hookOf("before", "pre-rollback", before),
    ...hookOf("after", "post-rollback", after),
  ];
}

function hookOf(name: string, event: string, fate: Fate | undefined): readonly object[] {
  return fate === undefined
    ? []
    : [jobOf(name, "job:1", fate, { annotations: { "helm.sh/hook": event } })];
}

function jobOf(name: string, image: string, fate: Fate, metadata: object): object {
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, ...metadata },
    spec: {
      backoffLimit: 0,
      template: {
        metadata: { labels: { fate } },
        spec: { restartPolicy: "Never", containers: [{ name, image }] },
      },
    },
  };
}
