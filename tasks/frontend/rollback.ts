import type { NewTaskActionFunction } from "hardhat/types/tasks";

import { EmergencyError } from "../../src/errors.js";
import type { JsonObject } from "../../src/json.js";
import {
  runFrontendTask,
  type FrontendArguments,
  type FrontendResult,
} from "../shared/frontend-task.js";

interface RollbackArguments extends FrontendArguments {
  readonly to: string | undefined;
  readonly toTag: string | undefined;
  readonly toCommit: string | undefined;
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
          build: builtOf(args),
          acceptOldAddress: args.acceptOldAddress,
        },
      }),
  );

/** What is to be built, when that is asked for. */
function builtOf({ to, toTag, toCommit }: RollbackArguments): JsonObject | null {
  const given = [to, toTag, toCommit].filter((value) => value !== undefined);
  if (given.length > 1) {
    throw new EmergencyError(
      "BAD_ARGUMENTS",
      "--to, --to-tag and --to-commit name different places to go back to",
      "give one of them",
    );
  }
  const name = toTag ?? toCommit;
  return name === undefined ? null : { name, kind: toTag === undefined ? "commit" : "tag" };
}

export default rollback;
