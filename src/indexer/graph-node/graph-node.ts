import type { EmergencyError } from "../../errors.js";
import type { VersionState } from "../version-state.js";
import type { Graphman } from "./graphman.js";

/** A deployment as graph-node's status API tells of it. */
export interface Deployment extends VersionState {
  /** Its IPFS hash: "Qm…". */
  readonly deployment: string;
  /** As graph-node calls the chain: "mainnet". */
  readonly network: string | null;
  /** What lies before has been pruned, or never was indexed. */
  readonly earliest: number;
}

/** The versions of a name: queries to the name get the current one. */
export interface Versions {
  readonly current: Deployment | null;
  /** Becomes current by itself as soon as it is synced. */
  readonly pending: Deployment | null;
}

/** What a query at the name or the deployment is answered from. */
export interface Served {
  readonly deployment: string;
  readonly block: number;
  readonly hasErrors: boolean;
}

/**
 * A graph-node. Every method may throw EmergencyError INDEXER_UNREACHABLE, INDEXER_DENIED, INDEXER_REFUSED; a
 * method that writes throws INDEXER_UNREACHABLE also when its answer was lost, so that whoever calls it looks.
 */
export interface GraphNode {
  /** For people and for plans: "graph-node at graph-node:8030". Holds no secret. */
  readonly place: string;
  /** Whether queries can be made, to read back what is served. */
  readonly canQuery: boolean;
  /** The refusal of what cannot be done because an interface is not configured. */
  lacks(what: "pause" | "deploy"): EmergencyError | undefined;
  /** @param hash of the deployment; null when there is none of it. */
  deployment(hash: string): Promise<Deployment | null>;
  versions(name: string): Promise<Versions>;
  /** Null when the node does not know the block. */
  blockHash(network: string, number: number): Promise<string | null>;
  /** Null when nothing is served there. @param target of the query, by name or by hash. */
  served(target: { readonly name: string } | { readonly hash: string }): Promise<Served | null>;
  /** Tells the node to stop indexing, which it does somewhat later. */
  pause(hash: string): Promise<void>;
  resume(hash: string): Promise<void>;
  /** Makes a name without a version, if there is none of this name. */
  create(name: string): Promise<void>;
  /**
   * Makes a deployment the newest version of a name that exists. A deployment that is synced becomes what
   * queries to the name get at once; one that is not does so too, unless the node runs with
   * EXPERIMENTAL_SUBGRAPH_VERSION_SWITCHING_MODE=synced.
   */
  deploy(name: string, hash: string): Promise<void>;
  /** Forgets a name. Deployments that have no other one are indexed no more, and deleted later. */
  remove(name: string): Promise<void>;
}

/** A subgraph on a graph-node, and how long it is waited for. */
export interface GraphNodeIndexer {
  /** As in the configuration. */
  readonly name: string;
  readonly node: GraphNode;
  /** Whether nothing is really written: what was tried is remembered, and that is all. */
  readonly dryRun: boolean;
  /** The name that queries use: "org/market". */
  readonly subgraph: string;
  /** Undefined where it is not configured. */
  readonly graphman: Graphman | undefined;
  /** In blocks; see graph-node's ETHEREUM_REORG_THRESHOLD. */
  readonly reorgThreshold: number;
  /** For how long no block may have been indexed until a pause is believed. */
  readonly settleMs: number;
  /** How long something is waited for in all. */
  readonly waitMs: number;
  /** In milliseconds since some fixed time. */
  readonly now: () => number;
  readonly wait: (milliseconds: number) => Promise<void>;
}

/**
 * A subgraph by the indexer's name.
 * Throws EmergencyError UNKNOWN_INDEXER, BAD_CONFIG.
 */
export type GraphNodeBook = (name: string) => Promise<GraphNodeIndexer>;

/** An IPFS hash as graph-node has them. */
export const DEPLOYMENT_HASH = /^Qm[1-9A-HJ-NP-Za-km-z]{44}$/;

/** A label that makes a name which graph-node takes: letters, digits, "-" and "_", and a letter among them. */
export const VERSION_LABEL = /^(?=.*[a-zA-Z])[a-zA-Z0-9]([a-zA-Z0-9_-]{0,38}[a-zA-Z0-9])?$/;

/** The name under which a version of its own is deployed: "org/market-v2". */
export function nameOfLabel(subgraph: string, label: string): string {
  return `${subgraph}-${label}`;
}

/**
 * The name that keeps a deployment alive when the subgraph's own name goes to another one. graph-node stops
 * indexing what has no name, and deletes it some hours later.
 */
export function nameToKeep(subgraph: string, hash: string): string {
  return `${subgraph}-kept-${hash.slice(-8).toLowerCase()}`;
}
