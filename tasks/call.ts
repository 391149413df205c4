import type { NewTaskActionFunction } from "hardhat/types/tasks";
import type { Result } from "hardhat/types/utils";

import { parseArguments } from "../src/chain/abi.js";
import { abisFor, findContract } from "../src/chain/address-book.js";
import { parseAddress } from "../src/chain/address.js";
import { callFunction, type CallResult } from "../src/chain/call.js";
import { projectArtifacts } from "../src/chain/inspection/artifacts.js";
import type { EmergencyError } from "../src/errors.js";
import { printCall } from "../src/view/call.js";
import { printLine } from "../src/view/output.js";
import { runReadingTask } from "./shared/reading-task.js";
import { addressBook, needed } from "./shared/writing-task.js";

interface CallArguments {
  readonly contract: string | undefined;
  readonly function: string | undefined;
  readonly args: string | undefined;
  readonly from: string | undefined;
  readonly json: boolean;
}

const EXAMPLE = 'npx hardhat call --contract 0x… --function "paused()"';

const call: NewTaskActionFunction<CallArguments> = async (
  args,
  hre,
): Promise<Result<CallResult, EmergencyError>> =>
  await runReadingTask(hre, "call", args.json, async (chain) => {
    const name = needed(args.contract, "--contract", EXAMPLE);
    const contract = await findContract(addressBook(hre, chain), name, "--contract");
    const artifacts = projectArtifacts(hre.artifacts);
    const result = await callFunction(chain, {
      address: contract.address,
      function: needed(args.function, "--function", EXAMPLE),
      args: parseArguments(args.args ?? "", "--args"),
      from: args.from === undefined ? undefined : await parseAddress(args.from, "--from"),
      sources: { own: await abisFor(artifacts, contract), artifacts },
    });
    printCall(printLine, args.json, chain.network, contract.address, result);
    return result;
  });

export default call;
