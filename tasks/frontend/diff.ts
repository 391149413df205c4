import path from "node:path";

import type { NewTaskActionFunction } from "hardhat/types/tasks";
import type { Result } from "hardhat/types/utils";

import type { EmergencyError } from "../../src/errors.js";
import { compareSite, type SiteComparison } from "../../src/frontend/overview.js";
import { printComparison } from "../../src/view/frontend.js";
import { printLine } from "../../src/view/output.js";
import { lookAtFrontend, type FrontendArguments } from "../shared/frontend-task.js";

interface DiffArguments extends Pick<FrontendArguments, "frontend" | "json"> {
  readonly from: string | undefined;
  readonly to: string | undefined;
}

const diff: NewTaskActionFunction<DiffArguments> = async (
  args,
  hre,
): Promise<Result<SiteComparison, EmergencyError>> =>
  await lookAtFrontend(hre, "frontend diff", args, async (site) => {
    const other =
      args.from === undefined ? { release: args.to } : { folder: path.resolve(args.from) };
    const comparison = await compareSite(site, other);
    printComparison(printLine, args.json, comparison);
    return comparison;
  });

export default diff;
