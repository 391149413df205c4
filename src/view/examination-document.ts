import type { Obligations } from "../chain/pausing/obligations.js";
import type { PausableReport, PausableReports } from "../chain/pausing/report.js";
import { printDocument } from "./json.js";
import type { Print } from "./output.js";

/** The form of the document that `inspect --json` and `verify-pausable --json` print. */
const EXAMINATION_SCHEMA = "hardhat-emergency/verify-pausable@2";

/** Prints what was found out as the one document; docs/verify-pausable.md describes every field. */
export function printExamination(
  print: Print,
  network: string,
  reports: PausableReports,
  obligations?: Obligations,
): void {
  const { chainId, block, contracts } = reports;
  printDocument(print, {
    schema: EXAMINATION_SCHEMA,
    network,
    chainId,
    block,
    contracts,
    ...(obligations === undefined
      ? {}
      : {
          mustBePausable: {
            failed: labelsOf(obligations.failed),
            undecided: labelsOf(obligations.undecided),
          },
        }),
  });
}

function labelsOf(reports: readonly PausableReport[]): readonly string[] {
  return reports.map(({ label }) => label);
}
