import type { NewTaskActionFunction } from "hardhat/types/tasks";

import { stopKind } from "../../src/recovery/subgraph-work.js";
import {
  runIndexerTask,
  type IndexerArguments,
  type IndexerResult,
  type OwnerArguments,
} from "../shared/indexer-task.js";

interface StopArguments extends IndexerArguments, Pick<OwnerArguments, "owner"> {}

const stop: NewTaskActionFunction<StopArguments> = async (args, hre): Promise<IndexerResult> =>
  await runIndexerTask(
    hre,
    "indexer stop",
    args,
    (name, indexers) => ({
      order: "down",
      main: [
        { id: `stop ${name}`, kind: stopKind("stop", name, indexers), intent: { indexer: name } },
      ],
    }),
    // What is resumed would start it again.
    { owner: args.owner, resume: false },
  );

export default stop;
