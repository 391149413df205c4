import type { NewTaskActionFunction } from "hardhat/types/tasks";

import { configurationWork } from "../../src/recovery/configuration-work.js";
import {
  runIndexerTask,
  type IndexerArguments,
  type IndexerResult,
  type OwnerArguments,
} from "../shared/indexer-task.js";
import { needed } from "../shared/writing-task.js";

interface ConfigureArguments extends IndexerArguments, OwnerArguments {
  readonly from: string | undefined;
}

const EXAMPLE = "npx hardhat indexer configure --from snapshot";

const configure: NewTaskActionFunction<ConfigureArguments> = async (
  args,
  hre,
): Promise<IndexerResult> =>
  await runIndexerTask(
    hre,
    "indexer configure",
    args,
    {
      prepare: async (indexers) => {
        const from = needed(args.from, "--from", EXAMPLE);
        const { root } = hre.config.paths;
        const workOf = await configurationWork(indexers, root, from, undefined);
        return (name) => {
          const { before, after } = workOf(name);
          return { main: [...before, ...after] };
        };
      },
    },
    args,
  );

export default configure;
