import { hostname, userInfo } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";

import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import type { EmergencyIndexerConfig } from "../config/types.js";
import { EmergencyError } from "../errors.js";
import type { GraphNodeBook } from "../indexer/graph-node/graph-node.js";
import type { HelmBook } from "../indexer/helm/helm-release.js";
import type { HostedBook } from "../indexer/hosted/hosted.js";
import type { Indexer, IndexerBook } from "../indexer/indexer.js";
import type { PonderBook } from "../indexer/ponder/ponder-indexer.js";
import { openCluster } from "../indexer/kubernetes/open-cluster.js";
import { once } from "../once.js";
import { helmBook } from "./helm-place.js";
import { ponderBook } from "./ponder-place.js";
import { graphNodeBook, hostedBook } from "./subgraph-place.js";

/** Kubernetes starts a container that crashes again after 10, 20 and 40 seconds: once more may help, thrice not. */
const PATIENCE_MS = 30_000;

/** Indexers that are not, or not only, one workload in a cluster; opened when they are first asked for. */
export interface OtherBooks {
  readonly helm: HelmBook;
  readonly ponder: PonderBook;
  readonly graphNode: GraphNodeBook;
  readonly hosted: HostedBook;
}

/** The configured indexers, each opened when it is first asked for. */
export interface Indexers {
  /** Those that the command is about. */
  readonly names: readonly string[];
  /** @throws EmergencyError UNKNOWN_INDEXER */
  readonly config: (name: string) => EmergencyIndexerConfig;
  /** The workloads as they are, and such whose cluster keeps nothing. */
  readonly live: IndexerBook;
  readonly copy: () => IndexerBook;
  readonly liveOthers: OtherBooks;
  readonly copyOthers: () => OtherBooks;
}

/**
 * The indexers that a command is about.
 * @param typed names, separated by commas; undefined: the only one there is.
 * @throws EmergencyError UNKNOWN_INDEXER
 */
export function openIndexers(
  hre: Pick<HardhatRuntimeEnvironment, "config">,
  typed: string | undefined,
): Indexers {
  const { indexers } = hre.config.emergency;
  const all = Object.keys(indexers);
  const config = (name: string): EmergencyIndexerConfig => {
    const found = indexers[name];
    if (found === undefined) {
      throw unknown(`no indexer "${name}" is configured`, all);
    }
    return found;
  };
  const names =
    typed === undefined
      ? all
      : [...new Set(typed.split(",").map((name) => name.trim()))].filter((name) => name !== "");
  if (names.length === 0 || (typed === undefined && names.length > 1)) {
    throw unknown(`there are ${all.length} indexers, and none is named`, all);
  }
  names.forEach(config);
  const book = (dryRun: boolean): IndexerBook => {
    const opened = new Map<string, () => Promise<Indexer>>();
    return async (name) => {
      const open =
        opened.get(name) ??
        once(async () => await openWorkload(name, config(name), hre.config.paths.root, dryRun));
      opened.set(name, open);
      return await open();
    };
  };
  const others = (dryRun: boolean): OtherBooks => ({
    helm: helmBook(config, hre.config.paths.root, dryRun, (name) => common(name, config(name))),
    ponder: ponderBook(config, dryRun, (name) => common(name, config(name))),
    graphNode: graphNodeBook(config, hre.config.paths.root, dryRun, (name) =>
      common(name, config(name)),
    ),
    hosted: hostedBook(config, dryRun, (name) => common(name, config(name))),
  });
  return {
    names,
    config,
    live: book(false),
    copy: () => book(true),
    liveOthers: others(false),
    copyOthers: () => others(true),
  };
}

/**
 * Where indexers are, for people and for plans.
 * @throws EmergencyError BAD_CONFIG
 */
export async function placeOf({ names, config, live, liveOthers }: Indexers): Promise<string> {
  const places = await Promise.all(
    names.map(async (name) => {
      if (config(name).helm !== undefined) {
        const { release, cluster } = await liveOthers.helm(name);
        return `${cluster.place}, Helm release ${release}`;
      }
      if (config(name).graphNode !== undefined) {
        const { node, subgraph } = await liveOthers.graphNode(name);
        return `${node.place}, ${subgraph}`;
      }
      if (config(name).hosted !== undefined) {
        return (await liveOthers.hosted(name)).host.place;
      }
      if (config(name).kubernetes === undefined && config(name).ponder !== undefined) {
        const { database, views } = await liveOthers.ponder(name);
        return `${database.place}, views "${views}"`;
      }
      return (await live(name)).cluster.place;
    }),
  );
  return [...new Set(places)].join("; ");
}

async function openWorkload(
  name: string,
  config: EmergencyIndexerConfig,
  root: string,
  dryRun: boolean,
): Promise<Indexer> {
  if (config.kubernetes === undefined) {
    throw new EmergencyError(
      "BAD_CONFIG",
      `indexer "${name}" has no workload in a cluster`,
      `describe it in hardhat.config.ts: emergency.indexers.${name}.kubernetes = { name, namespace }`,
    );
  }
  const { kind, name: workload, namespace, context, kubeconfig } = config.kubernetes;
  const file = kubeconfig === undefined ? undefined : path.resolve(root, kubeconfig);
  return {
    ...common(name, config),
    cluster: await openCluster({ kubeconfig: file, context, namespace }, dryRun),
    workload: { kind, name: workload },
  };
}

function common(
  name: string,
  { waitSeconds }: Pick<EmergencyIndexerConfig, "waitSeconds">,
): Omit<Indexer, "workload" | "cluster"> {
  return {
    name,
    waitMs: waitSeconds * 1000,
    patienceMs: PATIENCE_MS,
    by: `${userInfo().username}@${hostname()}`,
    now: () => new Date(),
    wait: async (milliseconds) => {
      await wait(milliseconds);
    },
  };
}

function unknown(what: string, all: readonly string[]): EmergencyError {
  return new EmergencyError(
    "UNKNOWN_INDEXER",
    what,
    all.length === 0
      ? "describe it in hardhat.config.ts: emergency.indexers.api = { kubernetes: { name, namespace } }"
      : `name one of these with --indexer: ${all.join(", ")}`,
  );
}
