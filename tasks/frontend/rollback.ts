import type { NewTaskActionFunction } from "hardhat/types/tasks";

import {
  runFrontendTask,
  type FrontendArguments,
  type FrontendResult,
} from "../shared/frontend-task.js";

interface RollbackArguments extends FrontendArguments {
  readonly to: string | undefined;
  readonly acceptOldAddress: boolean;
}

const rollback: NewTaskActionFunction<RollbackArguments> = async (
  args,
  hre,
): Promise<FrontendResult> =>
  await runFrontendTask(
    hre,
    "frontend rollback",
    args,
    async ({ name }) =>
      await Promise.resolve({
        id: "rollback",
        kind: "frontend-rollback",
        intent: {
          frontend: name,
          to: args.to ?? null,
          acceptOldAddress: args.acceptOldAddress,
        },
      }),
  );

export default rollback;
