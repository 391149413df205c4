// Makes sure that node_modules holds exactly what package-lock.json says, at the cost of two small reads
// when it already does.
//
// A stamp in node_modules names the lock it was made from. It is written last, so an install that was killed
// leaves none, and is done again.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";

import { InstallError, runGroup } from "./group.mjs";
import { withLock } from "./lock.mjs";

export async function ensureInstalled(root, lockedNode) {
  const wanted = fingerprint(root);
  if (stamped(root, wanted)) return;

  await withLock(join(root, ".install-lock"), say, async (recordChild) => {
    // Someone else may have finished while we waited.
    if (stamped(root, wanted)) return;

    // Installed by hand? Then it is kept, if it is all there.
    if (matchesLock(root) && findFault(root, lockedNode) === undefined) {
      stamp(root, wanted, lockedNode);
      return;
    }

    await install(root, recordChild);
    const fault = findFault(root, lockedNode);
    if (fault !== undefined) {
      throw new InstallError(
        `npm said that it had installed everything, but ${fault}\n${nextSteps(root)}`,
      );
    }
    stamp(root, wanted, lockedNode);
  });
}

function say(line) {
  // On standard error: standard output belongs to the command, which may have been asked for JSON.
  process.stderr.write(`${line}\n`);
}

const dependencyFields = [
  "dependencies",
  "devDependencies",
  "optionalDependencies",
  "peerDependencies",
];

/** Everything that decides what npm would install here. */
function fingerprint(root) {
  const manifest = readJson(join(root, "package.json"));
  const fields = [...dependencyFields, "overrides"];
  return createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .update(JSON.stringify(fields.map((field) => manifest[field])))
    .update(`${process.platform} ${process.arch}`)
    .digest("hex");
}

const stampPath = (root) => join(root, "node_modules", ".installed-from-lock.json");
const npmRecordPath = (root) => join(root, "node_modules", ".package-lock.json");

function stamped(root, wanted) {
  if (!existsSync(stampPath(root))) return false;
  const { fingerprint: found, needs } = readJson(stampPath(root));
  // `npm install` by hand under an old Node removes the EDR binary and leaves the stamp: look for the files too.
  return found === wanted && needs.every((path) => existsSync(join(root, path)));
}

function stamp(root, wanted, lockedNode) {
  const edr = edrBindings(root).map((name) => join("node_modules", "@nomicfoundation", name));
  const needs = [lockedNode.slice(root.length + 1), ...edr];
  const half = `${stampPath(root)}.${process.pid}`;
  writeFileSync(half, JSON.stringify({ fingerprint: wanted, needs }));
  renameSync(half, stampPath(root));
}

function edrBindings(root) {
  const scope = join(root, "node_modules", "@nomicfoundation");
  return existsSync(scope) ? readdirSync(scope).filter((name) => name.startsWith("edr-")) : [];
}

/** Does npm's own record of node_modules hold every package of the lock, and is each still there? */
function matchesLock(root) {
  if (!existsSync(npmRecordPath(root))) return false;
  const locked = readJson(join(root, "package-lock.json")).packages;
  const installed = readJson(npmRecordPath(root)).packages;
  return Object.entries(locked).every(([path, entry]) => {
    if (path === "") return true;
    const found = installed[path];
    // Optional packages are those of other platforms, mostly. The one that matters is looked for by name, below.
    if (found === undefined) return entry.optional === true;
    return (
      found.version === entry.version &&
      found.integrity === entry.integrity &&
      existsSync(join(root, path, "package.json"))
    );
  });
}

