import path from "node:path";

import type { NewTaskActionFunction } from "hardhat/types/tasks";

import {
  runFrontendTask,
  type FrontendArguments,
  type FrontendResult,
} from "../shared/frontend-task.js";
import { needed } from "../shared/writing-task.js";

interface DeployArguments extends FrontendArguments {
  readonly from: string | undefined;
  readonly acceptOldAddress: boolean;
}

const deploy: NewTaskActionFunction<DeployArguments> = async (args, hre): Promise<FrontendResult> =>
  await runFrontendTask(hre, "frontend deploy", args, async ({ name }) => {
    const from = needed(args.from, "--from", "npx hardhat frontend deploy --from dist");
    return await Promise.resolve({
      id: "deploy",
      kind: "frontend-deploy",
      intent: {
        frontend: name,
        from: path.resolve(from),
        acceptOldAddress: args.acceptOldAddress,
      },
    });
  });

export default deploy;
