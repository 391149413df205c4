import { mkdir, readFile, readdir, realpath, stat, symlink } from "node:fs/promises";
import path from "node:path";

import { EmergencyError } from "../../errors.js";
import { isRecord } from "../../json.js";
import type { Worktree } from "./worktree.js";

/** How the packages that a build needs come into a checkout. */
export type Packages =
  | { readonly how: "none" }
  | { readonly how: "linked"; readonly note: string }
  | {
      readonly how: "install";
      readonly command: string;
      /** Where it is run: absolute. */
      readonly folder: string;
      readonly note: string;
    };

/** What each package manager writes down, and how it installs exactly that. */
const LOCK_FILES: Readonly<Record<string, string>> = {
  "package-lock.json": "npm ci",
  "npm-shrinkwrap.json": "npm ci",
  "pnpm-lock.yaml": "pnpm install --frozen-lockfile",
  "yarn.lock": "yarn install --frozen-lockfile",
  "bun.lock": "bun install --frozen-lockfile",
  "bun.lockb": "bun install --frozen-lockfile",
};

/**
 * Decides where a build's packages come from: those that are installed in the project when they are of
 * the same lock file, byte for byte; otherwise they are installed anew. Links them in the first case.
 * @param directory the folder of the build, relative to the repository's root; "" is the root.
 * @param install the project's own command, run in that folder.
 * @throws EmergencyError CANNOT_BUILD when it cannot be known which packages the commit needs.
 */
export async function packagesFor(
  worktree: Worktree,
  directory: string,
  install: string | undefined,
): Promise<Packages> {
  const { folder, repository, files } = worktree;
  const tracked = new Set(files);
  const own = nearest(tracked, directory, ["package.json"]);
  if (own === undefined || !(await needsPackages(path.join(folder, own)))) {
    return { how: "none" };
  }
  const lock = nearest(tracked, directory, Object.keys(LOCK_FILES));
  const told = lock ?? own;
  const problem =
    (await differs(worktree, told)) ??
    (await notInstalled(path.join(repository, path.posix.dirname(told)), lock));
  if (problem === undefined) {
    await linkPackages(worktree);
    const note = `the packages are those that are installed: ${told} is the same`;
    return { how: "linked", note };
  }
  const command =
    install ?? (lock === undefined ? undefined : LOCK_FILES[path.posix.basename(lock)]);
  if (command === undefined) {
    throw new EmergencyError(
      "CANNOT_BUILD",
      `${problem}, and the commit has no lock file that says which packages to install`,
      'say how they are installed: build.install, such as "npm install"',
    );
  }
  const where = install === undefined ? path.posix.dirname(told) : directory;
  return {
    how: "install",
    command,
    folder: path.join(folder, where),
    note: `${problem}: packages are installed with ${command}`,
  };
}

/** The first of some files, in a folder or in those above it: its path in the repository. */
function nearest(
  tracked: ReadonlySet<string>,
  directory: string,
  names: readonly string[],
): string | undefined {
  for (let at = directory; ; at = at.includes("/") ? path.posix.dirname(at) : "") {
    const found = names.map((name) => path.posix.join(at, name)).find((file) => tracked.has(file));
    if (found !== undefined || at === "") {
      return found;
    }
  }
}

async function needsPackages(file: string): Promise<boolean> {
  const manifest = await readJson(file);
  const lists = [manifest.dependencies, manifest.devDependencies, manifest.workspaces];
  return lists.some((list) =>
    isRecord(list) ? Object.keys(list).length > 0 : Array.isArray(list),
  );
}

/** Why what the project has now is not what the commit asks for. */
async function differs(
  { folder, repository }: Worktree,
  file: string,
): Promise<string | undefined> {
  const [then, now] = await Promise.all([
    readFile(path.join(folder, file)),
    readFile(path.join(repository, file)).catch(() => undefined),
  ]);
  return now?.equals(then) === true ? undefined : `${file} of the commit is another one`;
}

/** Why the packages of the project are not those of its lock file. */
async function notInstalled(folder: string, lock: string | undefined): Promise<string | undefined> {
  const modules = path.join(folder, "node_modules");
  if (!(await isFolder(modules))) {
    return "the project has no node_modules";
  }
  if (lock === undefined || !/package-lock|shrinkwrap/.test(lock)) {
    return undefined;
  }
  // npm keeps a list of what it has really installed.
  const [wanted, installed] = await Promise.all([
    readJson(path.join(folder, path.posix.basename(lock))),
    readJson(path.join(modules, ".package-lock.json")),
  ]);
  if (!isRecord(wanted.packages) || !isRecord(installed.packages)) {
    return undefined;
  }
  for (const [name, entry] of Object.entries(wanted.packages)) {
    const there = installed.packages[name];
    if (
      name.includes("node_modules/") &&
      isRecord(entry) &&
      ![entry.optional, entry.devOptional, entry.peer, entry.link, entry.extraneous].includes(
        true,
      ) &&
      (!isRecord(there) || there.version !== entry.version)
    ) {
      return `${name} is not installed as the lock file says`;
    }
  }
  return undefined;
}

async function readJson(file: string): Promise<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(await readFile(file, "utf8"));
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

/**
 * Gives each package of the checkout the installed packages of the same folder in the project, one link a
 * package: a link to the whole folder would let builds write into it, and would lead the packages of a
 * monorepo to the sources that people work on.
 */
async function linkPackages({ folder, repository, files }: Worktree): Promise<void> {
  const homes = files
    .filter((file) => path.posix.basename(file) === "package.json")
    .map((file) => path.posix.dirname(file));
  for (const home of homes) {
    const from = path.join(repository, home, "node_modules");
    if (!(await isFolder(from))) {
      continue;
    }
    const to = path.join(folder, home, "node_modules");
    for (const name of await packageNames(from)) {
      const target = await realpath(path.join(from, name)).catch(() => undefined);
      if (target !== undefined) {
        await linkTo(inCheckout(target, repository, folder), path.join(to, name));
      }
    }
  }
}

async function packageNames(modules: string): Promise<readonly string[]> {
  const names: string[] = [];
  for (const name of await readdir(modules)) {
    if (name.startsWith("@")) {
      const scoped = await readdir(path.join(modules, name));
      names.push(...scoped.map((part) => path.join(name, part)));
    } else if (!name.startsWith(".") || name === ".bin") {
      names.push(name);
    }
  }
  return names;
}

/** A package of the repository itself is taken from the checkout. */
function inCheckout(target: string, repository: string, folder: string): string {
  const relative = path.relative(repository, target);
  const isOwn =
    !relative.startsWith("..") &&
    !path.isAbsolute(relative) &&
    !relative.split(path.sep).includes("node_modules");
  return isOwn ? path.join(folder, relative) : target;
}

async function linkTo(target: string, name: string): Promise<void> {
  await mkdir(path.dirname(name), { recursive: true });
  // A commit may hold some of its packages itself.
  await symlink(target, name, "junction").catch((error: unknown) => {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) {
      throw error;
    }
  });
}

async function isFolder(folder: string): Promise<boolean> {
  return await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
