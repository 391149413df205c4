import type { AuthorityNode } from "../chain/authority/node.js";
import type { FunctionEffect } from "../chain/pausing/effect.js";
import type {
  MechanismReport,
  PausableReport,
  PausableReports,
  PauseCall,
  ReachReport,
  UpgradeReport,
} from "../chain/pausing/report.js";
import { describeSummary } from "../chain/pausing/summary.js";
import { redact } from "../redact.js";
import { describeMoved } from "./function-list.js";
import { nextStep } from "./next-step.js";
import { describe, eth, nameOf } from "./words.js";

/** The first line of every page: by it a page is known that may be written again. */
export const RUNBOOK_MARK =
  "<!-- hardhat-emergency runbook: written by the plugin, again each time -->";

/** All that was found out, as a Markdown page for the team's runbook. */
export function runbookPage(network: string, reports: PausableReports): string {
  const { chainId, block, contracts } = reports;
  const lines = [
    RUNBOOK_MARK,
    "",
    `# Pausing on ${text(network)}`,
    "",
    `Chain id ${chainId}, block ${block}. Everything was read at this block, and tried on a fork of it.`,
    ...overview(contracts),
    ...contracts.flatMap((report) => contractSection(network, report)),
  ];
  return `${redact(lines.join("\n"))}\n`;
}

const VERDICTS = {
  pausable: "can be paused",
  "pausable-elsewhere": "can be paused by a call on another contract",
  "not-pausable": "**cannot be paused**",
  unknown: "**cannot tell**",
} as const;

function overview(contracts: readonly PausableReport[]): readonly string[] {
  return [
    "",
    ...table(
      ["contract", "verdict", "paused now", "by us now"],
      contracts.map((report) => [
        text(nameOf(report)),
        VERDICTS[report.verdict],
        pausedWord(report.paused),
        yesNo(report.canYou.now),
      ]),
    ),
  ];
}

function contractSection(network: string, report: PausableReport): readonly string[] {
  const { implementation, functions, upgrade } = report;
  return [
    "",
    `## ${text(nameOf(report))}`,
    "",
    `- Verdict: ${VERDICTS[report.verdict]}`,
    `- Paused now: ${pausedWord(report.paused)}`,
    `- Can the accounts of network ${code(network)} pause it now: ${reachWords(report.canYou)}`,
    `- Next: ${text(nextStep(network, report))}`,
    `- Contract: ${text(report.about)}`,
    `- Its functions are at ${code(implementation.address)}: ${functions.total}, of which ${functions.mutating} change state and ${functions.nameless} have no name; known ${text(report.abi)}`,
    ...report.codes.map(({ address, codeHash }) => `- Code at ${code(address)}: ${code(codeHash)}`),
    ...[...report.mechanisms, ...report.rejected].flatMap((mechanism, index) =>
      mechanismSection(index + 1, mechanism),
    ),
    ...section("Who decides about pausing", trees(report.authority)),
    ...(upgrade === null ? [] : section("Who may upgrade it", upgradeLines(upgrade))),
    ...section("How it is known", bullets(report.evidence)),
    ...section("Not known", bullets(report.unknown)),
    ...section("What else is possible", bullets(report.alternatives)),
  ];
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ["", `### ${title}`, "", ...lines];
}

function bullets(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `- ${text(line)}`);
}

