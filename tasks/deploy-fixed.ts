import type { NewTaskActionFunction } from "hardhat/types/tasks";

import { parseArguments } from "../src/chain/abi.js";
import { findContract } from "../src/chain/address-book.js";
import {
  needed,
  runWritingTask,
  type TaskResult,
  type WritingArguments,
} from "./shared/writing-task.js";

interface DeployFixedArguments extends WritingArguments {
  readonly contract: string | undefined;
  readonly replaces: string | undefined;
  readonly args: string | undefined;
  readonly creationTransaction: string | undefined;
  readonly again: boolean;
  readonly skipRehearsal: boolean;
}

const EXAMPLE = "npx hardhat deploy-fixed --contract MarketplaceV2 --replaces 0x…";

/** Rehearsed unless the person says otherwise, as an upgrade is. */
const deployFixed: NewTaskActionFunction<DeployFixedArguments> = async (
  args,
  hre,
): Promise<TaskResult> =>
  await runWritingTask(
    hre,
    "deploy-fixed",
    { ...args, rehearse: !args.skipRehearsal },
    async (book, from) => {
      const old =
        args.replaces === undefined
          ? undefined
          : await findContract(book, args.replaces, "--replaces");
      return [
        {
          id: "deploy",
          kind: "deploy-fixed",
          intent: {
            artifact: needed(args.contract, "--contract", EXAMPLE),
            args: args.args === undefined ? null : parseArguments(args.args, "--args"),
            replaces: old?.address ?? null,
            knownArgs: old?.constructorArgs ?? null,
            creationTransaction: args.creationTransaction ?? old?.creationTransaction ?? null,
            again: args.again,
            ...(from === undefined ? {} : { from }),
          },
        },
      ];
    },
  );

export default deployFixed;
