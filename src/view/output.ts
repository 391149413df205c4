import { styleText } from "node:util";

import { redact } from "../redact.js";

/** Where lines go. Injected, so that tests can read them. */
export type Print = (line: string) => void;

let mutes = 0;

/** Prints a line to standard output, with secrets taken out. */
export const printLine: Print = (line) => {
  if (mutes === 0) {
    console.log(redact(line));
  }
};

/** Prints nothing while the action runs. */
export async function muted<T>(action: () => Promise<T>): Promise<T> {
  mutes++;
  try {
    return await action();
  } finally {
    mutes--;
  }
}

/** How a word stands out on a terminal. */
export type Emphasis = "good" | "bad" | "warning" | "quiet" | "strong";

const STYLES = {
  good: ["green", "bold"],
  bad: ["red", "bold"],
  warning: ["yellow"],
  quiet: ["dim"],
  strong: ["bold"],
} as const;

/** The text with colours where standard output is a terminal that shows them. */
export function emphasise(emphasis: Emphasis, text: string): string {
  return styleText([...STYLES[emphasis]], text, { stream: process.stdout, validateStream: true });
}

/** Seconds with two digits: "1.84 s". */
export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}
