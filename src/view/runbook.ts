import type { AuthorityNode } from "../chain/authority/node.js";
import type { FunctionEffect } from "../chain/pausing/effect.js";
import type { MechanismReport, PausableReport, PausableReports } from "../chain/pausing/report.js";
import { describeSummary } from "../chain/pausing/summary.js";
import { redact } from "../redact.js";
import { describe, nameOf } from "./pausable.js";

/** What was found out, as a Markdown page for the team's runbook. */
export function runbookPage(network: string, reports: PausableReports): string {
  const lines = [
    `# Pausing on ${network}`,
    "",
    `Chain id ${reports.chainId}, block ${reports.block}. Everything was read at this block, and tried on a fork of it.`,
    ...reports.contracts.flatMap((report) => contractSection(network, report)),
  ];
  return `${redact(lines.join("\n"))}\n`;
}

const VERDICTS = {
  pausable: "can be paused",
  "pausable-elsewhere": "can be paused by a call on another contract",
  "not-pausable": "**cannot be paused**",
  unknown: "**cannot tell**",
} as const;

function contractSection(network: string, report: PausableReport): readonly string[] {
  return [
    "",
    `## ${nameOf(report)}`,
    "",
    `- Verdict: ${VERDICTS[report.verdict]}`,
    `- Paused now: ${report.paused === null ? "not known" : report.paused ? "**yes**" : "no"}`,
    `- Contract: ${report.about}`,
    `- Code: \`${report.implementation.codeHash}\` at \`${report.implementation.address}\`; functions: ${report.abi}`,
    `- Can the accounts of network \`${network}\` pause it now: ${report.canYou.now === true ? "yes" : "no"} (${report.canYou.why})`,
    ...report.mechanisms.flatMap((mechanism, index) => mechanismSection(index + 1, mechanism)),
    ...section(
      "Who decides",
      report.authority.flatMap((node) => authorityLines(node, 0)),
    ),
    ...section(
      "How it is known",
      report.evidence.map((line) => `- ${line}`),
    ),
    ...section(
      "Not known",
      report.unknown.map((line) => `- ${line}`),
    ),
    ...section(
      "What else is possible",
      report.alternatives.map((line) => `- ${line}`),
    ),
  ];
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ["", `### ${title}`, "", ...lines];
}

function mechanismSection(number: number, mechanism: MechanismReport): readonly string[] {
  const { call, inverse, title, works, readback, callers, functions, summary } = mechanism;
  return [
    ...section(`Way ${number}: ${title}`, [
      `- Stop: ${describe(call)}, data \`${call.data}\``,
      inverse === null
        ? "- It cannot be undone."
        : `- Start again: ${describe(inverse)}, data \`${inverse.data}\``,
      `- Read back: ${readback}`,
      `- On the fork it ${works === true ? "stopped the contract" : works === false ? "did **not** stop the contract" : "could not be shown to stop the contract"}.`,
      ...callers.map(
        ({ address, via, proved }) =>
          `- ${proved ? "May pause now" : "May not now"}: \`${address}\` (${via})`,
      ),
    ]),
    ...(functions.length === 0
      ? []
      : [
          "",
          `${describeSummary(summary)}.`,
          "",
          "| function | verdict | exercised by | after the pause |",
          "| --- | --- | --- | --- |",
          ...functions.map(effectRow),
        ]),
  ];
}

function effectRow({
  signature,
  selector,
  verdict,
  origin,
  reason,
  moved,
}: FunctionEffect): string {
  const after =
    moved === null
      ? (reason ?? "succeeds")
      : `moves ${moved.transfers} token transfer(s), ${moved.balances} ETH balance(s), ${moved.slots.length} storage word(s)`;
  return `| \`${signature ?? selector}\` | ${verdict} | ${cell(origin)} | ${cell(after)} |`;
}

/** A bar would end the cell. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

function authorityLines(node: AuthorityNode, depth: number): readonly string[] {
  const name = node.label === null ? node.address : `${node.label} (${node.address})`;
  const about = node.shownAbove ? "already shown above" : node.about;
  return [
    `${"  ".repeat(depth)}- ${name}: ${about} (${node.via})`,
    ...node.members.flatMap((member) => authorityLines(member, depth + 1)),
  ];
}
