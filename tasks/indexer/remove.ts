import type { NewTaskActionFunction } from "hardhat/types/tasks";

import { versionWork, type TypedVersion } from "../../src/recovery/subgraph-work.js";
import {
  runIndexerTask,
  type IndexerArguments,
  type IndexerResult,
} from "../shared/indexer-task.js";

const remove: NewTaskActionFunction<IndexerArguments & TypedVersion> = async (
  args,
  hre,
): Promise<IndexerResult> =>
  await runIndexerTask(hre, "indexer remove", args, versionWork("remove", args));

export default remove;
