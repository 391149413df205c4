import type { NewTaskActionFunction } from "hardhat/types/tasks";
import type { Result } from "hardhat/types/utils";
import { errorResult } from "hardhat/utils/result";

import { obligationsOf } from "../src/chain/pausing/obligations.js";
import type { PausableReports } from "../src/chain/pausing/report.js";
import { EmergencyError } from "../src/errors.js";
import { printInspection } from "../src/view/inspection.js";
import { printLine } from "../src/view/output.js";
import { printExamination } from "../src/view/examination-document.js";
import type { ExaminationArguments } from "./shared/examination.js";
import { UNDECIDED, runExaminingTask } from "./shared/examining-task.js";

interface InspectArguments extends ExaminationArguments {
  readonly all: boolean;
}

const EXAMPLE = "npx hardhat inspect --contract 0x…, or npx hardhat inspect --all";

const inspect: NewTaskActionFunction<InspectArguments> = async (
  args,
  hre,
): Promise<Result<PausableReports, EmergencyError | PausableReports>> => {
  const { contracts: configured } = hre.config.emergency;
  const result = await runExaminingTask(hre, args, {
    command: "inspect",
    example: EXAMPLE,
    all: args.all,
    check: () => {
      if (args.all && args.contract !== undefined) {
        throw new EmergencyError(
          "BAD_ARGUMENTS",
          "--all and --contract exclude each other",
          "leave one of them out",
        );
      }
    },
    print: (network, reports) => {
      const obligations = args.all ? obligationsOf(configured, reports) : undefined;
      if (args.json) {
        printExamination(printLine, network, reports, obligations);
      } else {
        printInspection(printLine, network, reports, obligations);
      }
    },
  });
  if (!result.success || !args.all) {
    return result;
  }
  const { failed, undecided } = obligationsOf(configured, result.value);
  if (failed.length > 0) {
    return errorResult(result.value);
  }
  if (undecided.length > 0) {
    process.exitCode = UNDECIDED;
  }
  return result;
};

export default inspect;
