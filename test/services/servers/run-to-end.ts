import { spawn } from "node:child_process";

/** No test waits that long; a program that hangs must not outlive them by more. */
const LIMIT_MS = 10 * 60_000;

/**
 * Runs a program to its end: `aws`, `rclone`, `varnishadm`. Never throws for what the program says.
 * @returns `code`: null when a signal ended it, as after ten minutes.
 */
export async function runToEnd(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<{ readonly code: number | null; readonly output: string }> {
  const { cwd, env } = options;
  return await new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ["ignore", "pipe", "pipe"],
      timeout: LIMIT_MS,
      killSignal: "SIGKILL",
      env: { ...process.env, ...env },
      ...(cwd === undefined ? {} : { cwd }),
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (text: string) => {
        output += text;
      });
    }
    child.once("error", reject);
    child.once("close", (code) => {
      resolve({ code, output });
    });
  });
}
