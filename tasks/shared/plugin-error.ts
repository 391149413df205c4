import { EmergencyError, asError, messageOf } from "../../src/errors.js";
import { redact } from "../../src/redact.js";

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
