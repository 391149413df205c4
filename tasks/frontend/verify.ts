import type { NewTaskActionFunction } from "hardhat/types/tasks";
import type { Result } from "hardhat/types/utils";

import type { EmergencyError } from "../../src/errors.js";
import type { FrontendVerification } from "../../src/frontend/verify/report.js";
import { verifyConfigured, type VerifyOptions } from "../../src/recovery/frontend-verify.js";
import { printVerification, printVerifying } from "../../src/view/frontend-verify.js";
import { printLine } from "../../src/view/output.js";
import { answered } from "../shared/plugin-error.js";

interface VerifyArguments extends VerifyOptions {
  readonly json: boolean;
}

/** Exit code of "not verified", and of "cannot tell". */
const NOT_VERIFIED = 3;

const verify: NewTaskActionFunction<VerifyArguments> = async (
  args,
  hre,
): Promise<Result<FrontendVerification, EmergencyError>> =>
  await answered("frontend verify", args.json, async () => {
    const report = await verifyConfigured(hre, args, (doing) => {
      printVerifying(printLine, args.json, doing);
    });
    printVerification(printLine, args.json, report);
    if (report.verdict !== "verified") {
      process.exitCode = NOT_VERIFIED;
    }
    return { success: true, value: report };
  });

export default verify;
