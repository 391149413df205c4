import type { NewTaskActionFunction } from "hardhat/types/tasks";

import {
  runFrontendTask,
  type FrontendArguments,
  type FrontendResult,
} from "../shared/frontend-task.js";

interface InvalidateArguments extends FrontendArguments {
  readonly paths: string | undefined;
}

const invalidate: NewTaskActionFunction<InvalidateArguments> = async (
  args,
  hre,
): Promise<FrontendResult> =>
  await runFrontendTask(
    hre,
    "frontend invalidate",
    args,
    async ({ name, now }) =>
      await Promise.resolve({
        id: "invalidate",
        kind: "frontend-invalidate",
        intent: {
          frontend: name,
          paths: args.paths === undefined ? null : listed(args.paths),
          reference: `by hand ${now().toISOString()}`,
        },
      }),
  );

function listed(paths: string): readonly string[] {
  return paths
    .split(",")
    .map((path) => path.trim().replace(/^\//, ""))
    .map((path) => (path === "" ? "index.html" : path));
}

export default invalidate;
