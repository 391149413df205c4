import type { Step } from "../step.js";
import { FrontendDeployStep } from "./deploy-step.js";
import { FrontendInvalidateStep } from "./invalidate-step.js";
import { FrontendRepointStep } from "./repoint-step.js";
import { FrontendRollbackStep } from "./rollback-step.js";
import { FrontendRestoreStep } from "./s3/restore/restore-step.js";
import { restoreSiteOf } from "./s3/site-versions.js";
import type { Site } from "./site.js";

/**
 * Every step that changes a site.
 * @param restorable the objects whose older versions can be put back, if there are such.
 */
export function frontendSteps(
  site: Site,
  restorable = site.versions === null ? null : restoreSiteOf(site, site.versions),
): readonly Step[] {
  return [
    new FrontendDeployStep(site),
    new FrontendRollbackStep(site),
    new FrontendRepointStep(site),
    new FrontendInvalidateStep(site),
    ...(restorable === null ? [] : [new FrontendRestoreStep(restorable)]),
  ];
}
