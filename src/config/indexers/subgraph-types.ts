import type { SensitiveString } from "hardhat/types/config";

import type { Secret } from "../sensitive.js";

/** A subgraph on a graph-node of one's own. */
export interface EmergencyGraphNodeUserConfig {
  /** "org/name", as queries call it. */
  readonly subgraph: string;
  /** The indexing status API: "http://graph-node:8030/graphql". */
  readonly status: string;
  /** Where queries go: "http://graph-node:8000". With it, what is served is read back. */
  readonly query?: string;
  /** The JSON-RPC admin API, which deploys: "http://graph-node:8020". */
  readonly admin?: string;
  /** graphman's GraphQL API: "http://graph-node:8050". Pauses and resumes, if it is there. */
  readonly control?: string;
  /** The GRAPHMAN_SERVER_AUTH_TOKEN that `control` asks for. */
  readonly token?: SensitiveString;
  /**
   * How the program graphman is run, without a subcommand: only it can rewind.
   * ["graphman", "--config", "config.toml"], or the same behind kubectl exec.
   */
  readonly graphman?: readonly string[];
  /** The node's ETHEREUM_REORG_THRESHOLD, in blocks; default: 250, as graph-node has it. */
  readonly reorgThreshold?: number;
  /** For how long no block may have been indexed until a pause is believed, in seconds; default: 20, as graphman waits. */
  readonly settleSeconds?: number;
}

/** A subgraph that Goldsky hosts, and the tag that the frontend's URL holds. */
export interface EmergencyGoldskyUserConfig {
  /** Without a version. */
  readonly subgraph: string;
  /** "prod" */
  readonly tag: string;
  /** An API key of the project. */
  readonly token: SensitiveString;
  /** Default: "https://api.goldsky.com". */
  readonly api?: string;
}

/** A subgraph that Alchemy hosts; its live version is what the frontend's URL holds. */
export interface EmergencyAlchemyUserConfig {
  /** What stands behind the query key in the subgraph's URL. */
  readonly team: string;
  /** Without a version. */
  readonly subgraph: string;
  readonly deployKey: SensitiveString;
  readonly queryKey: SensitiveString;
  /** Default: "https://subgraphs.alchemy.com". */
  readonly api?: string;
  /** Default: "https://subgraph.satsuma-prod.com". */
  readonly query?: string;
}

/** A subgraph on a graph-node, with its defaults filled in. */
export interface EmergencyGraphNodeConfig {
  readonly subgraph: string;
  readonly status: string;
  readonly query: string | undefined;
  readonly admin: string | undefined;
  readonly control: string | undefined;
  readonly token: Secret | undefined;
  readonly graphman: readonly string[] | undefined;
  readonly reorgThreshold: number;
  readonly settleSeconds: number;
}

/** A subgraph that is hosted, with its defaults filled in. */
export type EmergencyHostedConfig =
  | {
      readonly host: "goldsky";
      readonly subgraph: string;
      readonly tag: string;
      readonly token: Secret;
      readonly api: string;
    }
  | {
      readonly host: "alchemy";
      readonly team: string;
      readonly subgraph: string;
      readonly deployKey: Secret;
      readonly queryKey: Secret;
      readonly api: string;
      readonly query: string;
    };
