import type { MechanismReport, PausableReport, PausableReports } from "../chain/pausing/report.js";
import { describeSummary } from "../chain/pausing/summary.js";
import { printAuthority } from "./authority.js";
import { printExamination } from "./examination-document.js";
import { printFunctions } from "./function-list.js";
import { nextStep } from "./next-step.js";
import { emphasise, type Print } from "./output.js";
import { printTable } from "./summary-table.js";
import { callFrom, compact, headline, nameOf, reachLine, shortHash } from "./words.js";

/** Prints the verdict on each contract, as the one document or for people. */
export function printPausable(
  print: Print,
  json: boolean,
  network: string,
  reports: PausableReports,
): void {
  if (json) {
    printExamination(print, network, reports);
    return;
  }
  print(
    `Network ${network}, chain id ${reports.chainId}: all of it read, and tried on a fork, at block ${reports.block}`,
  );
  for (const report of reports.contracts) {
    printReport(print, network, report);
  }
  if (reports.contracts.length > 1) {
    printTable(print, reports);
  }
}

/** The most important first: can it, can you, what stays open, how; then who, and what is not known. */
function printReport(print: Print, network: string, report: PausableReport): void {
  const { address, mechanisms, rejected, authority, canYou } = report;
  const [best, ...others] = [...mechanisms, ...rejected];
  print("");
  print(`${nameOf(report)}: ${headline(report)}`);
  if (report.verdict !== "not-pausable") {
    print(`  ${compact(reachLine(canYou), address)}`);
  }
  if (best === undefined) {
    for (const line of report.evidence) {
      print(`  ${compact(line, address)}`);
    }
  } else {
    printBest(print, address, best);
  }
  for (const [index, mechanism] of others.entries()) {
    print(`  ${otherWay(address, index + 2, mechanism)}`);
  }
  if (authority.length > 0) {
    print("  Who may pause now, each shown by a call on the fork, and who decides for them:");
    printAuthority(
      (line) => {
        print(compact(line, address));
      },
      authority,
      "    ",
    );
  }
  if (best !== undefined) {
    printOthers(print, address, best);
  }
  printUnknown(print, report);
  if (!(canYou.now === true && report.verdict !== "not-pausable")) {
    printAlternatives(print, report);
  }
  print(
    emphasise(
      "quiet",
      `  Contract: ${report.about}; code ${shortHash(report.implementation.codeHash)}; ${countOf(report)}`,
    ),
  );
  print(`  ${emphasise("strong", "Next:")} ${nextStep(network, report)}`);
}

function printBest(print: Print, own: string, mechanism: MechanismReport): void {
  const { discovered, inverse, readback, paused, limits, expires, functions } = mechanism;
  const call = callFrom(own, mechanism.call);
  print(`  Way 1: ${emphasise("strong", call)} ${worthOf(mechanism)} (${titleOf(mechanism, own)})`);
  print(`    read back    ${compact(readback, own)}: ${saying(paused)} now`);
  print(
    inverse === null
      ? emphasise("warning", "    start again  cannot be undone")
      : `    start again  ${callFrom(own, inverse)}${startedBy(mechanism)}`,
  );
  if (expires !== null) {
    print(emphasise("warning", `    ends         by itself: ${expires}`));
  }
  if (!discovered) {
    print(`    limit        ${compact(limits, own)}`);
  }
  if (functions.length > 0) {
    const { blocked, exercised, open } = mechanism.summary;
    print(
      exercised === 0
        ? "    functions    no function could be exercised"
        : `    functions    ${blocked} of ${exercised} exercised functions are blocked, ${open} still open`,
    );
    printFunctions(print, functions, "      ");
  }
  for (const line of shownBy(own, mechanism)) {
    print(emphasise("quiet", `    shown by     ${line}`));
  }
}

