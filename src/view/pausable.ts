import type { PausableReport, PausableReports } from "../chain/pausing/verify-pausable.js";
import { printDocument } from "./json.js";
import { emphasise, type Print } from "./output.js";

/** Prints the verdict on each contract. */
export function printPausable(
  print: Print,
  json: boolean,
  network: string,
  reports: PausableReports,
): void {
  if (json) {
    printDocument(print, { schema: "hardhat-emergency/verify-pausable@1", network, ...reports });
    return;
  }
  print(`Network ${network}, chain id ${reports.chainId}, block ${reports.block}`);
  for (const report of reports.contracts) {
    printReport(print, network, report);
  }
}

function printReport(print: Print, network: string, report: PausableReport): void {
  const name =
    report.label === report.address ? report.address : `${report.label} (${report.address})`;
  print(`${name}: ${headline(report)}`);
  if (report.proxy !== null) {
    print(`  ${report.about}`);
  }
  for (const line of report.evidence) {
    print(`  ${line}`);
  }
  for (const { address, via, proved } of report.mechanisms.flatMap(({ callers }) => callers)) {
    print(`  ${proved ? "may pause now" : "may not now "}: ${address} (${via})`);
  }
  for (const line of report.unknown) {
    print(emphasise("warning", `  not known: ${line}`));
  }
  if (report.verdict !== "pausable") {
    return;
  }
  const [ours] = report.ours;
  if (ours === undefined) {
    print(emphasise("warning", `  none of the accounts of network "${network}" may pause it`));
    return;
  }
  print(
    report.paused === true
      ? `Next: npx hardhat unpause --network ${network} --contract ${report.label}`
      : `Next: npx hardhat pause --network ${network} --contract ${report.label}`,
  );
}

function headline(report: PausableReport): string {
  const state = report.paused === true ? " It is paused now." : "";
  switch (report.verdict) {
    case "pausable":
      return emphasise("good", `CAN BE PAUSED.${state}`);
    case "not-pausable":
      return emphasise("bad", `CANNOT BE PAUSED.${state}`);
    case "unknown":
      return emphasise("warning", `CANNOT TELL.${state}`);
  }
}
