import { writeFile } from "node:fs/promises";

import type { NewTaskActionFunction } from "hardhat/types/tasks";
import { errorResult } from "hardhat/utils/result";
import type { Result } from "hardhat/types/utils";

import type { PausableReports } from "../src/chain/pausing/report.js";
import { EmergencyError } from "../src/errors.js";
import { printLine } from "../src/view/output.js";
import { printPausable } from "../src/view/pausable.js";
import { runbookPage } from "../src/view/runbook.js";
import { examination, type ExaminationArguments } from "./shared/examination.js";
import { runReadingTask } from "./shared/reading-task.js";

interface VerifyPausableArguments extends ExaminationArguments {
  readonly failOn: string | undefined;
}

/** Exit code of "could not be decided". */
const UNKNOWN = 3;

const EXAMPLE = "npx hardhat verify-pausable --contract 0x…";

const verify: NewTaskActionFunction<VerifyPausableArguments> = async (
  args,
  hre,
): Promise<Result<PausableReports, EmergencyError | PausableReports>> => {
  const result = await runReadingTask(hre, "verify-pausable", args.json, async (chain) => {
    if (args.failOn !== undefined && args.failOn !== "open") {
      throw new EmergencyError(
        "BAD_ARGUMENTS",
        `--fail-on knows only "open", not "${args.failOn}"`,
        `${EXAMPLE} --fail-on open`,
      );
    }
    const reports = await examination(hre, chain, args, false, EXAMPLE);
    if (args.output !== undefined) {
      await writeFile(args.output, runbookPage(chain.network, reports));
    }
    printPausable(printLine, args.json, chain.network, reports);
    return reports;
  });
  if (!result.success) {
    return result;
  }
  const { contracts } = result.value;
  if (
    contracts.some(({ verdict }) => verdict === "not-pausable") ||
    (args.failOn === "open" && contracts.some(leavesOpen))
  ) {
    return errorResult(result.value);
  }
  if (contracts.some(({ verdict }) => verdict === "unknown")) {
    process.exitCode = UNKNOWN;
  }
  return result;
};

/** Whether something that moves funds goes on in spite of every way to stop it. */
function leavesOpen({ mechanisms }: PausableReports["contracts"][number]): boolean {
  const working = mechanisms.filter(({ works }) => works === true);
  return working.length > 0 && working.every(({ summary }) => summary.openMovingFunds.length > 0);
}

export default verify;
