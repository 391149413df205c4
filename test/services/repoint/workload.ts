import { z } from "zod";

import type { Kubernetes } from "../servers/kubernetes.js";

/** One container of a pod, as a manifest has it. */
export interface TestContainer {
  readonly name: string;
  readonly env?: readonly object[];
  readonly envFrom?: readonly object[];
}

/** A Deployment "market" with these containers. */
export function deployment(
  containers: readonly TestContainer[],
  more: { readonly volumes?: readonly object[]; readonly init?: readonly TestContainer[] } = {},
): object {
  const { volumes = [], init = [] } = more;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "market" },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: "market" } },
      template: {
        metadata: { labels: { app: "market" } },
        spec: {
          terminationGracePeriodSeconds: 0,
          initContainers: init.map((one) => ({ image: "migrate:1", ...one })),
          containers: containers.map((one) => ({ image: "market:1", ...one })),
          volumes,
        },
      },
    },
  };
}

/** A ConfigMap or a Secret, as a manifest has it. */
export function config(
  kind: "ConfigMap" | "Secret",
  name: string,
  data: Readonly<Record<string, string>>,
  more: object = {},
): object {
  return {
    apiVersion: "v1",
    kind,
    metadata: { name },
    [kind === "Secret" ? "stringData" : "data"]: data,
    ...more,
  };
}

/** Applies manifests as `kubectl apply` does. */
export async function applied(
  kubernetes: Kubernetes,
  namespace: string,
  ...manifests: readonly object[]
): Promise<void> {
  const list = { apiVersion: "v1", kind: "List", items: manifests };
  const { code, output } = await kubernetes.apply(namespace, list);
  if (code !== 0) {
    throw new Error(output);
  }
}

const podSpec = z.object({
  metadata: z.object({ annotations: z.record(z.string()).optional() }),
  spec: z.object({
    template: z.object({
      metadata: z.object({ annotations: z.record(z.string()).optional() }),
      spec: z.object({
        containers: z.array(
          z.object({
            name: z.string(),
            env: z
              .array(z.object({ name: z.string(), value: z.string().optional() }).passthrough())
              .optional(),
            envFrom: z.array(z.record(z.unknown())).optional(),
          }),
        ),
        initContainers: z
          .array(
            z.object({
              name: z.string(),
              env: z.array(z.object({ name: z.string(), value: z.string().optional() })).optional(),
            }),
          )
          .optional(),
        volumes: z.array(z.record(z.unknown())).optional(),
      }),
    }),
  }),
});

/** The Deployment "market" as it is. */
export async function market(
  kubernetes: Kubernetes,
  namespace: string,
): Promise<z.infer<typeof podSpec>> {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/market`;
  const { text } = await kubernetes.api("GET", path);
  return podSpec.parse(JSON.parse(text));
}

/** The plain variables of a container. */
export async function variables(
  kubernetes: Kubernetes,
  namespace: string,
  container = "market",
): Promise<Readonly<Record<string, string>>> {
  const { containers, initContainers = [] } = (await market(kubernetes, namespace)).spec.template
    .spec;
  const found = [...initContainers, ...containers].find(({ name }) => name === container);
  return Object.fromEntries(
    (found?.env ?? []).flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])),
  );
}

/** What a ConfigMap or a Secret holds, as text. */
export async function dataOf(
  kubernetes: Kubernetes,
  namespace: string,
  kind: "ConfigMap" | "Secret",
  name: string,
): Promise<Readonly<Record<string, string>>> {
  const plural = kind === "Secret" ? "secrets" : "configmaps";
  const path = `/api/v1/namespaces/${namespace}/${plural}/${name}`;
  const { text } = await kubernetes.api("GET", path);
  const { data } = z.object({ data: z.record(z.string()).default({}) }).parse(JSON.parse(text));
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [
      key,
      kind === "Secret" ? Buffer.from(value, "base64").toString("utf8") : value,
    ]),
  );
}

/** All that pods may read, so that two ends can be compared. */
export async function everything(kubernetes: Kubernetes, namespace: string): Promise<unknown> {
  const { spec } = await market(kubernetes, namespace);
  const lists = await Promise.all(
    ["configmaps", "secrets"].map(async (plural) => {
      const { text } = await kubernetes.api("GET", `/api/v1/namespaces/${namespace}/${plural}`);
      const { items } = z
        .object({
          items: z.array(
            z.object({
              metadata: z.object({ name: z.string() }),
              data: z.record(z.string()).optional(),
            }),
          ),
        })
        .parse(JSON.parse(text));
      return items.map(({ metadata, data }) => [plural, metadata.name, data]);
    }),
  );
  return { template: spec.template, objects: lists.flat() };
}
