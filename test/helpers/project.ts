import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { HardhatUserConfig } from "hardhat/config";
import { createHardhatRuntimeEnvironment } from "hardhat/hre";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import { isResult } from "hardhat/utils/result";

import repositoryConfig from "../../hardhat.config.js";
import { projectContracts } from "../../src/chain/upgrade/project.js";
import emergency from "../../src/index.js";
import type { EmergencyUserConfig } from "../../src/config/types.js";
import { repository } from "./repository.js";

/** A network as a project configures it. */
export interface ProjectOptions {
  readonly url: string;
  /** `undefined` leaves it out of the configuration. */
  readonly chainId: number | undefined;
  /** Private keys; "remote" leaves signing to the node. */
  readonly accounts: readonly string[] | "remote";
  readonly network?: string;
  readonly emergency?: EmergencyUserConfig;
  /** Per request, in milliseconds. */
  readonly timeoutMs?: number;
  /** In wei; turns off the plugin's own choice of fees. */
  readonly gasPrice?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** The project has this repository's contracts and can compile them. */
  readonly builds?: boolean;
  /** The project has compiled nothing: of contracts it knows their bytecode only. */
  readonly foreign?: boolean;
  /** What the person at the keyboard types when asked. */
  readonly answer?: () => Promise<string>;
}

/** How a task ended, as the command line would show it. */
export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What was thrown, or what a task's result says went wrong; undefined when nothing did. */
  readonly error: unknown;
}

/** A Hardhat project of a test's own. */
export interface Project {
  readonly network: string;
  /** Its own folder; deployment records go there. */
  readonly folder: string;
  /** Its `.emergency` folder. */
  readonly directory: string;
  readonly hre: HardhatRuntimeEnvironment;
  /** Runs a task through Hardhat, with its arguments as the command line hands them over. */
  run(task: string, args?: Readonly<Record<string, string | boolean>>): Promise<Outcome>;
  /** Everything in the `.emergency` folder, by file name. */
  written(): Promise<Readonly<Record<string, string>>>;
  remove(): Promise<void>;
}

/** The network's name wherever a test does not ask for another. */
export const NETWORK = "live";

/**
 * Makes a project with the plugin, in a temporary folder. One that compiles has its root here, and
 * shares one cache: the compiler takes longer than all the tests of a file.
 */
export async function createProject(options: ProjectOptions): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), "hardhat-emergency-"));
  const directory = join(folder, ".emergency");
  await writeFile(join(folder, "package.json"), '{ "type": "module" }\n');
  const network = options.network ?? NETWORK;
  const hre = await createHardhatRuntimeEnvironment(
    {
      ...configOf(options, folder),
      plugins: [emergency],
      emergency: { ...options.emergency, directory },
    },
    { network },
    options.builds === true ? repository : folder,
  ).catch(async (error: unknown) => {
    await rm(folder, { recursive: true });
    throw error;
  });
  hre.hooks.registerHandlers("userInterruptions", {
    async requestInput(context, interruptor, question, next) {
      return options.answer === undefined
        ? await next(context, interruptor, question)
        : await options.answer();
    },
  });
  return {
    network,
    folder,
    directory,
    hre,
    async run(task, args = {}) {
      return await captured(async (): Promise<unknown> => await hre.tasks.getTask(task).run(args));
    },
    async written() {
      return await contentOf(directory);
    },
    async remove() {
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Compiles what projects with `builds` need, where no test waits for it with a deadline. */
export async function compileOnce(): Promise<void> {
  const project = await createProject({
    url: "http://127.0.0.1",
    chainId: 1,
    accounts: [],
    builds: true,
  });
  try {
    await projectContracts(project.hre).find("UupsVaultV2");
  } finally {
    await project.remove();
  }
}

/** The part of a project's configuration that is plain data. */
export function configOf(
  options: ProjectOptions,
  folder: string,
): Pick<HardhatUserConfig, "networks" | "paths" | "solidity"> {
  const { chainId, accounts, timeoutMs, gasPrice, headers } = options;
  const builds = options.builds === true;
  return {
    ...(builds && repositoryConfig.solidity !== undefined
      ? { solidity: repositoryConfig.solidity }
      : {}),
    paths: {
      artifacts:
        options.foreign === true ? join(folder, "artifacts") : join(repository, "artifacts"),
      cache: builds ? join(repository, "cache", "tests") : join(folder, "cache"),
    },
    networks: {
      [options.network ?? NETWORK]: {
        type: "http",
        url: options.url,
        accounts: accounts === "remote" ? accounts : [...accounts],
        ...(chainId === undefined ? {} : { chainId }),
        ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
        ...(headers === undefined ? {} : { httpHeaders: { ...headers } }),
        ...(gasPrice === undefined ? {} : { gasPrice: BigInt(gasPrice) }),
      },
    },
  };
}

/** Runs something and keeps what it prints and the exit code that it asks for. */
export async function captured(run: () => Promise<unknown>): Promise<Outcome> {
  const exitCode = process.exitCode;
  const stdout = keepWrites(process.stdout);
  const stderr = keepWrites(process.stderr);
  process.exitCode = undefined;
  let error: unknown;
  try {
    const value = await run();
    error = isResult(value) && !value.success ? value.error : undefined;
  } catch (thrown) {
    error = thrown;
  } finally {
    stdout.restore();
    stderr.restore();
  }
  const asked = exitCodeNow();
  process.exitCode = exitCode;
  return {
    exitCode: error === undefined ? asked : 1,
    stdout: stdout.text(),
    stderr: stderr.text(),
    error,
  };
}

/** Read through a function, so that the compiler does not think that nobody else can set it. */
function exitCodeNow(): number {
  return Number(process.exitCode ?? "0");
}

/** The plugin prints to the process's own streams: there is nothing to inject. */
function keepWrites(stream: NodeJS.WriteStream): {
  readonly text: () => string;
  readonly restore: () => void;
} {
  const original = stream.write.bind(stream);
  const kept: string[] = [];
  stream.write = (chunk: string | Uint8Array): boolean => {
    kept.push(typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("utf8"));
    return true;
  };
  return {
    text: () => kept.join(""),
    restore: () => {
      stream.write = original;
    },
  };
}

async function contentOf(directory: string): Promise<Readonly<Record<string, string>>> {
  const names = await readdir(directory).catch(() => []);
  const files = await Promise.all(
    names.map(async (name) => [name, await readFile(join(directory, name), "utf8")] as const),
  );
  return Object.fromEntries(files);
}

/** Writes a file of a project, with the folders that it is in. */
export async function writeInto(folder: string, name: string, content: unknown): Promise<string> {
  const file = join(folder, name);
  await mkdir(join(file, ".."), { recursive: true });
  await writeFile(file, typeof content === "string" ? content : JSON.stringify(content, null, 2));
  return file;
}
