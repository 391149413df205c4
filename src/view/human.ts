import { withCommas } from "../numbers.js";
import { isTransactionEffect } from "../chain/transactions/transaction.js";
import { formatEth } from "../chain/transactions/fees.js";
import type {
  CommandReport,
  CommandView,
  IndexerInWords,
  SiteInWords,
  WorldInWords,
} from "../recovery/command.js";
import type { AnyWorld, Plan } from "../recovery/plan.js";
import type { StepOutcome } from "../recovery/run.js";
import type { Difference, Effects, PlannedStep, ProgressEvent } from "../step.js";
import { describeEvent } from "./events.js";
import { ProgressBar, standardOutput, type BarOutput } from "./progress-bar.js";
import { emphasise, seconds, type Print } from "./output.js";
import { undoOf } from "./undo.js";

/** More differences than this are counted instead of listed. */
const MOST_LINES = 12;

/** What is said of chains, and otherwise of sites. */
export interface Words {
  readonly doing: string;
  readonly onTheCopy: string;
  readonly untouched: string;
  readonly nothingDone: string;
  readonly done: string;
}

const CHAIN_WORDS: Words = {
  doing: "Sending",
  onTheCopy: "On the fork",
  untouched: "The live chain was not written to.",
  nothingDone: "nothing was sent",
  done: "SENT",
};

/** See {@link Words}. */
export const SITE_WORDS: Words = {
  doing: "Doing",
  onTheCopy: "On the copy",
  untouched: "The site was not written to.",
  nothingDone: "nothing was written",
  done: "DONE",
};

/** See {@link Words}. */
export const CLUSTER_WORDS: Words = {
  doing: "Doing",
  onTheCopy: "In a dry run of the API server",
  untouched: "The cluster was not written to.",
  nothingDone: "nothing was written",
  done: "DONE",
};

/** Tells a command's course to a person. */
export class HumanView implements CommandView {
  readonly #print: Print;
  readonly #words: Words;
  readonly #bar: ProgressBar;
  /** Steps of indexers run side by side: then each line says whose it is. */
  #isOneStep = true;

