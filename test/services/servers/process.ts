import { ChildProcess, spawn } from "node:child_process";
import { createServer, Socket } from "node:net";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

import { until } from "../../helpers/anvil.js";

/** A program that a test has started. */
export interface RunningProcess {
  /** What it has printed up to now, both streams in the order in which they came, at most the last 64 KB. */
  output(): string;
  /** How it ended; undefined while it runs. */
  ended(): string | undefined;
  /** Kills it and everything that it started, and comes back when they are gone. */
  stop(): Promise<void>;
}

/** What to start. */
export interface ProcessOptions {
  /** For messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** In addition to this process' own environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Does it answer? Asked every few milliseconds. A throw means "not yet". */
  ready(process: RunningProcess): Promise<boolean> | boolean;
}

/**
 * The shell leads a process group of its own, so that one signal ends all that is in it. It waits for two things:
 * that the program ends, and that its own standard input does, which the kernel closes when this process is
 * gone, even after SIGKILL. (A shell gives its background jobs an empty standard input, hence number 3.)
 */
const GUARD = 'exec 3<&0; { cat <&3 >/dev/null; kill -9 0; } & "$@" </dev/null 3<&-; exit $?';

const OUTPUT_KEPT = 64 * 1024;

/** How long one question whether it is ready may take. */
const PATIENCE_MS = 5_000;

/**
 * Starts a program and waits until it is ready.
 * @throws with everything it printed, when it ends before that, or is not ready within a minute.
 */
export async function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  const { name, command, args, env, cwd } = options;
  const shell = spawn("sh", ["-c", GUARD, "sh", command, ...args], {
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
    env: { ...process.env, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  let printed = "";
  let ending: string | undefined;
  for (const stream of [shell.stdout, shell.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      printed = (printed + text).slice(-OUTPUT_KEPT);
    });
  }
  const gone = new Promise<void>((resolve) => {
    shell.once("error", (error) => {
      ending = error.message;
      resolve();
    });
    shell.once("exit", (code, signal) => {
      ending = signal === null ? `exit code ${String(code)}` : `signal ${signal}`;
      // It may have ended by itself. What it had started, and the shell's own watch, have not.
      killGroup(shell.pid);
    });
    // Nobody holds its output any more, so everybody is gone.
    shell.once("close", () => {
      resolve();
    });
  });
  const running: RunningProcess = {
    output: () => printed,
    ended: () => ending,
    async stop() {
      keepAlive(shell, true);
      if (ending === undefined) {
        killGroup(shell.pid);
      }
      await gone;
    },
  };
  // A test that forgets to stop it, or that fails before it can, must not keep this process alive.
  keepAlive(shell, false);
  try {
    await until(`${name} is ready`, async () => {
      if (ending !== undefined) {
        throw new Error(`${name} ended with ${ending} before it was ready`);
      }
      try {
        // Somebody else's server, on a port that it took first, may take a question and never answer.
        return await Promise.race([options.ready(running), later(PATIENCE_MS)]);
      } catch {
        return false;
      }
    });
  } catch (error) {
    await running.stop();
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${why}: ${[command, ...args].join(" ")}\n${printed}`, { cause: error });
  }
  return running;
}

async function later(milliseconds: number): Promise<false> {
  return await wait(milliseconds, false, { ref: false });
}

/** Whether this process stays alive for a child of it. (Node's types do not tell that the streams are sockets.) */
function keepAlive(child: ChildProcess, wanted: boolean): void {
  for (const held of [child, child.stdin, child.stdout, child.stderr]) {
    if (held instanceof ChildProcess || held instanceof Socket) {
      if (wanted) {
        held.ref();
      } else {
        held.unref();
      }
    }
  }
}

function killGroup(leader: number | undefined): void {
  if (leader === undefined) {
    return;
  }
  try {
    process.kill(-leader, "SIGKILL");
  } catch {
    // Nobody of the group is left.
  }
}

/**
 * A port of 127.0.0.1 that nobody listens on now. For servers that cannot choose one themselves: use it at once,
 * and through `onFreePort`.
 */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") {
    throw new Error("the system gave no port");
  }
  return address.port;
}

/** Starts something on a free port, and again on another one when somebody took that port in between. */
export async function onFreePort<T>(start: (port: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    try {
      return await start(port);
    } catch (error) {
      const taken = error instanceof Error && /address already in use/i.test(error.message);
      if (!taken || attempt === 5) {
        throw error;
      }
    }
  }
}

/** A new empty folder, for one server. */
export async function temporaryFolder(name: string): Promise<string> {
  return await mkdtemp(join(tmpdir(), `hardhat-emergency-${name}-`));
}

/** Runs what makes a server out of a new folder; the folder goes when the server stops or does not start. */
export async function inTemporaryFolder<T extends { stop(): Promise<void> }>(
  name: string,
  start: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await temporaryFolder(name);
  const remove = async (): Promise<void> => {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const server = await start(folder);
    return {
      ...server,
      async stop() {
        await server.stop();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
