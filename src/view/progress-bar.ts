import { printLine, type Print } from "./output.js";

/** Characters of a full bar. */
const WIDTH = 24;

/** A terminal is written to at most this often: more is not seen, and costs time. */
const EVERY_MS = 80;

/** Without a terminal, a line is printed each time that so many hundredths more are done. */
const EVERY_PERCENT = 25;

/** Short work needs no line of its own in a log. */
const LONG = 50;

/** Where a bar is drawn. */
export interface BarOutput {
  /** Whether a line can be drawn over. */
  readonly isTerminal: boolean;
  /** Writes without ending the line. */
  readonly write: (text: string) => void;
  readonly print: Print;
  readonly now: () => number;
}

/** Standard output of this process. */
export function standardOutput(): BarOutput {
  return {
    isTerminal: process.stdout.isTTY,
    write: (text) => process.stdout.write(text),
    print: printLine,
    now: () => performance.now(),
  };
}

/** Shows how far long work has come: a bar on a terminal, a few lines in a log. */
export class ProgressBar {
  readonly #output: BarOutput;
  #what = "";
  #drawnMs = -Infinity;
  #percent = 0;
  #isOpen = false;

  constructor(output: BarOutput) {
    this.#output = output;
  }

  /** @param what "uploaded". */
  advance(what: string, done: number, total: number): void {
    if (total <= 0) {
      return;
    }
    if (what !== this.#what) {
      this.close();
      this.#what = what;
      this.#percent = 0;
    }
    const { isTerminal, write, print, now } = this.#output;
    const percent = Math.floor((done / total) * 100);
    const text = `${done} of ${total} ${what}`;
    if (isTerminal) {
      if (done >= total || now() - this.#drawnMs >= EVERY_MS) {
        const full = Math.round((done / total) * WIDTH);
        write(`\r  [${"#".repeat(full)}${".".repeat(WIDTH - full)}] ${text} \u001b[K`);
        this.#drawnMs = now();
        this.#isOpen = true;
      }
    } else if (total >= LONG && percent >= this.#percent + EVERY_PERCENT) {
      this.#percent = percent - (percent % EVERY_PERCENT);
      print(`  ${text}`);
    }
    if (done >= total) {
      this.close();
      this.#what = "";
    }
  }

  /** Ends the line of a bar, so that something else can be printed. */
  close(): void {
    if (this.#isOpen) {
      this.#output.write("\n");
      this.#isOpen = false;
    }
  }
}
