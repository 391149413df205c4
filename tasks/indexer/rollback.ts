import type { NewTaskActionFunction } from "hardhat/types/tasks";

import { parseTarget } from "../../src/indexer/kubernetes/parse-target.js";
import {
  runIndexerTask,
  type IndexerArguments,
  type IndexerResult,
  type OwnerArguments,
} from "../shared/indexer-task.js";

interface RollbackArguments extends IndexerArguments, OwnerArguments {
  readonly to: string | undefined;
}

const rollback: NewTaskActionFunction<RollbackArguments> = async (
  args,
  hre,
): Promise<IndexerResult> =>
  await runIndexerTask(
    hre,
    "indexer rollback",
    args,
    (name) => ({
      main: [
        {
          id: `roll back ${name}`,
          kind: "indexer-rollback",
          intent: { indexer: name, target: { ...parseTarget(args.to) } },
        },
      ],
    }),
    args,
  );

export default rollback;
