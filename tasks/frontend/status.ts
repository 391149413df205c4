import type { NewTaskActionFunction } from "hardhat/types/tasks";
import type { Result } from "hardhat/types/utils";

import type { EmergencyError } from "../../src/errors.js";
import { statusOf, type SiteStatus } from "../../src/frontend/overview.js";
import { printStatus } from "../../src/view/frontend.js";
import { printLine } from "../../src/view/output.js";
import { lookAtFrontend, type FrontendArguments } from "../shared/frontend-task.js";

/** Exit code of a site that is not as it should be. */
const NOT_AS_IT_SHOULD_BE = 3;

const status: NewTaskActionFunction<Pick<FrontendArguments, "frontend" | "json">> = async (
  args,
  hre,
): Promise<Result<SiteStatus, EmergencyError>> =>
  await lookAtFrontend(hre, "frontend status", args, async (site) => {
    const found = await statusOf(site);
    printStatus(printLine, args.json, found);
    if (found.problems.length > 0) {
      process.exitCode = NOT_AS_IT_SHOULD_BE;
    }
    return found;
  });

export default status;
