import type { NewTaskActionFunction } from "hardhat/types/tasks";

import { parseArguments } from "../src/chain/abi.js";
import { findContract } from "../src/chain/address-book.js";
import {
  needed,
  runWritingTask,
  type TaskResult,
  type WritingArguments,
} from "./shared/writing-task.js";

interface UpgradeArguments extends WritingArguments {
  readonly proxy: string | undefined;
  readonly implementation: string | undefined;
  readonly call: string | undefined;
  readonly callArgs: string | undefined;
  readonly constructorArgs: string | undefined;
  readonly previous: string | undefined;
  readonly skipLayoutCheck: boolean;
  readonly skipRehearsal: boolean;
}

const EXAMPLE = "npx hardhat upgrade --proxy 0x… --implementation MarketplaceV2";

/** An upgrade is rehearsed unless the person says otherwise: a wrong one costs more than seconds. */
const upgrade: NewTaskActionFunction<UpgradeArguments> = async (args, hre): Promise<TaskResult> =>
  await runWritingTask(
    hre,
    "upgrade",
    { ...args, rehearse: !args.skipRehearsal },
    async (book, from) => {
      const implementation = needed(args.implementation, "--implementation", EXAMPLE);
      const proxy = await findContract(book, needed(args.proxy, "--proxy", EXAMPLE), "--proxy");
      return [
        {
          id: "upgrade",
          kind: "upgrade",
          intent: {
            proxy: proxy.address,
            label: proxy.label,
            implementation,
            constructorArgs: parseArguments(args.constructorArgs ?? "", "--constructor-args"),
            call:
              args.call === undefined
                ? null
                : { function: args.call, args: parseArguments(args.callArgs ?? "", "--call-args") },
            previous: args.previous ?? proxy.artifact ?? null,
            skipLayoutCheck: args.skipLayoutCheck,
            ...(from === undefined ? {} : { from }),
          },
        },
      ];
    },
  );

export default upgrade;
