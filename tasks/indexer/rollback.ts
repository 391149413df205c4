import type { NewTaskActionFunction } from "hardhat/types/tasks";

import { parseTarget } from "../../src/indexer/kubernetes/parse-target.js";
import { configurationWork } from "../../src/recovery/configuration-work.js";
import {
  runIndexerTask,
  type IndexerArguments,
  type IndexerResult,
  type OwnerArguments,
} from "../shared/indexer-task.js";

interface RollbackArguments extends IndexerArguments, OwnerArguments {
  readonly to: string | undefined;
  readonly noHooks: boolean;
  readonly takeOver: boolean;
  readonly configuration: string | undefined;
}

const rollback: NewTaskActionFunction<RollbackArguments> = async (
  args,
  hre,
): Promise<IndexerResult> =>
  await runIndexerTask(
    hre,
    "indexer rollback",
    args,
    {
      prepare: async (indexers) => {
        const { config } = indexers;
        const target = parseTarget(args.to);
        const { root } = hre.config.paths;
        const configurationOf = await configurationWork(indexers, root, args.configuration, target);
        const { noHooks, takeOver } = args;
        return (name) => {
          const intent = { indexer: name, target: { ...target } };
          const id = `roll back ${name}`;
          if (config(name).helm !== undefined) {
            const more = { hooks: !noHooks, takeOver };
            return {
              main: [{ id, kind: "indexer-helm-rollback", intent: { ...intent, ...more } }],
            };
          }
          const { before, after } = configurationOf(name);
          return { main: [...before, { id, kind: "indexer-rollback", intent }, ...after] };
        };
      },
    },
    args,
  );

export default rollback;
