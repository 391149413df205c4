import type {
  EmergencyIndexerConfig,
  EmergencyIndexerUserConfig,
  EmergencyWorkloadConfig,
  EmergencyWorkloadUserConfig,
} from "./types.js";

/** Kubernetes' own progress deadline. */
const WAIT_SECONDS = 600;

/** Fills in the defaults of an indexer. */
export function resolveIndexer(user: EmergencyIndexerUserConfig): EmergencyIndexerConfig {
  return {
    kubernetes: user.kubernetes === undefined ? undefined : resolveWorkload(user.kubernetes),
    live: user.live ?? true,
    waitSeconds: user.waitSeconds ?? WAIT_SECONDS,
    dependsOn: user.dependsOn ?? [],
    writes: user.writes ?? false,
    network: user.network,
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
