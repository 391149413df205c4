import { spawn, type ChildProcess, type ChildProcessByStdio } from "node:child_process";
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { pathToFileURL } from "node:url";

import { configOf, type ProjectOptions } from "./project.js";
import { repository } from "./repository.js";

/** A project whose commands are typed: the tool itself runs, in a process of its own. */
export interface CliProject {
  /** Absolute. */
  readonly folder: string;
  /** Types a command and waits for its end. */
  run(args: readonly string[], how?: HowToRun): Promise<Finished>;
  /** Types a command. */
  start(args: readonly string[], how?: HowToRun): RunningCli;
  /** Every file that the project's commands have written, by its path in the folder. */
  written(): Promise<Readonly<Record<string, string>>>;
  remove(): Promise<void>;
}

/** What a command meets. */
export interface HowToRun {
  /** What is typed while it runs. Default: standard input is closed from the start. */
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** How a command ended, and all that it printed. */
export interface Finished {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs. */
export interface RunningCli {
  /** Ends it as a power cut would. */
  kill(): Promise<Finished>;
  readonly finished: Promise<Finished>;
}

/** What only a configuration file can say. */
export interface CliOptions extends ProjectOptions {
  /** The names of the variables that hold the private keys; in place of `accounts`. */
  readonly keyVariables?: readonly string[];
  /** The name of the variable that holds the URL; in place of `url`. */
  readonly urlVariable?: string;
  readonly mnemonic?: string;
}

/**
 * Makes a project with a configuration file of its own. One that compiles is inside this repository,
 * where its sources are, in a folder that git does not see.
 */
export async function createCliProject(options: CliOptions): Promise<CliProject> {
  const parent = options.builds === true ? join(repository, "cache") : tmpdir();
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, "hardhat-emergency-"));
  await writeFile(join(folder, "hardhat.config.ts"), configFile(options, folder));
  if (options.builds !== true) {
    await writeFile(join(folder, "package.json"), '{ "type": "module" }\n');
    await symlink(join(repository, "node_modules"), join(folder, "node_modules"), "junction");
  }
  const running = new Set<ChildProcess>();
  const given = new Set(await readdir(folder));

  function start(args: readonly string[], how: HowToRun = {}): RunningCli {
    const child = spawn(process.execPath, [HARDHAT, ...args], {
      cwd: folder,
      env: { ...environment(), ...how.env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    const finished = finish(child);
    running.add(child);
    child.once("exit", () => running.delete(child));
    // The command may end before it has read everything.
    child.stdin.on("error", () => undefined);
    child.stdin.end(how.stdin ?? "");
    return {
      finished,
      async kill() {
        child.kill("SIGKILL");
        return await finished;
      },
    };
  }

  return {
    folder,
    start,
    run: async (args, how) => await start(args, how).finished,
    async written() {
      const files = await readdir(folder, { recursive: true, withFileTypes: true });
      const own = files
        .filter((file) => file.isFile())
        .map((file) => join(file.parentPath, file.name).slice(folder.length + 1))
        .filter((name) => !given.has(name));
      const contents = await Promise.all(
        own.map(async (name) => [name, await readFile(join(folder, name), "utf8")] as const),
      );
      return Object.fromEntries(contents);
    },
    async remove() {
      // A test that failed halfway leaves its command behind.
      for (const child of running) {
        child.kill("SIGKILL");
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const HARDHAT = join(repository, "node_modules/hardhat/dist/src/cli.js");

function configFile(options: CliOptions, folder: string): string {
  const { network = "live", keyVariables, urlVariable, mnemonic, emergency } = options;
  const config = configOf(options, folder);
  const named = {
    ...config,
    networks: {
      [network]: {
        ...config.networks?.[network],
        ...(urlVariable === undefined ? {} : { url: PLACE_OF_URL }),
        ...(keyVariables === undefined
          ? {}
          : { accounts: keyVariables.map((name) => `${PLACE}${name}`) }),
        ...(mnemonic === undefined ? {} : { accounts: { mnemonic } }),
      },
    },
    emergency: { ...emergency, directory: join(folder, ".emergency") },
  };
  const data = JSON.stringify(named, null, 2)
    .replaceAll(JSON.stringify(PLACE_OF_URL), `configVariable(${JSON.stringify(urlVariable)})`)
    .replaceAll(new RegExp(`"${PLACE}(\\w+)"`, "g"), 'configVariable("$1")');
  return `import { configVariable, defineConfig } from "hardhat/config";
import emergency from ${JSON.stringify(pathToFileURL(join(repository, "src/index.ts")).href)};

void configVariable;
export default defineConfig({ plugins: [emergency], ...${data} });
`;
}

const PLACE = "variable:";
const PLACE_OF_URL = `${PLACE}url`;

/**
 * That of a person's terminal. What the running test task has set is left out, and so is what tells
 * Hardhat that it runs on a build server: there it shows every error with its stack.
 */
function environment(): NodeJS.ProcessEnv {
  const foreign =
    /^(HARDHAT_.*|HH_.*|NODE_OPTIONS|NODE_ENV|FORCE_COLOR|https?_proxy|GITHUB_ACTIONS|NOW|DEPLOYMENT_ID|CODEBUILD_BUILD_NUMBER|CI|CONTINUOUS_INTEGRATION|BUILD_NUMBER|RUN_ID)$/i;
  const entries = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  return { ...Object.fromEntries(entries), NO_COLOR: "1" };
}

async function finish(child: ChildProcessByStdio<Writable, Readable, Readable>): Promise<Finished> {
  const printed = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      printed[name] += text;
    });
  }
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { exitCode, ...printed };
}
