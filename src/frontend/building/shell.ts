import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";

import { EmergencyError, messageOf } from "../../errors.js";

/** What a command of the project is run with. */
export interface ShellOptions {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** It is stopped, with everything that it has started, when it takes longer. */
  readonly timeoutMs: number;
  /** Told each line that it prints, without secrets. */
  readonly tell: (line: string) => void;
  /** Takes secrets out of a text. */
  readonly hide: (text: string) => string;
}

/** So many of the last lines stand in the error, and so many of the first ones that speak of one. */
const LINES_TOLD = 20;
const ERRORS_TOLD = 5;

/** What keeps the pipes open after the command's own end is not waited for. */
const DRAIN_MS = 2000;

/**
 * Runs a command of the project as a person would type it, and waits for its end.
 * @throws EmergencyError BUILD_FAILED with the last lines that it printed.
 */
export async function runShell(command: string, options: ShellOptions): Promise<void> {
  const { folder, env, timeoutMs, tell, hide } = options;
  const last: string[] = [];
  const errors: string[] = [];
  const listen = (line: string): void => {
    const shown = hide(withoutColours(line)).trimEnd();
    if (shown !== "") {
      last.push(shown);
      const [gone] = last.splice(0, last.length - LINES_TOLD);
      if (gone !== undefined && errors.length < ERRORS_TOLD && /\berror\b.*\w/i.test(gone)) {
        errors.push(gone);
      }
      tell(shown);
    }
  };
  const failure = await endOf(command, { folder, env, timeoutMs, listen });
  if (failure !== undefined) {
    const all = errors.length === 0 ? last : [...errors, "…", ...last];
    const lines = all.length === 0 ? "It printed nothing" : `It printed:\n${all.join("\n")}`;
    throw new EmergencyError(
      "BUILD_FAILED",
      `${hide(command)} ${failure}. Nothing was written. ${lines}`,
      "mend the build, or name another commit with --ref; or repoint the built site with --by bundle",
    );
  }
}

/** @returns what went wrong, if something did. */
async function endOf(
  command: string,
  {
    folder,
    env,
    timeoutMs,
    listen,
  }: Pick<ShellOptions, "folder" | "env" | "timeoutMs"> & {
    readonly listen: (line: string) => void;
  },
): Promise<string | undefined> {
  const child = spawn(command, {
    cwd: folder,
    env,
    shell: true,
    // A group of its own, so that what it starts can be stopped with it.
    detached: process.platform !== "win32",
    stdio: ["ignore", "pipe", "pipe"],
    windowsHide: true,
  });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream, crlfDelay: Infinity }).on("line", listen);
  }
  return await new Promise((resolve) => {
    let stopped: string | undefined;
    const stop = (why: string): void => {
      stopped ??= why;
      killGroup(child);
    };
    const timer = setTimeout(() => {
      stop(`took longer than ${Math.round(timeoutMs / 1000)} seconds, and was stopped`);
    }, timeoutMs);
    const interrupted = (): void => {
      stop("was interrupted");
    };
    process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
    let end: string | undefined;
    let drain: NodeJS.Timeout | undefined;
    const finish = (): void => {
      clearTimeout(timer);
      clearTimeout(drain);
      process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
      child.stdout.destroy();
      child.stderr.destroy();
      resolve(stopped ?? end);
    };
    child.once("error", (error) => {
      end = `cannot be started: ${messageOf(error)}`;
      finish();
    });
    child.once("exit", (code, signal) => {
      end =
        code === 0
          ? undefined
          : code === null
            ? `was ended by ${signal ?? "a signal"}`
            : `failed with exit code ${code}`;
      // A server that it has left behind would go on in a folder that is about to be removed.
      killGroup(child);
      drain = setTimeout(finish, DRAIN_MS);
    });
    child.once("close", finish);
  });
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) {
    return;
  }
  try {
    process.kill(process.platform === "win32" ? pid : -pid, "SIGKILL");
  } catch {
    // All of it has ended already.
  }
}

function withoutColours(line: string): string {
  const escape = String.fromCharCode(27);
  return line.replaceAll(new RegExp(`${escape}\\[[0-9;?]*[ -/]*[@-~]`, "g"), "");
}
