import type { NewTaskActionFunction } from "hardhat/types/tasks";

import { parsePods } from "../../src/indexer/kubernetes/parse-scale.js";
import {
  runIndexerTask,
  type IndexerArguments,
  type IndexerResult,
} from "../shared/indexer-task.js";

interface StartArguments extends IndexerArguments {
  readonly to: string | undefined;
}

const start: NewTaskActionFunction<StartArguments> = async (args, hre): Promise<IndexerResult> =>
  await runIndexerTask(hre, "indexer start", args, (name) => ({
    order: "up",
    main: [
      {
        id: `start ${name}`,
        kind: "indexer-start",
        intent: {
          indexer: name,
          must: true,
          ...(args.to === undefined ? {} : { replicas: parsePods(args.to, 1) }),
        },
      },
    ],
  }));

export default start;
