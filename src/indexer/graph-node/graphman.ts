import { spawn } from "node:child_process";

import { EmergencyError, asError } from "../../errors.js";
import { redact } from "../../redact.js";

/** The program graphman: what talks to graph-node's database, and alone can rewind. */
export interface Graphman {
  /** As it is typed, without a subcommand: "graphman --config config.toml". */
  readonly command: string;
  /**
   * Runs a subcommand to its end.
   * @throws EmergencyError NO_GRAPHMAN when there is no such program.
   */
  run(args: readonly string[]): Promise<GraphmanRun>;
}

/** How a run of graphman ended. */
export interface GraphmanRun {
  /** Null when a signal ended it. */
  readonly code: number | null;
  /** The last that it printed, without credentials. */
  readonly lines: readonly string[];
}

/** Enough for what a rewind prints, and for the end of a long error. */
const LINES = 40;

/** The database's URL stands in graphman's configuration, and may stand in its errors. */
const CREDENTIALS = /(\w+:\/\/)[^\s/@]+@/g;

/**
 * graphman as a program.
 * @param command the program, and what stands before the subcommand.
 */
export function graphmanProgram(command: readonly string[], directory: string): Graphman {
  const [program = "graphman", ...given] = command;
  const typed = redact(command.join(" "));
  return {
    command: typed,
    async run(args) {
      return await new Promise((resolve, reject) => {
        const child = spawn(program, [...given, ...args], {
          cwd: directory,
          stdio: ["ignore", "pipe", "pipe"],
        });
        let printed = "";
        for (const stream of [child.stdout, child.stderr]) {
          stream.setEncoding("utf8").on("data", (text: string) => {
            printed = (printed + text).slice(-64 * 1024);
          });
        }
        child.once("error", (error) => {
          reject(
            new EmergencyError(
              "NO_GRAPHMAN",
              `the program "${program}" cannot be run: ${error.message}`,
              "correct emergency.indexers.….graphNode.graphman in hardhat.config.ts; behind kubectl exec it need not be on this computer",
              asError(error),
            ),
          );
        });
        child.once("close", (code) => {
          resolve({ code, lines: linesOf(printed) });
        });
      });
    },
  };
}

function linesOf(printed: string): readonly string[] {
  return redact(printed.replaceAll(CREDENTIALS, "$1[secret]@"))
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "")
    .slice(-LINES);
}
