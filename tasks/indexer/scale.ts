import type { NewTaskActionFunction } from "hardhat/types/tasks";

import { parseAutoscaler, parsePods } from "../../src/indexer/kubernetes/parse-scale.js";
import {
  runIndexerTask,
  type IndexerArguments,
  type IndexerResult,
  type OwnerArguments,
} from "../shared/indexer-task.js";

interface ScaleArguments extends IndexerArguments, OwnerArguments {
  readonly to: string | undefined;
  readonly autoscaler: string | undefined;
}

const scale: NewTaskActionFunction<ScaleArguments> = async (args, hre): Promise<IndexerResult> =>
  await runIndexerTask(
    hre,
    "indexer scale",
    args,
    (name) => {
      const autoscaler = parseAutoscaler(args.autoscaler);
      return {
        order: "up",
        main: [
          {
            id: `scale ${name}`,
            kind: "indexer-scale",
            intent: {
              indexer: name,
              replicas: parsePods(args.to, 0),
              autoscaler: typeof autoscaler === "string" ? autoscaler : { ...autoscaler },
            },
          },
        ],
      };
    },
    args,
  );

export default scale;
