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
  readonly noHooks: boolean;
  readonly takeOver: boolean;
}

const rollback: NewTaskActionFunction<RollbackArguments> = async (
  args,
  hre,
): Promise<IndexerResult> =>
  await runIndexerTask(
    hre,
    "indexer rollback",
    args,
    (name, { config }) => {
      const intent = { indexer: name, target: { ...parseTarget(args.to) } };
      const id = `roll back ${name}`;
      const { noHooks, takeOver } = args;
      return config(name).helm === undefined
        ? { main: [{ id, kind: "indexer-rollback", intent }] }
        : {
            main: [
              {
                id,
                kind: "indexer-helm-rollback",
                intent: { ...intent, hooks: !noHooks, takeOver },
              },
            ],
          };
    },
    args,
  );

export default rollback;
