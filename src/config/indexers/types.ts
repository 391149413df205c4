/** A workload in a Kubernetes cluster. */
export interface EmergencyWorkloadUserConfig {
  /** Default: "Deployment". */
  readonly kind?: "Deployment" | "StatefulSet" | "DaemonSet";
  readonly name: string;
  /** Default: the context's. */
  readonly namespace?: string;
  /** Of the kubeconfig; default: its current one. */
  readonly context?: string;
  /** In the project, or absolute; default: as kubectl finds it. */
  readonly kubeconfig?: string;
}

/** An indexer or API that follows the contracts. */
export interface EmergencyIndexerUserConfig {
  /** Where it runs, if it runs in a cluster. */
  readonly kubernetes?: EmergencyWorkloadUserConfig;
  /** Whether its name must be typed before it is changed; default: true. */
  readonly live?: boolean;
  /** How long it is waited for until it is up, in seconds; default: 600, as Kubernetes itself does. */
  readonly waitSeconds?: number;
  /** Names of indexers that must work before this one can: an API's indexer, a website's API. */
  readonly dependsOn?: readonly string[];
  /** Whether it writes to data that others read: then it is stopped before that data is changed. Default: false. */
  readonly writes?: boolean;
  /** The Hardhat network whose contracts it follows; default: the one that `--network` names. */
  readonly network?: string;
}

/** A workload with its defaults filled in. */
export interface EmergencyWorkloadConfig {
  readonly kind: "Deployment" | "StatefulSet" | "DaemonSet";
  readonly name: string;
  readonly namespace: string | undefined;
  readonly context: string | undefined;
  readonly kubeconfig: string | undefined;
}

/** An indexer with its defaults filled in. */
export interface EmergencyIndexerConfig {
  readonly kubernetes: EmergencyWorkloadConfig | undefined;
  readonly live: boolean;
  readonly waitSeconds: number;
  readonly dependsOn: readonly string[];
  readonly writes: boolean;
  readonly network: string | undefined;
}
