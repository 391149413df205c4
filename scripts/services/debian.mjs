// Programs that Debian has packages for. They are installed into the system, because they need its libraries.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { InstallError, StoppedError } from "../group.mjs";
import { withLock } from "../lock.mjs";
import { cacheFolder } from "./cache.mjs";
import { findProgram } from "./on-path.mjs";

/**
 * A program of a Debian package, or whatever of that name is on PATH.
 * @param elsewhere where else the package may have put it.
 */
export function debianProgram({
  name,
  package: packageName,
  program,
  elsewhere = () => undefined,
}) {
  const find = () => findProgram(program) ?? elsewhere();
  return {
    name,
    about: `Debian's package ${packageName}, installed by apt-get`,
    queue: "debian",
    find,
    install: async ({ run, say }) => {
      if (findProgram("apt-get") === undefined) {
        throw new InstallError(`${program} is not on PATH, and there is no apt-get to install it`);
      }
      const asRoot = rootPrefix();
      if (asRoot === undefined) {
        throw new InstallError(
          `${program} is not on PATH, and installing it needs root. By hand: sudo apt-get install ${packageName}`,
        );
      }
      mkdirSync(cacheFolder(), { recursive: true });
      await withLock(join(cacheFolder(), "debian.lock"), say, async (onStart) => {
        if (find() !== undefined) return;
        const root = (...command) => {
          const [first, ...rest] = [...asRoot, ...command];
          return run(first, rest, { onStart });
        };
        await withoutDaemons(root, () => installPackage(root, packageName));
      });
    },
  };
}

/** What to put before a command that needs root; undefined if nothing helps without a password. */
function rootPrefix() {
  const environment = ["env", "DEBIAN_FRONTEND=noninteractive"];
  if (process.getuid?.() === 0) return environment;
  const { status } = spawnSync("sudo", ["-n", "true"], { stdio: "ignore" });
  return status === 0 ? ["sudo", "-n", ...environment] : undefined;
}

async function installPackage(root, packageName) {
  const aptGet = (...args) => root("apt-get", "-o", "DPkg::Lock::Timeout=300", ...args);
  const install = () => aptGet("install", "--yes", "--no-install-recommends", packageName);
  try {
    await install();
  } catch (error) {
    if (error instanceof StoppedError) throw error;
    // The lists of packages are missing on a fresh machine, and old on others.
    await aptGet("update");
    await install();
  }
}

const policyFile = "/usr/sbin/policy-rc.d";
const mark = "hardhat-emergency, npm run test:services";

/**
 * nginx and varnish would start at once, on fixed ports. Debian asks this file whether they may, and 101 is no. It
 * says so only as long as this process lives, so that one which a kill leaves behind does no harm.
 */
async function withoutDaemons(root, action) {
  // Whoever has one has made up his mind.
  if (existsSync(policyFile) && !readFileSync(policyFile, "utf8").includes(mark)) {
    return await action();
  }
  const lines = ["#!/bin/sh", `# ${mark}`, `kill -0 ${process.pid} && exit 101`, "exit 0"];
  const quoted = lines.map((line) => `'${line}'`).join(" ");
  await root("sh", "-c", `printf '%s\\n' ${quoted} > ${policyFile} && chmod 755 ${policyFile}`);
  try {
    return await action();
  } finally {
    await root("rm", "-f", policyFile);
  }
}
