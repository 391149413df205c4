import type { Obligations } from "../chain/pausing/obligations.js";
import type {
  MechanismReport,
  PausableReport,
  PausableReports,
  UpgradeReport,
} from "../chain/pausing/report.js";
import { describeSummary } from "../chain/pausing/summary.js";
import { printAuthority } from "./authority.js";
import { nextStep } from "./next-step.js";
import { emphasise, type Print } from "./output.js";
import { countOf, few, printAlternatives, printUnknown, saying, worthOf } from "./pausable.js";
import { printTable } from "./summary-table.js";
import { callFrom, compact, headline, nameOf, reachLine } from "./words.js";

/**
 * Prints what contracts are and who rules them, as trees: the code, the ways to stop it, the power to
 * pause and the power to upgrade down to people. Says with every line how it is known.
 */
export function printInspection(
  print: Print,
  network: string,
  reports: PausableReports,
  obligations?: Obligations,
): void {
  const { chainId, block, contracts } = reports;
  print(
    `Network ${network}, chain id ${chainId}: slots, code, calls and logs of block ${block}, and runs on a fork of it`,
  );
  for (const report of contracts) {
    printContract(print, network, report);
  }
  if (contracts.length > 1) {
    printTable(print, reports);
  }
  if (obligations !== undefined) {
    printObligations(print, obligations);
  }
}

function printContract(print: Print, network: string, report: PausableReport): void {
  const { address, canYou, authority, upgrade } = report;
  const mechanisms = [...report.mechanisms, ...report.rejected];
  print("");
  print(`${nameOf(report)}: ${headline(report)}`);
  printCode(print, report);
  print(strong("├ Pausing"));
  for (const mechanism of mechanisms) {
    printWay(print, address, mechanism);
  }
  if (mechanisms.length === 0) {
    for (const line of report.evidence) {
      print(`│ ├ ${compact(line, address)}`);
    }
  }
  if (authority.length > 0) {
    print(
      "│ ├ who may pause now (fork: each made the call), and who decides for them (slots, calls, logs)",
    );
    tree(print, address, authority, "│ │   ");
  }
  print(`│ └ ${compact(reachLine(canYou), address)}`);
  print(strong("└ Upgrading"));
  printUpgrade(print, report, upgrade);
  printUnknown(print, report);
  printAlternatives(print, report);
  print(`  ${emphasise("strong", "Next:")} ${nextStep(network, report)}`);
}

function strong(text: string): string {
  return emphasise("strong", text);
}

function printCode(print: Print, report: PausableReport): void {
  const { address, codes, proxy } = report;
  print(strong("├ Code"));
  const [own, ...inner] = codes;
  print(`│ ├ ${compact(report.about, address)} (${proxy === null ? "code" : "slots and code"})`);
  if (own !== undefined) {
    print(`│ ├ its own code ${own.codeHash} (eth_getCode)`);
  }
  for (const code of inner) {
    print(`│ ├ ${PART(proxy?.kind)} ${code.address}, code ${code.codeHash} (eth_getCode)`);
  }
  print(`│ └ ${countOf(report)}`);
}

const PART = (kind: string | undefined): string =>
  kind === "diamond" ? "facet" : "runs the code of";

function printWay(print: Print, own: string, mechanism: MechanismReport): void {
  const { id, call, inverse, readback, paused, functions, summary, expires, callers } = mechanism;
  const back = inverse === null ? "CANNOT BE UNDONE" : `undone by ${callFrom(own, inverse)}`;
  print(`│ ├ ${strong(id)}: ${callFrom(own, call)} ${worthOf(mechanism)} (fork); ${back}`);
  print(`│ │   ${compact(readback, own)} is ${saying(paused)} (call)`);
  if (functions.length > 0) {
    print(`│ │   ${describeSummary(summary)} (fork)`);
  }
  if (expires !== null) {
    print(emphasise("warning", `│ │   ends by itself: ${expires}`));
  }
  const may = callers.filter(({ proved }) => proved).map(({ address }) => address);
  print(`│ │   ${may.length === 0 ? "nobody was found who may" : `may now: ${few(may)}`} (fork)`);
}

function printUpgrade(print: Print, report: PausableReport, upgrade: UpgradeReport | null): void {
  if (upgrade === null) {
    print(`  └ ${withoutUpgrade(report)}`);
    return;
  }
  const { how, to, needs, authority, canYou, evidence } = upgrade;
  const where = to === null || to === report.address ? "" : ` on ${to}`;
  print(`  ├ by ${how ?? needs}${where}`);
  for (const line of evidence) {
    print(`  ├ ${compact(line, report.address)}`);
  }
  if (authority.length > 0) {
    print("  ├ who may, and who decides for them (slots, calls, logs)");
    tree(print, report.address, authority, "  │   ");
  } else {
    print(`  ├ ${emphasise("warning", "nobody was found who may")} (fork)`);
  }
  print(`  └ ${compact(reachLine(canYou), report.address)}`);
}

function withoutUpgrade({ proxy }: PausableReport): string {
  return proxy === null
    ? "it is no proxy: nobody can change its code (code)"
    : proxy.kind === "minimal" || proxy.kind === "forwarder" || proxy.kind === "call-forwarder"
      ? "nobody can change where it leads: the address is in its own code (code)"
      : `how its code is changed is not known (${proxy.kind} proxy)`;
}

function tree(print: Print, own: string, nodes: PausableReport["authority"], indent: string): void {
  printAuthority(
    (line) => {
      print(compact(line, own));
    },
    nodes,
    indent,
  );
}

/** Whether every contract can be paused that the configuration says must be. */
function printObligations(print: Print, { failed, undecided, marked }: Obligations): void {
  for (const { label, verdict, canYou } of failed) {
    const why = verdict === "not-pausable" ? "nothing stops it" : canYou.why;
    print(emphasise("bad", `MUST BE PAUSABLE by you now, and is not: ${label} (${why})`));
  }
  for (const { label } of undecided) {
    print(
      emphasise("warning", `must be pausable by you now, which could not be decided: ${label}`),
    );
  }
  if (marked > 0 && failed.length === 0 && undecided.length === 0) {
    print(emphasise("good", `All ${marked} that must be pausable can be paused by you now.`));
  }
}
