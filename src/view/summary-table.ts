import type { PausableReport, PausableReports } from "../chain/pausing/report.js";
import { emphasise, type Print } from "./output.js";

/** One line a contract: what matters when there are many. */
export function printTable(print: Print, { contracts }: PausableReports): void {
  const rows = contracts.map((report) => [
    report.label,
    SHORT[report.verdict],
    report.paused === null ? "not known" : report.paused ? "PAUSED" : "running",
    byYou(report),
    open(report),
  ]);
  const table = [["contract", "can be paused", "now", "by you now", "stays open"], ...rows];
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...table.map((row) => (row[column] ?? "").length)),
  );
  print("");
  for (const row of table) {
    const cells = row.map((cell, column) => cell.padEnd(widths[column] ?? 0));
    print(cells.join("  ").trimEnd());
  }
  const unable = contracts.filter((report) => !isPausableByUs(report));
  if (unable.length > 0) {
    const names = unable.map(({ label }) => label).join(", ");
    print(
      emphasise(
        "warning",
        `${unable.length} of ${contracts.length} cannot be paused by you now: ${names}`,
      ),
    );
  }
}

/** Shown to be pausable, by the network's own accounts, now. */
export function isPausableByUs({ verdict, canYou }: PausableReport): boolean {
  return (verdict === "pausable" || verdict === "pausable-elsewhere") && canYou.now === true;
}

function byYou({ verdict, canYou }: PausableReport): string {
  if (verdict === "not-pausable") {
    return "NO";
  }
  return canYou.now === true && verdict !== "unknown"
    ? "yes"
    : canYou.now === false
      ? "NO"
      : "not known";
}

/** How much the best way leaves open that moves funds. */
function open({ mechanisms }: PausableReport): string {
  const [best] = mechanisms;
  if (best?.works !== true) {
    return "";
  }
  const { openMovingFunds, exercised } = best.summary;
  if (exercised === 0) {
    return "not known";
  }
  return openMovingFunds.length === 0 ? "nothing seen" : `${openMovingFunds.length} MOVING FUNDS`;
}

const SHORT = {
  pausable: "yes",
  "pausable-elsewhere": "yes, elsewhere",
  "not-pausable": "NO",
  unknown: "cannot tell",
} as const;
