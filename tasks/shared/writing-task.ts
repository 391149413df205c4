import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import { errorResult, successfulResult } from "hardhat/utils/result";
import type { Result } from "hardhat/types/utils";

import { parseAddress, type Address } from "../../src/chain/address.js";
import { addressBook, type AddressBook } from "../../src/chain/known-contract.js";
import { EmergencyError } from "../../src/errors.js";
import { runCommand, type CommandReport } from "../../src/recovery/command.js";
import type { AnyWorld } from "../../src/recovery/plan.js";
import type { StepRequest } from "../../src/step.js";
import { HumanView } from "../../src/view/human.js";
import { printReport, silentView } from "../../src/view/json.js";
import { printLine } from "../../src/view/output.js";
import { asker } from "./ask.js";
import { keyPress, type Start } from "./key-press.js";
import { answered } from "./plugin-error.js";

export { addressBook };

/** The options of every task that can write, as Hardhat hands them over. */
export interface WritingArguments {
  readonly from: string | undefined;
  readonly plan: string | undefined;
  readonly savePlan: string | undefined;
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly rehearse: boolean;
  readonly json: boolean;
}

/** What a task's action returns: a failure makes Hardhat exit with 1. */
export type TaskResult = Result<CommandReport, EmergencyError>;

/** Exit code of "done, but the read-back does not say so". */
const NOT_VERIFIED = 3;

/**
 * Runs a command that can write, prints it as asked, and sets the exit code: 0 done and verified,
 * 1 refused or failed, 3 done but not verified.
 */
export async function runWritingTask(
  hre: HardhatRuntimeEnvironment,
  command: string,
  args: WritingArguments,
  requests: (book: AddressBook, from: Address | undefined) => Promise<readonly StepRequest[]>,
): Promise<TaskResult> {
  const start = keyPress();
  const human = new HumanView(printLine);
  return await answered(command, args.json, async () => {
    const from = args.from === undefined ? undefined : await parseAddress(args.from, "--from");
    const report = await runCommand(
      {
        hre,
        view: args.json ? silentView : human,
        ask: asker(hre.interruptions),
        now: Date.now,
        startedMs: start.atMs,
      },
      command,
      args,
      async (chain) => await requests(addressBook(hre, chain), from),
    );
    return finished(report, human, start, args.json);
  });
}

/** Prints how a command that can write has ended, as asked, and sets the exit code. */
export function finished<World extends AnyWorld>(
  report: CommandReport<World>,
  human: HumanView,
  start: Start,
  json: boolean,
): Result<CommandReport<World>, EmergencyError> {
  const verified = report.result.outcomes.every(
    ({ status }) => status === "done" || status === "already",
  );
  if (json) {
    printReport(printLine, report, verified && !report.dryRun);
  } else {
    human.report(report, start.name);
  }
  const { failure } = report.result;
  if (failure !== null) {
    if (json) {
      return errorResult(failure);
    }
    throw failure;
  }
  if (!verified) {
    process.exitCode = NOT_VERIFIED;
  }
  return successfulResult(report);
}

/**
 * An option that a task cannot do without.
 * @throws EmergencyError BAD_ARGUMENTS
 */
export function needed(value: string | undefined, option: string, example: string): string {
  if (value === undefined || value.trim() === "") {
    throw new EmergencyError("BAD_ARGUMENTS", `${option} is missing`, example);
  }
  return value.trim();
}
