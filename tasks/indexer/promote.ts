import type { NewTaskActionFunction } from "hardhat/types/tasks";

import { promoteWork } from "../../src/recovery/promote-work.js";
import { printLine } from "../../src/view/output.js";
import {
  runIndexerTask,
  type IndexerArguments,
  type IndexerResult,
} from "../shared/indexer-task.js";

interface PromoteArguments extends IndexerArguments {
  readonly to: string | undefined;
  readonly from: string | undefined;
  readonly accept: string | undefined;
  readonly wait: boolean;
}

const promote: NewTaskActionFunction<PromoteArguments> = async (
  args,
  hre,
): Promise<IndexerResult> =>
  await runIndexerTask(hre, "indexer promote", args, {
    prepare: async (indexers) => {
      const { to, from, wait } = args;
      const accept = (args.accept ?? "").split(",").map((name) => name.trim());
      const promotion = { to, from, wait, accept: accept.filter((name) => name !== "") };
      return await promoteWork(indexers, promotion, (what) => {
        if (!args.json) {
          printLine(`  ${what}`);
        }
      });
    },
  });

export default promote;
