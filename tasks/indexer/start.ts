import type { NewTaskActionFunction } from "hardhat/types/tasks";

import { parsePods } from "../../src/indexer/kubernetes/parse-scale.js";
import { stopKind } from "../../src/recovery/subgraph-work.js";
import {
  runIndexerTask,
  type IndexerArguments,
  type IndexerResult,
} from "../shared/indexer-task.js";

interface StartArguments extends IndexerArguments {
  readonly to: string | undefined;
}

const start: NewTaskActionFunction<StartArguments> = async (args, hre): Promise<IndexerResult> =>
  await runIndexerTask(hre, "indexer start", args, (name, indexers) => {
    const kind = stopKind("start", name, indexers);
    const pods = {
      must: true,
      ...(args.to === undefined ? {} : { replicas: parsePods(args.to, 1) }),
    };
    const intent = { indexer: name, ...(kind === "indexer-start" ? pods : {}) };
    return { order: "up", main: [{ id: `start ${name}`, kind, intent }] };
  });

export default start;
