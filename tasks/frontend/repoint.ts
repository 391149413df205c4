import type { NewTaskActionFunction } from "hardhat/types/tasks";

import { parseAddress } from "../../src/chain/address.js";
import {
  runFrontendTask,
  type FrontendArguments,
  type FrontendResult,
} from "../shared/frontend-task.js";
import { needed } from "../shared/writing-task.js";

interface RepointArguments extends FrontendArguments {
  readonly contract: string | undefined;
  readonly address: string | undefined;
  readonly replaces: string | undefined;
}

const EXAMPLE = "npx hardhat frontend repoint --contract marketplace --address 0x…";

const repoint: NewTaskActionFunction<RepointArguments> = async (
  args,
  hre,
): Promise<FrontendResult> =>
  await runFrontendTask(hre, "frontend repoint", args, async ({ name }) => ({
    id: "repoint",
    kind: "frontend-repoint",
    intent: {
      frontend: name,
      contract: needed(args.contract, "--contract", EXAMPLE),
      address: await parseAddress(needed(args.address, "--address", EXAMPLE), "--address"),
      replaces:
        args.replaces === undefined ? null : await parseAddress(args.replaces, "--replaces"),
    },
  }));

export default repoint;
