import type { NewTaskActionFunction } from "hardhat/types/tasks";
import { errorResult } from "hardhat/utils/result";
import type { Result } from "hardhat/types/utils";

import type { PausableReports } from "../src/chain/pausing/report.js";
import { EmergencyError } from "../src/errors.js";
import { printLine } from "../src/view/output.js";
import { printPausable } from "../src/view/pausable.js";
import type { ExaminationArguments } from "./shared/examination.js";
import { UNDECIDED, runExaminingTask } from "./shared/examining-task.js";

interface VerifyPausableArguments extends ExaminationArguments {
  readonly failOn: string | undefined;
}

const EXAMPLE = "npx hardhat verify-pausable --contract 0x…";

const verify: NewTaskActionFunction<VerifyPausableArguments> = async (
  args,
  hre,
): Promise<Result<PausableReports, EmergencyError | PausableReports>> => {
  const result = await runExaminingTask(hre, args, {
    command: "verify-pausable",
    example: EXAMPLE,
    all: false,
    check: () => {
      if (args.failOn !== undefined && args.failOn !== "open") {
        throw new EmergencyError(
          "BAD_ARGUMENTS",
          `--fail-on knows only "open", not "${args.failOn}"`,
          `${EXAMPLE} --fail-on open`,
        );
      }
    },
    print: (network, reports) => {
      printPausable(printLine, args.json, network, reports);
    },
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
    process.exitCode = UNDECIDED;
  }
  return result;
};

/** Whether something that moves funds goes on in spite of every way to stop it. */
function leavesOpen({ mechanisms }: PausableReports["contracts"][number]): boolean {
  const working = mechanisms.filter(({ works }) => works === true);
  return working.length > 0 && working.every(({ summary }) => summary.openMovingFunds.length > 0);
}

export default verify;
