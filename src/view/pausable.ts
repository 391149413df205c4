import type { FunctionEffect, FunctionVerdict } from "../chain/pausing/effect.js";
import type {
  MechanismReport,
  PausableReport,
  PausableReports,
  PauseCall,
} from "../chain/pausing/report.js";
import { describeSummary } from "../chain/pausing/summary.js";
import { printAuthority } from "./authority.js";
import { printDocument } from "./json.js";
import { emphasise, type Print } from "./output.js";

/** The form of the documents that `verify-pausable --json` and `inspect --json` print. */
const SCHEMA = "hardhat-emergency/verify-pausable@2";

/** Prints the verdict on each contract. */
export function printPausable(
  print: Print,
  json: boolean,
  network: string,
  reports: PausableReports,
): void {
  if (json) {
    printDocument(print, { schema: SCHEMA, network, ...reports });
    return;
  }
  print(`Network ${network}, chain id ${reports.chainId}, block ${reports.block}`);
  for (const report of reports.contracts) {
    printReport(print, network, report);
  }
  if (reports.contracts.length > 1) {
    printTable(print, reports);
  }
}

function printReport(print: Print, network: string, report: PausableReport): void {
  print("");
  print(`${nameOf(report)}: ${headline(report)}`);
  print(`  ${report.about}`);
  print(emphasise("quiet", `  code ${report.implementation.codeHash}; functions: ${report.abi}`));
  for (const [index, mechanism] of report.mechanisms.entries()) {
    printMechanism(print, `${index + 1}. `, mechanism);
  }
  for (const line of report.evidence) {
    print(`  ${line}`);
  }
  if (report.authority.length > 0) {
    print("  Who may pause now, proved by a call on a fork, and who decides for them:");
    printAuthority(print, report.authority, "    ");
  }
  for (const line of report.unknown) {
    print(emphasise("warning", `  not known: ${line}`));
  }
  if (report.alternatives.length > 0) {
    print("  What else is possible:");
    for (const line of report.alternatives) {
      print(`    ${line}`);
    }
  }
  printNext(print, network, report);
}

function printMechanism(print: Print, number: string, mechanism: MechanismReport): void {
  const { call, inverse, title, works, limits } = mechanism;
  const worth =
    works === true
      ? emphasise("good", "works")
      : works === false
        ? emphasise("bad", "does not stop it")
        : emphasise("warning", "not shown to work");
  print(`  ${number}${describe(call)}: ${worth} (${title})`);
  print(`     read back with ${mechanism.readback}; limit: ${limits}`);
  print(
    inverse === null
      ? emphasise("warning", "     cannot be undone")
      : `     started again with ${describe(inverse)}`,
  );
  const refused = mechanism.callers.filter(({ proved }) => !proved);
  for (const { address, via } of mechanism.callers.filter(({ proved }) => proved)) {
    print(`     may pause now: ${address} (${via})`);
  }
  for (const { address, via } of refused) {
    print(emphasise("quiet", `     may not now : ${address} (${via})`));
  }
  if (mechanism.functions.length > 0) {
    print(`     ${describeSummary(mechanism.summary)}`);
    for (const effect of mechanism.functions) {
      print(`       ${describeEffect(effect)}`);
    }
  }
}

const WORDS: Readonly<Record<FunctionVerdict, string>> = {
  blocked: "blocked by the pause",
  open: "still succeeds",
  fails: "fails either way",
  "not-exercised": "not exercised",
};

function describeEffect(effect: FunctionEffect): string {
  const { verdict, signature, selector, origin, moved, reason, guarded } = effect;
  const words = WORDS[verdict].padEnd(WORDS.blocked.length);
  const said =
    verdict === "open" && moved !== null
      ? `; moves ${moved.transfers} token transfer(s), ${moved.balances} ETH balance(s), ${moved.slots.length} storage word(s)`
      : reason === null
        ? ""
        : `; ${guarded && verdict === "fails" ? "now refused by the pause: " : ""}${reason}`;
  const line = `${words}  ${signature ?? selector} (${origin}${said})`;
  const alarming = moved !== null && (moved.transfers > 0 || moved.balances > 0);
  return alarming ? emphasise("bad", line) : line;
}

function printNext(print: Print, network: string, report: PausableReport): void {
  if (report.verdict !== "pausable" && report.verdict !== "pausable-elsewhere") {
    return;
  }
  const { canYou, label, paused, mechanisms } = report;
  if (report.ours.length === 0) {
    print(emphasise("warning", `  none of the accounts of network "${network}" may pause it`));
    print(`  You: ${canYou.why}`);
    return;
  }
  const [best] = mechanisms;
  if (best?.discovered === true) {
    print(
      `Next: add this mechanism to emergency.mechanisms in hardhat.config.ts, then npx hardhat pause; or send ${best.call.data} to ${best.call.to}`,
    );
    return;
  }
  print(
    `Next: npx hardhat ${paused === true ? "unpause" : "pause"} --network ${network} --contract ${label}`,
  );
}

/** One line a contract: what matters when there are many. */
export function printTable(print: Print, reports: PausableReports): void {
  const rows = reports.contracts.map((report) => [
    report.label,
    SHORT[report.verdict],
    report.paused === null ? "not known" : report.paused ? "PAUSED" : "running",
    report.ours.length > 0 ? "you can" : report.canYou.why,
  ]);
  const table = [["contract", "can be paused", "now", "by you"], ...rows];
  const widths = [0, 1, 2].map((column) =>
    Math.max(...table.map((row) => (row[column] ?? "").length)),
  );
  print("");
  for (const row of table) {
    print(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    );
  }
  const unable = reports.contracts.filter(({ ours }) => ours.length === 0);
  if (unable.length > 0) {
    print(
      emphasise(
        "warning",
        `${unable.length} of ${reports.contracts.length} cannot be paused by you now: ${unable.map(({ label }) => label).join(", ")}`,
      ),
    );
  }
}

const SHORT = {
  pausable: "yes",
  "pausable-elsewhere": "yes, elsewhere",
  "not-pausable": "NO",
  unknown: "cannot tell",
} as const;

/** "Token (0x…)", or the address alone. */
export function nameOf({ label, address }: PausableReport): string {
  return label === address ? address : `${label} (${address})`;
}

/** "setPaused(true) on 0x…" */
export function describe({ to, signature, args }: PauseCall): string {
  const name = signature.slice(0, signature.indexOf("("));
  return `${args.length === 0 ? signature : `${name}(${args.map(shorten).join(", ")})`} on ${to}`;
}

function shorten(argument: string): string {
  return /^\d{20,}$/.test(argument)
    ? `${argument.slice(0, 6)}… (${argument.length} digits)`
    : argument;
}

function headline(report: PausableReport): string {
  const state = report.paused === true ? " It is paused now." : "";
  switch (report.verdict) {
    case "pausable":
      return emphasise("good", `CAN BE PAUSED.${state}`);
    case "pausable-elsewhere":
      return emphasise("good", `CAN BE PAUSED, by a call on another contract.${state}`);
    case "not-pausable":
      return emphasise("bad", `CANNOT BE PAUSED.${state}`);
    case "unknown":
      return emphasise("warning", `CANNOT TELL.${state}`);
  }
}
