import { EmergencyError, messageOf } from "../errors.js";
import type { CommandReport, CommandView } from "../recovery/command.js";
import type { AnyWorld } from "../recovery/plan.js";
import type { Print } from "./output.js";

/** The version of the form of every document that `--json` prints. */
export const REPORT_SCHEMA = "hardhat-emergency/report@1";

/** Says nothing on the way; the one document comes at the end. */
export const silentView: CommandView = {
  plan: () => undefined,
  rehearsing: () => undefined,
  rehearsal: () => undefined,
  progress: () => undefined,
};

/** Prints a command's report as the one document. */
export function printReport(
  print: Print,
  report: CommandReport<AnyWorld>,
  verified: boolean,
): void {
  const { command, plan, live, dryRun, result, durationMs } = report;
  printDocument(print, {
    schema: REPORT_SCHEMA,
    command,
    ...("chainId" in plan.world
      ? { network: plan.world.network, chainId: plan.world.chainId }
      : plan.world),
    live,
    dryRun,
    ok: result.failure === null,
    verified,
    plan,
    outcomes: result.outcomes,
    error: result.failure === null ? null : errorDocument(result.failure),
    durationMs: Math.round(durationMs),
  });
}

/** Prints a refusal as the one document. */
export function printFailure(print: Print, command: string, error: unknown): void {
  printDocument(print, {
    schema: REPORT_SCHEMA,
    command,
    ok: false,
    verified: false,
    error: errorDocument(error),
  });
}

/** Prints one JSON document. */
export function printDocument(print: Print, document: object): void {
  print(JSON.stringify(document, null, 2));
}

function errorDocument(error: unknown): { code: string; message: string; next: string } {
  if (error instanceof EmergencyError) {
    return { code: error.code, message: error.what, next: error.next };
  }
  return {
    code: "UNEXPECTED",
    message: messageOf(error),
    next: "type the command again without --json",
  };
}
