import { plainSecrets, type SecretResolver } from "../sensitive.js";
import { resolvePonder } from "./ponder-resolve.js";
import { resolveGraphNode, resolveHosted } from "./subgraph-resolve.js";
import type { EmergencyHelmConfig } from "./helm-types.js";
import { resolveComparison } from "./compare-resolve.js";
import { formatOf } from "./file-format.js";
import type {
  EmergencyFollowedConfig,
  EmergencyFollowedUserConfig,
  EmergencyIndexerConfig,
  EmergencyIndexerUserConfig,
  EmergencyWorkloadConfig,
  EmergencyWorkloadUserConfig,
} from "./types.js";

/** Kubernetes' own progress deadline. */
const WAIT_SECONDS = 600;

/** Fills in the defaults of an indexer. */
export function resolveIndexer(
  user: EmergencyIndexerUserConfig,
  secret: SecretResolver = plainSecrets,
): EmergencyIndexerConfig {
  return {
    kubernetes: user.kubernetes === undefined ? undefined : resolveWorkload(user.kubernetes),
    helm: resolveHelm(user),
    ponder: user.ponder === undefined ? undefined : resolvePonder(user.ponder, secret),
    graphNode: user.graphNode === undefined ? undefined : resolveGraphNode(user.graphNode, secret),
    hosted: resolveHosted(user, secret),
    live: user.live ?? true,
    waitSeconds: user.waitSeconds ?? WAIT_SECONDS,
    dependsOn: user.dependsOn ?? [],
    writes: user.writes ?? false,
    network: user.network,
    compare: (user.compare ?? []).map((one) => resolveComparison(one, secret)),
    contracts: Object.fromEntries(
      Object.entries(user.contracts ?? {}).map(([name, followed]) => [
        name,
        resolveFollowed(followed),
      ]),
    ),
    configuration: user.configuration,
  };
}

/** A release is where its workload is, unless it says otherwise. */
function resolveHelm({
  helm,
  kubernetes,
}: EmergencyIndexerUserConfig): EmergencyHelmConfig | undefined {
  return helm === undefined
    ? undefined
    : {
        release: helm.release,
        program: helm.program ?? "helm",
        namespace: helm.namespace ?? kubernetes?.namespace,
        context: helm.context ?? kubernetes?.context,
        kubeconfig: helm.kubeconfig ?? kubernetes?.kubeconfig,
      };
}

function resolveWorkload({
  kind,
  name,
  namespace,
  context,
  kubeconfig,
}: EmergencyWorkloadUserConfig): EmergencyWorkloadConfig {
  return { kind: kind ?? "Deployment", name, namespace, context, kubeconfig };
}

function resolveFollowed({ file, ...rest }: EmergencyFollowedUserConfig): EmergencyFollowedConfig {
  // The schema has seen to it that there is a format.
  return file === undefined
    ? rest
    : { ...rest, file: { ...file, format: file.format ?? formatOf(file.key) ?? "env" } };
}
