import type { NewTaskActionFunction } from "hardhat/types/tasks";

import { rewindWork } from "../../src/recovery/subgraph-work.js";
import {
  runIndexerTask,
  type IndexerArguments,
  type IndexerResult,
} from "../shared/indexer-task.js";

interface RewindArguments extends IndexerArguments {
  readonly block: string | undefined;
}

const rewind: NewTaskActionFunction<RewindArguments> = async (args, hre): Promise<IndexerResult> =>
  await runIndexerTask(hre, "indexer rewind", args, rewindWork(args.block));

export default rewind;
