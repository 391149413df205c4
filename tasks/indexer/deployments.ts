import type { NewTaskActionFunction } from "hardhat/types/tasks";
import type { Result } from "hardhat/types/utils";

import type { EmergencyError } from "../../src/errors.js";
import {
  listDeployments,
  type DeploymentList,
} from "../../src/indexer/ponder/choose-deployment.js";
import { printDeployments } from "../../src/view/indexer-ponder.js";
import { printLine } from "../../src/view/output.js";
import { lookAtOne, type IndexerArguments } from "../shared/indexer-task.js";

const deployments: NewTaskActionFunction<Pick<IndexerArguments, "indexer" | "json">> = async (
  args,
  hre,
): Promise<Result<DeploymentList, EmergencyError>> =>
  await lookAtOne(hre, "indexer deployments", args, async (name, { liveOthers }) => {
    const list = await listDeployments(await liveOthers.ponder(name));
    printDeployments(printLine, args.json, name, list, Date.now());
    return list;
  });

export default deployments;
