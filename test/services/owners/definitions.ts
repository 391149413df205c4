import { until } from "../../helpers/anvil.js";
import type { Kubernetes } from "../servers/kubernetes.js";

interface Definition {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  /** Whether its state is written apart, as the real ones' definitions say. */
  readonly hasStatus: boolean;
}

/** The kinds of Argo CD, Flux and an operator, by name and scope; what is in them is not checked. */
const DEFINITIONS: readonly Definition[] = [
  {
    group: "argoproj.io",
    version: "v1alpha1",
    kind: "Application",
    plural: "applications",
    hasStatus: false,
  },
  {
    group: "argoproj.io",
    version: "v1alpha1",
    kind: "ApplicationSet",
    plural: "applicationsets",
    hasStatus: true,
  },
  {
    group: "kustomize.toolkit.fluxcd.io",
    version: "v1",
    kind: "Kustomization",
    plural: "kustomizations",
    hasStatus: true,
  },
  {
    group: "helm.toolkit.fluxcd.io",
    version: "v2",
    kind: "HelmRelease",
    plural: "helmreleases",
    hasStatus: true,
  },
  {
    group: "indexers.example.org",
    version: "v1",
    kind: "Indexer",
    plural: "indexers",
    hasStatus: true,
  },
];

/** Makes a cluster know these kinds, and waits until it does. */
export async function defineOwners(kubernetes: Kubernetes): Promise<void> {
  for (const { group, version, kind, plural, hasStatus } of DEFINITIONS) {
    const { status, text } = await kubernetes.api(
      "POST",
      "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
      {
        apiVersion: "apiextensions.k8s.io/v1",
        kind: "CustomResourceDefinition",
        metadata: { name: `${plural}.${group}` },
        spec: {
          group,
          scope: "Namespaced",
          names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
          versions: [
            {
              name: version,
              served: true,
              storage: true,
              schema: {
                openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
              },
              ...(hasStatus ? { subresources: { status: {} } } : {}),
            },
          ],
        },
      },
    );
    if (status >= 300) {
      throw new Error(text);
    }
  }
  await until("the API server serves all of them", async () => {
    const answers = await Promise.all(
      DEFINITIONS.map(
        async ({ group, version, plural }) =>
          await kubernetes.api("GET", `/apis/${group}/${version}/${plural}`),
      ),
    );
    return answers.every(({ status }) => status === 200);
  });
}
