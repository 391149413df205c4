import type { Step } from "../step.js";
import { FrontendDeployStep } from "./deploy-step.js";
import { FrontendRepointStep } from "./repoint-step.js";
import { FrontendRollbackStep } from "./rollback-step.js";
import type { Site } from "./site.js";

/** Every step that changes a site. */
export function frontendSteps(site: Site): readonly Step[] {
  return [
    new FrontendDeployStep(site),
    new FrontendRollbackStep(site),
    new FrontendRepointStep(site),
  ];
}
