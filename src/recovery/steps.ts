import { PauseStep } from "../chain/pausing/pause-step.js";
import type { Sender } from "../chain/transactions/send.js";
import { DeployStep } from "../chain/upgrade/deploy-step.js";
import { UpgradeStep } from "../chain/upgrade/upgrade-step.js";
import type { ProjectContracts } from "../chain/upgrade/project.js";
import type { Step, StepSet } from "../step.js";

/** What steps need besides the world they are bound to. */
export interface StepTools {
  /** The project's compiled contracts. */
  readonly contracts: ProjectContracts;
}

/** Every kind of step, bound to one chain. */
export function stepSet(sender: Sender, tools: StepTools): StepSet {
  const steps: readonly Step[] = [
    new PauseStep("pause", sender),
    new PauseStep("unpause", sender),
    new DeployStep(sender, tools.contracts),
    new UpgradeStep(sender, tools.contracts),
  ];
  return new Map(steps.map((step) => [step.kind, step]));
}
