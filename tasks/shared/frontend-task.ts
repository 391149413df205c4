import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { Result } from "hardhat/types/utils";

import type { EmergencyError } from "../../src/errors.js";
import type { Site } from "../../src/frontend/site.js";
import type { CommandReport } from "../../src/recovery/command.js";
import { runFrontendCommand } from "../../src/recovery/frontend-command.js";
import { openSite } from "../../src/recovery/frontend-site.js";
import type { SiteWorld } from "../../src/recovery/plan.js";
import type { StepRequest } from "../../src/step.js";
import { HumanView, SITE_WORDS } from "../../src/view/human.js";
import { silentView } from "../../src/view/json.js";
import { printLine } from "../../src/view/output.js";
import { asker } from "./ask.js";
import { keyPress } from "./key-press.js";
import { answered } from "./plugin-error.js";
import { finished } from "./writing-task.js";

/** The options of every task that changes a frontend. */
export interface FrontendArguments {
  readonly frontend: string | undefined;
  readonly plan: string | undefined;
  readonly savePlan: string | undefined;
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly rehearse: boolean;
  readonly json: boolean;
}

/** What such a task returns: a failure makes Hardhat exit with 1. */
export type FrontendResult = Result<CommandReport<SiteWorld>, EmergencyError>;

/**
 * Runs a command that changes a frontend, prints it as asked, and sets the exit code: 0 done and
 * verified, 1 refused or failed, 3 done but not verified.
 */
export async function runFrontendTask(
  hre: HardhatRuntimeEnvironment,
  command: string,
  args: FrontendArguments,
  request: (site: Site) => Promise<StepRequest>,
): Promise<FrontendResult> {
  const start = keyPress();
  const human = new HumanView(printLine, SITE_WORDS);
  return await answered(command, args.json, async () => {
    const view = args.json ? silentView : human;
    const configured = await openSite(hre, args.frontend, (what) => {
      view.progress({ type: "advance", step: command, what });
    });
    const context = {
      view,
      ask: asker(hre.interruptions),
      now: Date.now,
      startedMs: start.atMs,
    };
    const requests = args.plan === undefined ? [await request(configured.site)] : [];
    const report = await runFrontendCommand(context, command, args, configured, requests);
    return finished(report, human, start, args.json);
  });
}

/** Runs a command that only looks at a frontend, and prints a refusal as asked. */
export async function lookAtFrontend<T>(
  hre: HardhatRuntimeEnvironment,
  command: string,
  args: Pick<FrontendArguments, "frontend" | "json">,
  look: (site: Site) => Promise<T>,
): Promise<Result<T, EmergencyError>> {
  return await answered(command, args.json, async () => {
    const { site } = await openSite(hre, args.frontend);
    return { success: true, value: await look(site) };
  });
}
