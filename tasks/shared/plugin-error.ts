import { errorResult } from "hardhat/utils/result";
import type { Result } from "hardhat/types/utils";

import { EmergencyError, asError, messageOf } from "../../src/errors.js";
import { redact } from "../../src/redact.js";
import { printFailure } from "../../src/view/json.js";
import { printLine } from "../../src/view/output.js";

/** Anything thrown, as an error with a code, for `--json`. */
export function asCodedError(thrown: unknown): EmergencyError {
  const error = asPluginError(thrown);
  return error instanceof EmergencyError
    ? error
    : new EmergencyError("HARDHAT", error.message, "correct what the message names", error);
}

/**
 * Anything thrown, as an error that shows no secret. Hardhat's own errors stay as they are: they
 * have a code and an explanation, and Hardhat prints them well.
 */
export function asPluginError(thrown: unknown): Error {
  if (thrown instanceof EmergencyError) {
    return thrown;
  }
  const error = asError(thrown);
  if (error.name === "HardhatError" && redact(error.message) === error.message) {
    return error;
  }
  return new EmergencyError(
    "UNEXPECTED",
    messageOf(error),
    "type the command again with --show-stack-traces, and report what it prints",
    error,
  );
}

/** Runs a command, and says a refusal as asked: as one document, or for Hardhat to print. */
export async function answered<T>(
  command: string,
  json: boolean,
  run: () => Promise<Result<T, EmergencyError>>,
): Promise<Result<T, EmergencyError>> {
  try {
    return await run();
  } catch (thrown) {
    if (json) {
      const error = asCodedError(thrown);
      printFailure(printLine, command, error);
      return errorResult(error);
    }
    throw asPluginError(thrown);
  }
}