/** What is missing although npm is content; nothing, if all is well. */
function findFault(root, lockedNode) {
  const version = `v${lockedVersion(root)}`;
  if (!existsSync(lockedNode)) {
    return `Node ${version} is not there. Its package fetches it in an install script: are scripts switched off (npm config get ignore-scripts)?`;
  }
  // A process of its own, because the binary is made for that Node and not for this one.
  const probe = spawnSync(
    lockedNode,
    ["-e", "require('@nomicfoundation/edr'); console.log(process.version)"],
    {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  if (probe.error !== undefined) return `Node ${version} does not start: ${probe.error.message}`;
  if (probe.status !== 0) {
    const reason =
      probe.stderr.split("\n").find((line) => line.includes("Error")) ??
      `exit code ${probe.status}`;
    return `Hardhat's EDR for ${process.platform} ${process.arch} does not load: ${reason.trim()}`;
  }
  return probe.stdout.trim() === version
    ? undefined
    : `Node is ${probe.stdout.trim()}, not ${version}.`;
}

function lockedVersion(root) {
  return readJson(join(root, "package-lock.json")).packages["node_modules/node"].version;
}

/** npm would refuse as well, with sixty lines about its options. */
function refuseOutdatedLock(root) {
  const manifest = readJson(join(root, "package.json"));
  const locked = readJson(join(root, "package-lock.json")).packages[""];
  const inOrder = (of) => JSON.stringify(Object.entries(of ?? {}).sort());
  const field = dependencyFields.find((name) => inOrder(manifest[name]) !== inOrder(locked[name]));
  if (field !== undefined) {
    throw new InstallError(
      `package-lock.json was made from other ${field} than package.json has now.\nNext:  npx -y -p node@${lockedVersion(root)} npm install`,
    );
  }
}

async function install(root, recordChild) {
  refuseOutdatedLock(root);
  say("Installing the locked dependencies, once (it takes up to a minute).");
  // First, so that an install that is killed never looks finished.
  rmSync(stampPath(root), { force: true });
  rmSync(npmRecordPath(root), { force: true });

  // npm must not run on the Node that it is about to delete.
  const env = { ...process.env, PATH: pathWithout(join(root, "node_modules")) };
  // What `npm run` hands down would send npx back to this folder.
  delete env.npm_config_local_prefix;

  const elsewhere = mkdtempSync(join(tmpdir(), "hardhat-emergency-"));
  try {
    const exitCode = newEnough(env)
      ? await runNpm("npm", ciArgs, root, env, recordChild)
      : await runNpm("npx", npxArgs(root), elsewhere, env, recordChild);
    if (exitCode !== 0) {
      throw new InstallError(
        `npm could not install (exit code ${exitCode}). Its reason is above, or in the newest file of "_logs" in the folder that \`npm config get cache\` names.\n${nextSteps(root)}`,
      );
    }
  } finally {
    rmSync(elsewhere, { recursive: true, force: true });
  }
}

const ciArgs = [
  "ci",
  // Even where NODE_ENV is "production": Node, Hardhat and the compiler are development dependencies.
  "--include=dev",
  "--include=optional",
  "--no-audit",
  "--no-fund",
  "--loglevel=error",
];

/**
 * Under an older Node, npm silently leaves out EDR, which asks for a newer one. So npm runs on the locked Node.
 * npx is to start in an empty folder: in this one, it would pick the copy of Node that is about to be deleted.
 */
function npxArgs(root) {
  const flags = ["--yes", "--loglevel=error", `--package=node@${lockedVersion(root)}`];
  return [...flags, "npm", ...ciArgs, `--prefix=${root}`];
}

function newEnough(env) {
  const { stdout } = spawnSync("node", ["--version"], { env, encoding: "utf8" });
  const [major = 0, minor = 0] = (stdout ?? "").replace("v", "").split(".").map(Number);
  return major > 22 || (major === 22 && minor >= 19);
}

async function runNpm(command, args, cwd, env, recordChild) {
  try {
    const stdio = ["ignore", process.stderr, process.stderr];
    return await runGroup(command, args, { cwd, env, stdio, onStart: recordChild });
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
    throw new InstallError(`${command} is not on PATH. It comes with Node.`);
  }
}

function pathWithout(folder) {
  const entries = (process.env.PATH ?? "").split(delimiter);
  return entries.filter((entry) => !`${resolve(entry)}/`.startsWith(`${folder}/`)).join(delimiter);
}

function nextSteps(root) {
  return `Next, by hand:  npx -y -p node@${lockedVersion(root)} npm ci`;
}

function readJson(path) {
  return JSON.parse(readFileSync(path, "utf8"));
}
