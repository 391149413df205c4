import type { NewTaskActionFunction } from "hardhat/types/tasks";

import {
  runIndexerTask,
  type IndexerArguments,
  type IndexerResult,
} from "../shared/indexer-task.js";

interface RestartArguments extends IndexerArguments {
  readonly again: boolean;
}

/** Whoever types the command again so soon wants the same restart, and not another one. */
const SAME_MS = 600_000;

const restart: NewTaskActionFunction<RestartArguments> = async (
  args,
  hre,
): Promise<IndexerResult> => {
  const since = new Date(Date.now() - (args.again ? 0 : SAME_MS)).toISOString();
  return await runIndexerTask(hre, "indexer restart", args, (name) => ({
    main: [{ id: `restart ${name}`, kind: "indexer-restart", intent: { indexer: name, since } }],
  }));
};

export default restart;
