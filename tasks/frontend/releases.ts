import type { NewTaskActionFunction } from "hardhat/types/tasks";
import type { Result } from "hardhat/types/utils";

import type { EmergencyError } from "../../src/errors.js";
import { listReleases, type ReleaseList } from "../../src/frontend/overview.js";
import { printReleases } from "../../src/view/frontend.js";
import { printLine } from "../../src/view/output.js";
import { lookAtFrontend, type FrontendArguments } from "../shared/frontend-task.js";

const releases: NewTaskActionFunction<Pick<FrontendArguments, "frontend" | "json">> = async (
  args,
  hre,
): Promise<Result<ReleaseList, EmergencyError>> =>
  await lookAtFrontend(hre, "frontend releases", args, async (site) => {
    const list = await listReleases(site);
    printReleases(printLine, args.json, list);
    return list;
  });

export default releases;
