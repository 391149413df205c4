// Runs a program that may start others, so that all of them can be ended together.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { clearTimeout, setTimeout } from "node:timers";
import { setTimeout as sleep } from "node:timers/promises";

import { groupLives } from "./processes.mjs";

/** What went wrong, and what to type next. Ends the start without a stack. */
export class InstallError extends Error {
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Somebody ended it, so nothing else is to be tried. */
export class StoppedError extends InstallError {}

const windows = process.platform === "win32";

/**
 * Runs a program to its end and gives its exit code. A signal to this process goes to all that the program has
 * started, and is waited for.
 * @param options cwd, env, stdio as `spawn` takes them; `onStart`, which is told the leader's number; `limitMs`,
 * after which it is killed and an error thrown (default: never).
 */
export async function runGroup(command, args, { onStart, limitMs, ...options }) {
  const child = spawn(command, windows ? args.map((arg) => `"${arg}"`) : args, {
    ...options,
    shell: windows,
    // A process group of its own: all that it starts can be ended with it, and a later start can see what is left.
    detached: !windows,
  });
  if (child.pid !== undefined) onStart(child.pid);

  let stoppedBy;
  const onSignal = (signal) => {
    stoppedBy = signal;
    signalAll(child, signal);
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, onSignal);
  let late = false;
  const onLimit = () => {
    late = true;
    signalAll(child, "SIGKILL");
  };
  const timer = limitMs === undefined ? undefined : setTimeout(onLimit, limitMs);
  try {
    const [code, signal] = await once(child, "exit");
    // npx ends at once on SIGTERM, the npm below it goes on.
    await untilAllGone(child);
    if (late) throw new InstallError(`${command} was not done after ${limitMs / 60_000} minutes`);
    const endedBy = stoppedBy ?? signal;
    if (endedBy !== null) {
      const line = `Stopped by ${endedBy}. The next start installs again.`;
      throw new StoppedError(line, 128 + constants.signals[endedBy]);
    }
    return code;
  } finally {
    clearTimeout(timer);
    for (const signal of signals) process.off(signal, onSignal);
  }
}

const graceMs = 2_000;

async function untilAllGone(child) {
  const giveUpAt = Date.now() + graceMs;
  while (groupLives(child.pid)) {
    if (Date.now() > giveUpAt) signalAll(child, "SIGKILL");
    await sleep(50);
  }
}

/** Signals the leader and all that it started. */
function signalAll(child, signal) {
  try {
    process.kill(windows ? child.pid : -child.pid, signal);
  } catch (error) {
    // There is nobody left.
    if (error.code !== "ESRCH") throw error;
  }
}
