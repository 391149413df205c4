import type { NewTaskActionFunction } from "hardhat/types/tasks";
import { errorResult } from "hardhat/utils/result";
import type { Result } from "hardhat/types/utils";

import { findContracts } from "../src/chain/address-book.js";
import { openFork } from "../src/chain/fork.js";
import { verifyPausable, type PausableReports } from "../src/chain/pausing/verify-pausable.js";
import type { EmergencyError } from "../src/errors.js";
import { printLine } from "../src/view/output.js";
import { printPausable } from "../src/view/pausable.js";
import { runReadingTask } from "./shared/reading-task.js";
import { addressBook, needed } from "./shared/writing-task.js";

interface VerifyPausableArguments {
  readonly contract: string | undefined;
  readonly json: boolean;
}

/** Exit code of "could not be decided". */
const UNKNOWN = 3;

const verify: NewTaskActionFunction<VerifyPausableArguments> = async (
  args,
  hre,
): Promise<Result<PausableReports, EmergencyError | PausableReports>> => {
  const result = await runReadingTask(hre, "verify-pausable", args.json, async (chain) => {
    const names = needed(args.contract, "--contract", "npx hardhat verify-pausable --contract 0x…");
    const contracts = await findContracts(addressBook(hre, chain), names, "--contract");
    const reports = await verifyPausable(
      chain,
      contracts,
      async (chainId, block) => await openFork(hre, chain, chainId, block),
    );
    printPausable(printLine, args.json, chain.network, reports);
    return reports;
  });
  if (result.success && result.value.contracts.some(({ verdict }) => verdict === "not-pausable")) {
    return errorResult(result.value);
  }
  if (result.success && result.value.contracts.some(({ verdict }) => verdict === "unknown")) {
    process.exitCode = UNKNOWN;
  }
  return result;
};

export default verify;
