import type { NewTaskActionFunction } from "hardhat/types/tasks";

import { pauseRequests } from "./shared/pause-requests.js";
import { runWritingTask, type TaskResult, type WritingArguments } from "./shared/writing-task.js";

interface UnpauseArguments extends WritingArguments {
  readonly contract: string | undefined;
}

const unpause: NewTaskActionFunction<UnpauseArguments> = async (args, hre): Promise<TaskResult> =>
  await runWritingTask(hre, "unpause", args, pauseRequests("unpause", args.contract));

export default unpause;