function mechanismSection(number: number, mechanism: MechanismReport): readonly string[] {
  const { id, call, inverse, title, works, readback, callers, functions, summary } = mechanism;
  return [
    ...section(`Way ${number}: ${text(title)}`, [
      `- Id: ${code(id)}`,
      `- Stop: ${callWords(call)}`,
      inverse === null ? "- It cannot be undone." : `- Start again: ${callWords(inverse)}`,
      `- Read back: ${text(readback)}, which says ${mechanism.paused === null ? "nothing that can be read" : code(String(mechanism.paused))} now`,
      `- On the fork it ${works === true ? "stopped the contract" : works === false ? "did **not** stop the contract" : "could not be shown to stop the contract"}.`,
      `- Limit: ${text(mechanism.limits)}`,
      ...(mechanism.expires === null ? [] : [`- It ends by itself: ${text(mechanism.expires)}`]),
      `- Needs: ${text(mechanism.needs)}`,
      ...callerLines(callers),
    ]),
    ...(functions.length === 0
      ? []
      : [
          "",
          `${text(describeSummary(summary))}.`,
          "",
          ...table(
            ["function", "verdict", "exercised by", "after the pause"],
            functions.map(effectCells),
          ),
        ]),
  ];
}

function callWords(call: PauseCall): string {
  return `${text(describe(call))}, data ${code(call.data)}`;
}

function callerLines(callers: MechanismReport["callers"]): readonly string[] {
  return callers.map(
    ({ address, via, proved }) =>
      `- ${proved ? "May now" : "May not now"}: ${code(address)} (${text(via)})`,
  );
}

function upgradeLines(upgrade: UpgradeReport): readonly string[] {
  const { how, to, needs, callers, authority, canYou } = upgrade;
  return [
    `- By ${how === null ? text(needs) : code(how)}${to === null ? "" : ` on ${code(to)}`}`,
    ...callerLines(callers),
    `- Can we now: ${reachWords(canYou)}`,
    ...trees(authority),
    ...bullets(upgrade.evidence),
  ];
}

function effectCells(effect: FunctionEffect): readonly string[] {
  const { signature, selector, verdict, origin, reason, moved, guarded } = effect;
  const refused = guarded && verdict === "fails" ? "refused by the pause: " : "";
  const after = moved === null ? `${refused}${reason ?? "succeeds"}` : describeMoved(moved);
  return [code(signature ?? selector), verdict, text(origin), text(after)];
}

function trees(nodes: readonly AuthorityNode[]): readonly string[] {
  return nodes.flatMap((node) => authorityLines(node, 0));
}

function authorityLines(node: AuthorityNode, depth: number): readonly string[] {
  const name =
    node.label === null ? code(node.address) : `${text(node.label)} (${code(node.address)})`;
  const about = node.shownAbove ? "already shown above" : node.about;
  const waits = node.waitSeconds === 0 ? "" : `, after ${node.waitSeconds} s`;
  const indent = "  ".repeat(depth);
  return [
    `${indent}- ${name}: ${text(about)} (${text(node.via)}${waits})`,
    ...(node.shownAbove ? [] : node.unknown.map((line) => `${indent}  - not known: ${text(line)}`)),
    ...node.members.flatMap((member) => authorityLines(member, depth + 1)),
  ];
}

function reachWords({ now, why, funds }: ReachReport): string {
  const payers = funds.map(
    ({ account, balanceWei, atMostWei }) =>
      `; ${code(account)} has ${eth(balanceWei)} ETH, the gas costs up to ${eth(atMostWei)}`,
  );
  return `${yesNo(now)} (${text(why)}${payers.join("")})`;
}

function yesNo(value: boolean | null): string {
  return value === null ? "not known" : value ? "yes" : "**no**";
}

function pausedWord(paused: boolean | null): string {
  return paused === null ? "not known" : paused ? "**yes**" : "no";
}

/** @param rows cells that are Markdown already. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
}

/**
 * Words that others have chosen (a revert reason, a label, a name in an ABI) as text and nothing else:
 * no markup, no end of a table's cell, no new line.
 */
function text(words: string): string {
  return words.replaceAll(/\s+/g, " ").replaceAll(/[\\`*_{}[\]<>|#~]/g, "\\$&");
}

/** In a table, too, where a bar would end the cell. */
function code(words: string): string {
  return `\`${words.replaceAll(/\s+/g, " ").replaceAll("`", "'").replaceAll("|", "\\|")}\``;
}
