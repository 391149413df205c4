import type { NewTaskActionFunction } from "hardhat/types/tasks";
import type { Result } from "hardhat/types/utils";

import type { EmergencyError } from "../../src/errors.js";
import { listSnapshots, type SnapshotList } from "../../src/indexer/configuration/list.js";
import { printSnapshots } from "../../src/view/indexer-configuration.js";
import { printLine } from "../../src/view/output.js";
import { lookAtIndexer, type IndexerArguments } from "../shared/indexer-task.js";

const snapshots: NewTaskActionFunction<Pick<IndexerArguments, "indexer" | "json">> = async (
  args,
  hre,
): Promise<Result<SnapshotList, EmergencyError>> =>
  await lookAtIndexer(hre, "indexer snapshots", args, async (indexer) => {
    const list = await listSnapshots(indexer);
    printSnapshots(printLine, args.json, list);
    return list;
  });

export default snapshots;
