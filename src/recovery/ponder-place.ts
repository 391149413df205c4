import { randomUUID } from "node:crypto";

import type { EmergencyIndexerConfig } from "../config/types.js";
import { EmergencyError } from "../errors.js";
import type { Indexer } from "../indexer/indexer.js";
import type { PonderBook, PonderIndexer } from "../indexer/ponder/ponder-indexer.js";
import { once } from "../once.js";

/** How long a deployment may take to say whether it is ready. */
const READY_MS = 10_000;

/**
 * The Ponder apps of indexers, each opened when it is first asked for.
 * @param dryRun whether what is tried is rolled back.
 * @param common what an indexer has wherever it runs.
 */
export function ponderBook(
  config: (name: string) => EmergencyIndexerConfig,
  dryRun: boolean,
  common: (name: string) => Omit<Indexer, "workload" | "cluster">,
): PonderBook {
  const opened = new Map<string, () => Promise<PonderIndexer>>();
  return async (name) => {
    const open = opened.get(name) ?? once(async () => await openPonder(name));
    opened.set(name, open);
    return await open();
  };

  async function openPonder(name: string): Promise<PonderIndexer> {
    const { ponder } = config(name);
    if (ponder === undefined) {
      throw new EmergencyError(
        "BAD_CONFIG",
        `indexer "${name}" is no Ponder app`,
        `describe it in hardhat.config.ts: emergency.indexers.${name}.ponder = { database, views }`,
      );
    }
    const { openDatabase } = await import("../indexer/ponder/pg-database.js");
    const setting = `emergency.indexers.${name}.ponder.database`;
    const { waitMs, by, now, wait } = common(name);
    return {
      name,
      database: await openDatabase(await ponder.database.get(), setting),
      views: ponder.views,
      url: ponder.url,
      maxBehind: ponder.maxBehind,
      waitMs,
      dryRun,
      by,
      now,
      wait,
      unique: randomUUID,
      get: async (url) => (await fetch(url, { signal: AbortSignal.timeout(READY_MS) })).status,
    };
  }
}
