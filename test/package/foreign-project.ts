import { spawn } from "node:child_process";
import { copyFile, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { isRecord } from "../../src/json.js";
import type { Finished } from "../helpers/cli.js";
import { repository } from "../helpers/repository.js";

/** The plugin as it would be published. */
export interface Tarball {
  /** Absolute. */
  readonly file: string;
  readonly name: string;
  readonly version: string;
}

/** Somebody else's Hardhat project, in a folder of its own, with the packed plugin installed. */
export interface ForeignProject {
  /** Absolute. */
  readonly folder: string;
  /** Runs a program in the project's folder, with the environment that its owner would have. */
  run(program: string, args: readonly string[], env?: Environment): Promise<Finished>;
}

/** Variables to add to a process's environment. */
export type Environment = Readonly<Record<string, string>>;

/** A new folder outside the repository, and how to remove it. */
export async function temporaryFolder(): Promise<{
  readonly folder: string;
  readonly remove: () => Promise<void>;
}> {
  const folder = await mkdtemp(path.join(tmpdir(), "hardhat-emergency-"));
  return {
    folder,
    remove: async () => {
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Builds and packs the plugin, as `npm publish` would. */
export async function packPlugin(into: string): Promise<Tarball> {
  const { name, version } = await readManifest();
  await mustRun("npm", ["pack", "--pack-destination", into], repository);
  const [packed] = (await readdir(into)).filter((file) => file.endsWith(".tgz"));
  if (typeof name !== "string" || typeof version !== "string" || packed === undefined) {
    throw new Error("npm pack has made no tarball, or package.json has no name or version");
  }
  return { file: path.join(into, packed), name, version };
}

/**
 * Makes a project around a tarball and installs what it needs.
 * @param files the project's own files, by name: hardhat.config.ts and whatever else it has.
 */
export async function makeForeignProject(
  folder: string,
  tarball: Tarball,
  files: Readonly<Record<string, string>>,
): Promise<ForeignProject> {
  const ours = await readManifest();
  const copy = path.basename(tarball.file);
  await copyFile(tarball.file, path.join(folder, copy));
  const manifest = {
    name: "foreign-project",
    private: true,
    type: "module",
    devDependencies: {
      // The versions that this repository locks, so that both know the same ones.
      ...pick(ours.devDependencies, [
        "@nomicfoundation/hardhat-ethers",
        "@types/node",
        "ethers",
        "hardhat",
      ]),
      [tarball.name]: `file:${copy}`,
    },
    overrides: ours.overrides,
  };
  await writeFile(path.join(folder, "package.json"), JSON.stringify(manifest, null, 2));
  const lock = await lockFor(manifest, tarball, ours);
  await writeFile(path.join(folder, "package-lock.json"), JSON.stringify(lock, null, 2));
  for (const [name, content] of Object.entries(files)) {
    await writeFile(path.join(folder, name), content);
  }
  // No install scripts: none of these packages needs its own, and some would start a compiler.
  await mustRun("npm", ["install", "--prefer-offline", "--ignore-scripts", ...QUIET], folder);
  return {
    folder,
    run: async (program, args, env) => await run(program, args, folder, env),
  };
}

const QUIET = ["--no-audit", "--no-fund", "--loglevel=error"];

/**
 * A lock that names the same packages as this repository's, of which npm keeps those that the
 * project needs. So a release of somebody's package changes nothing here, and what `npm ci` has
 * fetched is enough: nothing more comes from the network.
 */
async function lockFor(
  manifest: { readonly name: string },
  tarball: Tarball,
  ours: Record<string, unknown>,
): Promise<object> {
  const { lockfileVersion, packages } = await readRecord(
    path.join(repository, "package-lock.json"),
  );
  const { dependencies, peerDependencies } = ours;
  const plugin = {
    version: tarball.version,
    resolved: `file:${path.basename(tarball.file)}`,
    dependencies,
    peerDependencies,
    dev: true,
  };
  return {
    name: manifest.name,
    lockfileVersion,
    requires: true,
    packages: {
      ...(isRecord(packages) ? packages : {}),
      "": manifest,
      [`node_modules/${tarball.name}`]: plugin,
    },
  };
}

/** The files that a package has installed, relative to its folder, with `/` between folders. */
export async function installedFiles(project: ForeignProject, name: string): Promise<string[]> {
  const folder = path.join(project.folder, "node_modules", name);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .map((file) => file.split(path.sep).join("/"))
    .sort();
}

/** Runs a program to its end, without anybody at the keyboard. */
export async function run(
  program: string,
  args: readonly string[],
  folder: string,
  env: Environment = {},
): Promise<Finished> {
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...strangersEnvironment(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  return { exitCode, stdout, stderr };
}

async function mustRun(program: string, args: readonly string[], folder: string): Promise<void> {
  const { exitCode, stdout, stderr } = await run(program, args, folder);
  if (exitCode !== 0) {
    throw new Error(`${program} ${args.join(" ")} gave exit code ${exitCode}:\n${stdout}${stderr}`);
  }
}

/** What npm and Hardhat hand down to the processes they start. It would lead back to this repository. */
const HANDED_DOWN =
  /^(npm_(config_local_prefix|package_.*|lifecycle_.*|command)|INIT_CWD|NODE_OPTIONS|NODE_ENV|FORCE_COLOR|HH_TEST|HARDHAT_.*)$/;

/** The environment of somebody who has never heard of this repository, but has its Node. */
export function strangersEnvironment(): Environment {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && !HANDED_DOWN.test(name)) {
      kept[name] = value;
    }
  }
  const folders = (process.env.PATH ?? "").split(path.delimiter);
  const elsewhere = folders.filter(
    (entry) => !`${path.resolve(entry)}/`.startsWith(`${repository}/`),
  );
  return {
    ...kept,
    PATH: [path.dirname(process.execPath), ...elsewhere].join(path.delimiter),
    NO_COLOR: "1",
    HARDHAT_DISABLE_TELEMETRY_PROMPT: "true",
  };
}

async function readManifest(): Promise<Record<string, unknown>> {
  return await readRecord(path.join(repository, "package.json"));
}

async function readRecord(file: string): Promise<Record<string, unknown>> {
  const value: unknown = JSON.parse(await readFile(file, "utf8"));
  if (!isRecord(value)) {
    throw new Error(`${file} is not a JSON object`);
  }
  return value;
}

function pick(record: unknown, keys: readonly string[]): Record<string, unknown> {
  if (!isRecord(record)) {
    throw new Error("package.json names no devDependencies");
  }
  return Object.fromEntries(keys.map((key) => [key, record[key]]));
}
