import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import type { Chain } from "../chain/chain.js";
import { addressBook } from "../chain/known-contract.js";
import { customSource, type CustomSource } from "../chain/pausing/custom.js";
import { PauseStep } from "../chain/pausing/pause-step.js";
import type { Sender } from "../chain/transactions/send.js";
import type { ProjectContracts } from "../chain/upgrade/project.js";
import type { Step, StepSet } from "../step.js";
import { LazyStep } from "./lazy-step.js";
import { loadDeployStep, loadProject, loadUpgradeStep } from "./lazy.js";

/** What steps need besides the world they are bound to. */
export interface StepTools {
  /** The project's compiled contracts; made when a step asks for them. */
  readonly contracts: () => Promise<ProjectContracts>;
  /** The ways to pause that the configuration describes. */
  readonly mechanisms: CustomSource;
}

/**
 * The tools of the Hardhat project that the command runs in, shared by all its worlds.
 * @param chain the live one, by whose name addresses are looked up.
 */
export function projectTools(hre: HardhatRuntimeEnvironment, chain: Chain): StepTools {
  let contracts: Promise<ProjectContracts> | undefined;
  return {
    contracts: async () =>
      await (contracts ??= loadProject().then(({ projectContracts }) => projectContracts(hre))),
    mechanisms: customSource(addressBook(hre, chain)),
  };
}

/** Every kind of step, bound to one chain. */
export function stepSet(sender: Sender, tools: StepTools): StepSet {
  const steps: readonly Step[] = [
    new PauseStep("pause", sender, tools.mechanisms),
    new PauseStep("unpause", sender, tools.mechanisms),
    new LazyStep("deploy-fixed", async () => {
      const { DeployStep } = await loadDeployStep();
      return new DeployStep(sender, await tools.contracts());
    }),
    new LazyStep("upgrade", async () => {
      const { UpgradeStep } = await loadUpgradeStep();
      return new UpgradeStep(sender, await tools.contracts());
    }),
  ];
  return new Map(steps.map((step) => [step.kind, step]));
}
