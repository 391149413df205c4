import type { NewTaskActionFunction } from "hardhat/types/tasks";

import {
  runIndexerTask,
  type IndexerArguments,
  type IndexerResult,
} from "../shared/indexer-task.js";

const resume: NewTaskActionFunction<IndexerArguments> = async (args, hre): Promise<IndexerResult> =>
  await runIndexerTask(hre, "indexer resume", args, (name) => ({
    first: [{ id: `resume ${name}`, kind: "indexer-resume", intent: { indexer: name } }],
    main: [],
  }));

export default resume;
