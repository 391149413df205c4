/** What is loaded when it is needed, in one small file for the reason in `src/chain/lazy.ts`. */

export const loadDeployStep = async () => await import("../chain/upgrade/deploy-step.js");

export const loadFork = async () => await import("../chain/fork.js");

export const loadPlanFile = async () => await import("./plan-file.js");

export const loadProject = async () => await import("../chain/upgrade/project.js");

export const loadUpgradeStep = async () => await import("../chain/upgrade/upgrade-step.js");