/** The experiment in one line; what is said elsewhere already is left out. */
export function shownBy(own: string, { evidence, summary }: MechanismReport): readonly string[] {
  const counted = `fork: ${describeSummary(summary)}`;
  const steps = evidence.filter((line) => line.startsWith("fork: ") && line !== counted);
  return steps.length === 0
    ? []
    : [compact(`fork: ${steps.map((line) => line.slice("fork: ".length)).join("; ")}`, own)];
}

/** "Way 2: setTargetClosed(0x…, true) on 0x… works (…): 3 of 3 exercised functions are blocked". */
export function otherWay(own: string, number: number, mechanism: MechanismReport): string {
  const { call, inverse, functions, summary, callers } = mechanism;
  const may = callers.filter(({ proved }) => proved).map(({ address }) => address);
  const parts = [
    `Way ${number}: ${callFrom(own, call)} ${worthOf(mechanism)} (${titleOf(mechanism, own)})`,
    ...(inverse === null ? ["cannot be undone"] : []),
    ...(functions.length === 0 ? [] : [describeSummary(summary)]),
    may.length === 0 ? "nobody was found who may" : `may now: ${few(may)}`,
  ];
  return parts.join("; ");
}

/** The title of a discovered way is its call once more. */
function titleOf({ title, discovered }: MechanismReport, own: string): string {
  return discovered ? "found by experiment" : compact(title, own);
}

/** "works", or what else was seen. */
export function worthOf({ works }: MechanismReport): string {
  return works === true
    ? emphasise("good", "works")
    : works === false
      ? emphasise("bad", "does not stop it")
      : emphasise("warning", "was not shown to work");
}

/** "true", "not readable". */
export function saying(paused: MechanismReport["paused"]): string {
  return paused === null ? "not readable" : String(paused);
}

/** More addresses than this are counted instead of named. */
const MOST_NAMED = 3;

/** The first of several, and how many more there are. */
export function few(items: readonly string[]): string {
  const more = items.length - MOST_NAMED;
  return `${items.slice(0, MOST_NAMED).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/**
 * Those who were named for a reason and may not now. What was merely found in storage is for the page;
 * what the call asks for matters where nobody was found.
 */
function printOthers(print: Print, own: string, { callers, needs }: MechanismReport): void {
  const refused = callers.filter(({ proved, via }) => !proved && !via.startsWith("storage slot"));
  if (refused.length > 0) {
    const named = few(refused.map(({ address, via }) => `${address} (${compact(via, own)})`));
    print(emphasise("quiet", `  May not now: ${named}`));
  }
  if (callers.every(({ proved }) => !proved)) {
    print(`  Nobody was found who may; it needs ${compact(needs, own)}`);
  }
}

/** What could not be known, one line each. */
export function printUnknown(print: Print, { unknown, address }: PausableReport): void {
  for (const line of unknown) {
    print(emphasise("warning", `  Not known: ${compact(line, address)}`));
  }
}

/** What else can be done, where there is anything. */
export function printAlternatives(print: Print, { alternatives }: PausableReport): void {
  if (alternatives.length > 0) {
    print("  What else is possible:");
    for (const line of alternatives) {
      print(`    ${line}`);
    }
  }
}

/** "33 functions, 20 of them change state, 12 without a name (functions: from the bytecode)". */
export function countOf({ functions, abi }: PausableReport): string {
  const { total, mutating, nameless } = functions;
  const names = nameless === 0 ? "" : `, ${nameless} without a name`;
  return `${total} functions, ${mutating} of them change state${names} (${abi})`;
}

/** Who may start it again, where that was seen and they are others than those who may stop it. */
function startedBy({ starters, callers }: MechanismReport): string {
  const proved = (list: MechanismReport["callers"]): readonly string[] =>
    list.filter((one) => one.proved).map(({ address }) => address);
  const [may, stop] = [proved(starters), proved(callers)];
  if (may.length === 0) {
    return ", by nobody that was found";
  }
  const same = may.length === stop.length && stop.every((address) => may.includes(address));
  return same ? "" : `, by ${may.join(", ")}`;
}
