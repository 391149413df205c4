// Gets what the tests of real servers need, says what it could not have and why, and lists what is where.
import { mkdirSync, openSync, closeSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { InstallError, runGroup, StoppedError } from "./group.mjs";
import { cacheFolder } from "./services/cache.mjs";
import { tools } from "./services/tools.mjs";

/** The slowest build takes six minutes of two cores that have nothing else to do. */
const limitMs = 20 * 60_000;

/**
 * Installs what is missing. The failure of one tool leaves the others.
 * @returns `file`: a list of where each tool is, or why it is missing, for test/services/servers/tools.ts;
 * `missing`: the same reasons, as lines.
 */
export async function ensureServices(root, lockedNode) {
  const started = Date.now();
  const wanted = tools(root, lockedNode);
  const absent = wanted.filter((tool) => tool.find() === undefined);
  const reasons = new Map();

  if (absent.length > 0) {
    say(`Real servers for the tests, kept in ${cacheFolder()}:`);
    const queues = new Set(absent.map(({ queue }) => queue));
    const work = [...queues].map(async (queue) => {
      for (const tool of absent.filter((other) => other.queue === queue)) {
        const reason = await reasonForFailure(tool);
        if (reason !== undefined) reasons.set(tool.name, reason);
      }
    });
    await Promise.all(work);
    const count = `${wanted.length - reasons.size} of ${wanted.length}`;
    say(`${count} tools are there, after ${seconds(started)} s.`);
  }

  const missing = [...reasons].map(([name, reason]) => `${name}: ${reason}`);
  if (missing.length > 0) say(["Could not have:", ...missing].join("\n  "));
  return { file: writeList(wanted, reasons), missing };
}

/** Installs one tool, and says why that failed. */
async function reasonForFailure(tool) {
  const started = Date.now();
  say(`  ${tool.name}: ${tool.about}`);
  try {
    const about = (line) => say(`  ${tool.name}: ${line}`);
    await tool.install({ run: runnerFor(tool.name), say: about });
    if (tool.find() === undefined) throw new InstallError("it was installed, and is not there");
    say(`  ${tool.name}: there after ${seconds(started)} s`);
    return undefined;
  } catch (error) {
    if (error instanceof StoppedError) throw error;
    say(`  ${tool.name}: failed after ${seconds(started)} s`);
    return error.message;
  }
}

/** Runs programs for one tool. What they print goes to a file, whose end is told when they fail. */
function runnerFor(name) {
  mkdirSync(cacheFolder(), { recursive: true });
  const log = join(cacheFolder(), `${name}.log`);
  writeFileSync(log, "");
  return async (command, args, { cwd, env, onStart }) => {
    const output = openSync(log, "a");
    try {
      const code = await runGroup(command, args, {
        cwd: cwd ?? cacheFolder(),
        env: { ...process.env, ...env },
        stdio: ["ignore", output, output],
        onStart,
        limitMs,
      });
      if (code === 0) return;
      const line = [command, ...args].join(" ");
      throw new InstallError(
        `\`${line}\` ended with exit code ${code} (all of it: ${log})${excerpt(log)}`,
      );
    } catch (error) {
      if (error.code !== "ENOENT") throw error;
      throw new InstallError(`${command} is not on PATH`);
    } finally {
      closeSync(output);
    }
  };
}

/** npm says first what is wrong, the others say it last. */
function excerpt(log) {
  const lines = readFileSync(log, "utf8")
    .split("\n")
    .filter((line) => /\w/.test(line));
  const shown = lines.length <= 8 ? lines : [...lines.slice(0, 4), "...", ...lines.slice(-3)];
  return shown.map((line) => `\n    ${line}`).join("");
}

function writeList(wanted, reasons) {
  const entries = wanted.map((tool) => {
    const path = tool.find();
    const missing = reasons.get(tool.name) ?? "it is gone";
    return [tool.name, path === undefined ? { missing } : { path }];
  });
  mkdirSync(cacheFolder(), { recursive: true });
  const file = join(cacheFolder(), "tools.json");
  const half = `${file}.${process.pid}`;
  writeFileSync(half, JSON.stringify({ tools: Object.fromEntries(entries) }, undefined, 2));
  renameSync(half, file);
  return file;
}

function seconds(since) {
  return ((Date.now() - since) / 1000).toFixed(0);
}

function say(line) {
  // On standard error: standard output belongs to the tests.
  process.stderr.write(`${line}\n`);
}
