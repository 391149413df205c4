import { EmergencyError } from "../errors.js";
import type { StepRequest } from "../step.js";
import type { IndexerWork } from "./indexer-order.js";
import type { Indexers } from "./indexer-place.js";
import { subgraphPromotion } from "./subgraph-work.js";

/** What is typed about what is served from now on. */
export interface Promotion {
  /** undefined: the only one that it can be. */
  readonly to: string | undefined;
  /** What is live now, where nobody else says so. */
  readonly from: string | undefined;
  /** Wait until it is ready. */
  readonly wait: boolean;
  /** By name what is no reason to refuse. */
  readonly accept: readonly string[];
}

/**
 * What has to be done so that readers get another version of each indexer: the kind of step by the indexer's backend.
 * @param tell told what is waited for.
 * @throws EmergencyError BAD_CONFIG, BAD_ARGUMENTS, UNKNOWN_VERSION, VERSION_NOT_READY, DATABASE_…
 */
export async function promoteWork(
  indexers: Indexers,
  promotion: Promotion,
  tell: (what: string) => void,
): Promise<(name: string) => IndexerWork> {
  const requests = new Map<string, StepRequest>();
  for (const name of indexers.names) {
    requests.set(name, await promoteRequest(name, indexers, promotion, tell));
  }
  return (name) => {
    const request = requests.get(name);
    return { main: request === undefined ? [] : [request] };
  };
}

async function promoteRequest(
  name: string,
  indexers: Indexers,
  promotion: Promotion,
  tell: (what: string) => void,
): Promise<StepRequest> {
  const id = `promote ${name}`;
  const { config, liveOthers } = indexers;
  const subgraph = subgraphPromotion(name, indexers, promotion.to, promotion.from);
  if (subgraph !== undefined) {
    if (promotion.accept.length > 0) {
      throw new EmergencyError(
        "BAD_ARGUMENTS",
        `"${name}" is a subgraph, for which there is nothing to --accept`,
        "leave --accept out",
      );
    }
    if (promotion.wait && promotion.to !== undefined) {
      const { waitForVersion } = await import("./subgraph-status.js");
      await waitForVersion(name, indexers, promotion.to, tell);
    }
    return { id, ...subgraph };
  }
  if (config(name).ponder !== undefined) {
    const { ponderPromotion } = await import("../indexer/ponder/promotion.js");
    const intent = await ponderPromotion(await liveOthers.ponder(name), promotion, tell);
    return { id, kind: "ponder-promote", intent };
  }
  throw new EmergencyError(
    "BAD_CONFIG",
    `indexer "${name}" has no versions of which one is served`,
    `describe it in hardhat.config.ts, such as: emergency.indexers.${name}.ponder = { database, views }`,
  );
}
