import type { NewTaskActionFunction } from "hardhat/types/tasks";

import {
  runIndexerTask,
  type IndexerArguments,
  type IndexerResult,
} from "../shared/indexer-task.js";

/** Whoever types the command again so soon wants the same record, and not another one. */
const SAME_MS = 600_000;

const record: NewTaskActionFunction<IndexerArguments> = async (
  args,
  hre,
): Promise<IndexerResult> => {
  const since = new Date(Date.now() - SAME_MS).toISOString();
  return await runIndexerTask(hre, "indexer record", args, (name) => ({
    order: "up",
    main: [{ id: `record ${name}`, kind: "indexer-record", intent: { indexer: name, since } }],
  }));
};

export default record;
