import { z } from "zod";

import { isRecord } from "../../../src/json.js";
import type { Kubernetes } from "../servers/kubernetes.js";

/** An object as it is written down. */
export type Manifest = Readonly<Record<string, unknown>>;

const PLACES: Readonly<Record<string, string>> = {
  Deployment: "/apis/apps/v1/namespaces/{}/deployments",
  Application: "/apis/argoproj.io/v1alpha1/namespaces/{}/applications",
  ApplicationSet: "/apis/argoproj.io/v1alpha1/namespaces/{}/applicationsets",
  Kustomization: "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/{}/kustomizations",
  HelmRelease: "/apis/helm.toolkit.fluxcd.io/v2/namespaces/{}/helmreleases",
  Indexer: "/apis/indexers.example.org/v1/namespaces/{}/indexers",
};

const API_VERSIONS: Readonly<Record<string, string>> = {
  Deployment: "apps/v1",
  Application: "argoproj.io/v1alpha1",
  ApplicationSet: "argoproj.io/v1alpha1",
  Kustomization: "kustomize.toolkit.fluxcd.io/v1",
  HelmRelease: "helm.toolkit.fluxcd.io/v2",
  Indexer: "indexers.example.org/v1",
};

/** One namespace of a cluster, for those who write to it beside the plugin. */
export class World {
  readonly #kubernetes: Kubernetes;
  readonly namespace: string;

  constructor(kubernetes: Kubernetes, namespace: string) {
    this.#kubernetes = kubernetes;
    this.namespace = namespace;
  }

  #path(kind: string, name?: string): string {
    const folder = (PLACES[kind] ?? "").replace("{}", this.namespace);
    return name === undefined ? folder : `${folder}/${name}`;
  }

  async #ask(method: string, path: string, body?: unknown, type?: string): Promise<unknown> {
    const { status, text } = await this.#kubernetes.api(method, path, body, type);
    if (status >= 300) {
      throw new Error(`${method} ${path}: ${status} ${text}`);
    }
    return JSON.parse(text);
  }

  /** An object; throws when there is none. */
  async get(kind: string, name: string): Promise<Record<string, unknown>> {
    return z.record(z.unknown()).parse(await this.#ask("GET", this.#path(kind, name)));
  }

  async list(kind: string): Promise<readonly Record<string, unknown>[]> {
    const list = await this.#ask("GET", this.#path(kind));
    return z.object({ items: z.array(z.record(z.unknown())) }).parse(list).items;
  }

  async make(
    kind: string,
    name: string,
    parts: { readonly metadata?: Manifest; readonly spec: Manifest; readonly status?: Manifest },
  ): Promise<Record<string, unknown>> {
    const metadata = { ...parts.metadata, name };
    const body = { apiVersion: API_VERSIONS[kind], kind, ...parts, metadata };
    return z.record(z.unknown()).parse(await this.#ask("POST", this.#path(kind), body));
  }

  /** Changes fields, as `kubectl patch --type=merge` does. */
  async merge(kind: string, name: string, body: unknown, subresource = ""): Promise<void> {
    const path = `${this.#path(kind, name)}${subresource}`;
    await this.#ask("PATCH", path, body, "application/merge-patch+json");
  }

  /** Server-side apply, by force, as Flux does it. */
  async apply(kind: string, name: string, manager: string, parts: Manifest): Promise<void> {
    const path = `${this.#path(kind, name)}?fieldManager=${manager}&force=true`;
    const metadata = isRecord(parts.metadata) ? parts.metadata : {};
    const body = {
      apiVersion: API_VERSIONS[kind],
      kind,
      ...parts,
      metadata: { ...metadata, name, namespace: this.namespace },
    };
    await this.#ask("PATCH", path, body, "application/apply-patch+yaml");
  }
}
