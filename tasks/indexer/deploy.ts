import type { NewTaskActionFunction } from "hardhat/types/tasks";

import { versionWork, type TypedVersion } from "../../src/recovery/subgraph-work.js";
import {
  runIndexerTask,
  type IndexerArguments,
  type IndexerResult,
} from "../shared/indexer-task.js";

const deploy: NewTaskActionFunction<IndexerArguments & TypedVersion> = async (
  args,
  hre,
): Promise<IndexerResult> =>
  await runIndexerTask(hre, "indexer deploy", args, versionWork("deploy", args));

export default deploy;
