import type { NewTaskActionFunction } from "hardhat/types/tasks";
import type { Result } from "hardhat/types/utils";

import type { EmergencyError } from "../../src/errors.js";
import {
  lookAtWorkload,
  waitForRollout,
  type WorkloadStatus,
} from "../../src/indexer/kubernetes/status.js";
import { printIndexerStatus } from "../../src/view/indexer.js";
import { printLine } from "../../src/view/output.js";
import { lookAtIndexer, type IndexerArguments } from "../shared/indexer-task.js";

interface StatusArguments extends Pick<IndexerArguments, "indexer" | "json"> {
  readonly noWait: boolean;
}

/** Exit code of an indexer that is not up. */
const NOT_UP = 3;

const status: NewTaskActionFunction<StatusArguments> = async (
  args,
  hre,
): Promise<Result<WorkloadStatus, EmergencyError>> =>
  await lookAtIndexer(hre, "indexer status", args, async (indexer) => {
    const found = args.noWait
      ? await lookAtWorkload(indexer)
      : await waitForRollout(indexer, (what) => {
          if (!args.json) {
            printLine(`  ${what}`);
          }
        });
    printIndexerStatus(printLine, args.json, found);
    if (found.rollout.state !== "done") {
      process.exitCode = NOT_UP;
    }
    return found;
  });

export default status;
