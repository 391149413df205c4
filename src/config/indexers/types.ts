import type { EmergencyComparisonConfig, EmergencyComparisonUserConfig } from "./compare-types.js";
import type { EmergencyConfigurationUserConfig } from "./configuration-types.js";
import type { EmergencyHelmConfig, EmergencyHelmUserConfig } from "./helm-types.js";
import type {
  EmergencyAlchemyUserConfig,
  EmergencyGoldskyUserConfig,
  EmergencyGraphNodeConfig,
  EmergencyGraphNodeUserConfig,
  EmergencyHostedConfig,
} from "./subgraph-types.js";

export type * from "./compare-types.js";
export type * from "./configuration-types.js";
export type * from "./subgraph-types.js";
import type { EmergencyPonderConfig, EmergencyPonderUserConfig } from "./ponder-types.js";

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

/** A file in a ConfigMap that an indexer reads which contracts it follows from. */
export interface EmergencyFollowedFileUserConfig {
  /** Its name; one that a Kustomize generator makes without the hash behind it. */
  readonly configMap: string;
  readonly key: string;
  /** Default: as the key ends. */
  readonly format?: "json" | "yaml" | "env";
}

/**
 * Where an indexer has a contract's address from: names of environment variables of its containers, or, with
 * `file`, paths in that file ("contracts.vault.address", or a variable's name in the format "env").
 */
export interface EmergencyFollowedUserConfig {
  readonly address: string;
  /** The block that it begins with. */
  readonly startBlock?: string;
  /** Where the contract goes that was followed before: it stays as a second source, so that its history is kept. */
  readonly previous?: {
    readonly address: string;
    readonly startBlock?: string;
    /** The last block that is read of it. */
    readonly endBlock?: string;
  };
  /** Instead: what stands between several addresses, and several start blocks, in one value, the newest first. */
  readonly list?: string;
  readonly file?: EmergencyFollowedFileUserConfig;
  /** The variable with the name of the database schema that it writes to: `--schema` gives it another one. */
  readonly schema?: string;
}

/** An indexer or API that follows the contracts. */
export interface EmergencyIndexerUserConfig {
  /** Where it runs, if it runs in a cluster. */
  readonly kubernetes?: EmergencyWorkloadUserConfig;
  /** The Helm release that it belongs to, if it does: then that is rolled back, with all that is in it. */
  readonly helm?: EmergencyHelmUserConfig;
  /** The Ponder app that it is; the process itself may run in a cluster as well. */
  readonly ponder?: EmergencyPonderUserConfig;
  /** The graph-node that it is a subgraph of. */
  readonly graphNode?: EmergencyGraphNodeUserConfig;
  /** Where it is at Goldsky, if Goldsky hosts it. */
  readonly goldsky?: EmergencyGoldskyUserConfig;
  /** Where it is at Alchemy, if Alchemy hosts it. */
  readonly alchemy?: EmergencyAlchemyUserConfig;
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
  /** From the contracts' names to where it has their addresses from. */
  readonly contracts?: Readonly<Record<string, EmergencyFollowedUserConfig>>;
  /** Rows that `indexer compare` compares. */
  readonly compare?: readonly EmergencyComparisonUserConfig[];
  /** Where its ConfigMaps and Secrets come from. */
  readonly configuration?: EmergencyConfigurationUserConfig;
}

/** Where an indexer has a contract's address from, with its defaults filled in. */
export interface EmergencyFollowedConfig extends Omit<EmergencyFollowedUserConfig, "file"> {
  readonly file?: Required<EmergencyFollowedFileUserConfig>;
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
  readonly helm: EmergencyHelmConfig | undefined;
  readonly ponder: EmergencyPonderConfig | undefined;
  readonly graphNode: EmergencyGraphNodeConfig | undefined;
  readonly hosted: EmergencyHostedConfig | undefined;
  readonly live: boolean;
  readonly waitSeconds: number;
  readonly dependsOn: readonly string[];
  readonly writes: boolean;
  readonly network: string | undefined;
  readonly contracts: Readonly<Record<string, EmergencyFollowedConfig>>;
  readonly compare: readonly EmergencyComparisonConfig[];
  readonly configuration: EmergencyConfigurationUserConfig | undefined;
}
