import type { NewTaskActionFunction } from "hardhat/types/tasks";

import {
  runIndexerTask,
  type IndexerArguments,
  type IndexerResult,
} from "../shared/indexer-task.js";

const suspend: NewTaskActionFunction<IndexerArguments> = async (
  args,
  hre,
): Promise<IndexerResult> =>
  await runIndexerTask(hre, "indexer suspend", args, (name) => ({
    first: [{ id: `suspend ${name}`, kind: "indexer-suspend", intent: { indexer: name } }],
    main: [],
  }));

export default suspend;