  constructor(print: Print, words: Words = CHAIN_WORDS, bar: BarOutput = standardOutput()) {
    this.#bar = new ProgressBar({ ...bar, print });
    this.#print = (line) => {
      this.#bar.close();
      print(line);
    };
    this.#words = words;
  }

  plan(plan: Plan<AnyWorld>, world: WorldInWords | SiteInWords | IndexerInWords): void {
    const live = emphasise("warning", "LIVE");
    this.#print(
      "place" in world
        ? `${"frontend" in world ? `Frontend ${world.frontend}` : `Indexer ${world.indexer}`} in ${world.place}: ${world.live ? live : "not live"}`
        : `Network ${world.network}, chain id ${world.chainId}, block ${world.block}: ${world.live ? live : "a development chain"}`,
    );
    this.#isOneStep = plan.steps.length === 1;
    const steps = plan.steps.length === 1 ? "1 step" : `${plan.steps.length} steps`;
    this.#print(`Plan ${plan.hash.slice(0, 12)}, ${steps}`);
    for (const [index, step] of plan.steps.entries()) {
      this.#step(index + 1, step);
    }
  }

  #step(number: number, step: PlannedStep): void {
    this.#print(`  ${number}. ${emphasise("strong", step.title)}`);
    for (const note of step.notes) {
      this.#print(`     ${emphasise("quiet", note)}`);
    }
    if (step.actions.length === 0) {
      this.#print("     nothing to do");
      return;
    }
    for (const action of step.actions) {
      this.#print(`     do      ${action.summary}`);
    }
    for (const { fact, before, after } of step.expected) {
      this.#print(`     expect  ${fact}: ${shortDigest(before)} -> ${shortDigest(after)}`);
    }
    if (step.after.length > 0) {
      this.#print(`     after   ${step.after.join(", ")}`);
    }
    this.#print(`     undo    ${undoOf(step)}`);
  }

  rehearsing(copy: string): void {
    this.#print(`Rehearsing on a ${copy} ...`);
  }

  rehearsal(plan: Plan<AnyWorld>): void {
    for (const { id, effects, verification } of plan.rehearsal?.steps ?? []) {
      this.#print(`  ${this.#words.onTheCopy}, ${id}: ${emphasise("good", "works")}`);
      this.#effects(effects);
      for (const line of verification.evidence) {
        this.#print(`     read    ${line}`);
      }
    }
    this.#print(`  ${this.#words.untouched}`);
  }

  #effects(effects: Effects): void {
    for (const effect of effects.actions.filter(isTransactionEffect)) {
      this.#print(`     gas     ${withCommas(effect.gasUsed)}`);
      this.#list("event", effect.events.map(describeEvent));
      const words = (effect.storage ?? []).map(
        ({ address, slot, before, after, varies }) =>
          `${shortWord(slot)} of ${address}: ${shortWord(before)} -> ${shortWord(after)}${varies === true ? " (depends on the time)" : ""}`,
      );
      this.#list("stores", words);
    }
  }

  #list(title: string, lines: readonly string[]): void {
    for (const line of lines.slice(0, MOST_LINES)) {
      this.#print(`     ${title.padEnd(7)} ${line}`);
    }
    if (lines.length > MOST_LINES) {
      this.#print(
        `     ${title.padEnd(7)} and ${lines.length - MOST_LINES} more (all of them with --json)`,
      );
    }
  }

  progress = (event: ProgressEvent): void => {
    switch (event.type) {
      case "sending":
        this.#print(`${this.#words.doing}: ${event.summary}`);
        return;
      case "sent":
        this.#print(`  sent as ${event.reference}, waiting until it is mined ...`);
        return;
      case "resumed":
        this.#print(`  an earlier run has begun this: going on with ${event.reference}`);
        return;
      case "done":
        if (isTransactionEffect(event.effect)) {
          this.#print(`  mined in block ${event.effect.block}`);
        }
        return;
      case "warning":
        this.#print(emphasise("warning", `  note: ${event.message}`));
        return;
      case "advance":
        if (event.done === undefined || event.total === undefined) {
          const whose = this.#isOneStep ? "" : `${event.step}: `;
          this.#print(emphasise("quiet", `  ${whose}${event.what}`));
        } else {
          this.#bar.advance(event.what, event.done, event.total);
        }
        return;
    }
  };

  /** @param since what the duration is counted from: "the key press". */
  report(report: CommandReport<AnyWorld>, since: string): void {
    if (report.dryRun) {
      this.#print(`Dry run: ${this.#words.nothingDone}.`);
      return;
    }
    for (const outcome of report.result.outcomes) {
      this.#outcome(outcome);
    }
    if (report.result.failure === null) {
      this.#print(`${seconds(report.durationMs)} from ${since} to the last read-back.`);
    }
  }

  #outcome(outcome: StepOutcome): void {
    this.#print(`${HEADLINES[outcome.status](this.#words)} ${outcome.title}`);
    for (const effect of outcome.effects.actions.filter(isTransactionEffect)) {
      this.#print(
        `  transaction ${effect.hash}, block ${effect.block}, ${withCommas(effect.gasUsed)} gas, ${formatEth(BigInt(effect.feeWei))} ETH`,
      );
    }
    for (const line of outcome.verification?.evidence ?? []) {
      this.#print(`  read back: ${line}`);
    }
    if (outcome.verification?.problem !== undefined) {
      this.#print(emphasise("bad", `  ${outcome.verification.problem}`));
    }
    if (outcome.problem !== undefined) {
      this.#print(emphasise("bad", `  ${outcome.problem}`));
    }
    for (const surprise of outcome.surprises) {
      this.#print(emphasise("bad", `  not as rehearsed: ${surprise}`));
    }
  }
}

const HEADLINES: Record<StepOutcome["status"], (words: Words) => string> = {
  done: () => emphasise("good", "DONE"),
  already: ({ nothingDone }) => emphasise("good", `ALREADY SO, ${nothingDone}:`),
  "not-verified": ({ done }) => emphasise("bad", `${done}, BUT NOT VERIFIED:`),
  failed: () => emphasise("bad", "FAILED:"),
  "not-run": () => emphasise("warning", "NOT RUN:"),
};

/** A hash of a whole site says nothing to people beyond whether it is another one. */
function shortDigest(value: Difference["before"]): string {
  const text = String(value);
  return /^[0-9a-f]{64}$/.test(text) ? `${text.slice(0, 12)}…` : text;
}

/** A 32-byte word without its leading zeros, shortened in the middle. */
function shortWord(word: string): string {
  const digits = word.replace(/^0x0*/, "");
  const shown = digits.length > 40 ? `${digits.slice(0, 16)}…${digits.slice(-8)}` : digits;
  return `0x${shown === "" ? "0" : shown}`;
}
