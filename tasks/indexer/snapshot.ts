import type { NewTaskActionFunction } from "hardhat/types/tasks";

import {
  runIndexerTask,
  type IndexerArguments,
  type IndexerResult,
} from "../shared/indexer-task.js";

const snapshot: NewTaskActionFunction<IndexerArguments> = async (
  args,
  hre,
): Promise<IndexerResult> =>
  await runIndexerTask(hre, "indexer snapshot", args, (name) => ({
    main: [{ id: `snapshot ${name}`, kind: "indexer-snapshot", intent: { indexer: name } }],
    order: "up",
  }));

export default snapshot;
