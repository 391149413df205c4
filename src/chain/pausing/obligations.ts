import type { EmergencyConfig } from "../../config/types.js";
import type { PausableReport, PausableReports } from "./report.js";

/** Contracts that must be pausable, and are not. */
export interface Obligations {
  /** Those that the configuration marks and that cannot be paused by us now. */
  readonly failed: readonly PausableReport[];
  /** Those that it marks and of which it could not be decided. */
  readonly undecided: readonly PausableReport[];
  /** How many it marks, of those that were examined. */
  readonly marked: number;
}

/** Holds reports against `mustBePausable` of the configuration. */
export function obligationsOf(
  configured: EmergencyConfig["contracts"],
  { contracts }: PausableReports,
): Obligations {
  const marked = contracts.filter(({ label }) => configured[label]?.mustBePausable === true);
  const isOpen = ({ verdict, canYou }: PausableReport): boolean =>
    verdict === "unknown" || (verdict !== "not-pausable" && canYou.now === null);
  return {
    failed: marked.filter(
      (report) =>
        report.verdict === "not-pausable" || (!isOpen(report) && report.canYou.now !== true),
    ),
    undecided: marked.filter(isOpen),
    marked: marked.length,
  };
}
