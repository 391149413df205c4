import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { Result } from "hardhat/types/utils";

import type { PausableReports } from "../../src/chain/pausing/report.js";
import type { EmergencyError } from "../../src/errors.js";
import { checkRunbookFile, writeRunbook } from "../../src/view/runbook-file.js";
import { runbookPage } from "../../src/view/runbook.js";
import { examination, type ExaminationArguments } from "./examination.js";
import { runReadingTask } from "./reading-task.js";

/** Exit code of "could not be decided". */
export const UNDECIDED = 3;

/** What tells the tasks apart that examine contracts. */
export interface Examining {
  readonly command: string;
  /** A command to type instead of one that is not understood. */
  readonly example: string;
  /** All that the configuration names, rather than those of `--contract`. */
  readonly all: boolean;
  /** Refuses what is typed wrongly, before any work is done. */
  readonly check: () => void;
  readonly print: (network: string, reports: PausableReports) => void;
}

/** Examines contracts, writes the page that is asked for, and prints what was found out. */
export async function runExaminingTask(
  hre: HardhatRuntimeEnvironment,
  args: ExaminationArguments,
  { command, example, all, check, print }: Examining,
): Promise<Result<PausableReports, EmergencyError>> {
  return await runReadingTask(hre, command, args.json, async (chain) => {
    check();
    if (args.output !== undefined) {
      await checkRunbookFile(args.output);
    }
    const reports = await examination(hre, chain, args, all, example);
    if (args.output !== undefined) {
      await writeRunbook(args.output, runbookPage(chain.network, reports));
    }
    print(chain.network, reports);
    return reports;
  });
}
