import type { NewTaskActionFunction } from "hardhat/types/tasks";

import { pauseRequests } from "./shared/pause-requests.js";
import { runWritingTask, type TaskResult, type WritingArguments } from "./shared/writing-task.js";

interface PauseArguments extends WritingArguments {
  readonly contract: string | undefined;
  readonly irreversible: boolean;
}

const pause: NewTaskActionFunction<PauseArguments> = async (args, hre): Promise<TaskResult> =>
  await runWritingTask(
    hre,
    "pause",
    args,
    pauseRequests("pause", args.contract, args.irreversible),
  );

export default pause;
