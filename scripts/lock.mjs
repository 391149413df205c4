// One install at a time, in this folder, across processes.
//
// The lock is a folder: making it by rename either works whole or fails. It names the process that holds it and
// the program that process started. It counts only while one of the two lives, so a start that was killed blocks nobody.
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { groupLives, startOf } from "./processes.mjs";

const pollMs = 200;
// An install takes a minute. A process on another host (a container on the same folder) cannot be looked at, only outwaited.
const otherHostMs = 15 * 60_000;
// Taking over is a few lines of code without a wait: a claim this old was left by a process that died in between.
const claimMs = 10_000;

export async function withLock(folder, say, action) {
  await acquire(folder, say);
  try {
    return await action((childPid) => {
      writeOwner(folder, childPid);
    });
  } finally {
    release(folder);
  }
}

async function acquire(folder, say) {
  let waitingFor;
  for (;;) {
    if (create(folder) || takeOver(folder)) return;
    const { pid, childPid } = readOwner(folder) ?? {};
    if (pid !== undefined && pid !== waitingFor) {
      waitingFor = pid;
      const child = childPid === undefined ? "" : `, its child ${childPid}`;
      say(`Another start is installing (process ${pid}${child}); waiting for it.`);
    }
    await sleep(pollMs);
  }
}

function create(folder) {
  const half = `${folder}.${process.pid}`;
  rmSync(half, { recursive: true, force: true });
  mkdirSync(half);
  writeOwner(half);
  try {
    renameSync(half, folder);
    return true;
  } catch (error) {
    rmSync(half, { recursive: true, force: true });
    // The names of "it is already there, and not empty", by platform.
    if (!["ENOTEMPTY", "EEXIST", "EPERM"].includes(error.code)) throw error;
    return false;
  }
}

/** Takes the lock of a dead owner. Only one process can hold the claim, and it looks again once it does. */
function takeOver(folder) {
  if (isHeld(folder)) return false;
  const claim = join(folder, "claim");
  try {
    mkdirSync(claim);
  } catch (error) {
    // Not there: the owner has just let go.
    if (error.code !== "EEXIST" && error.code !== "ENOENT") throw error;
    if (ageMs(claim) > claimMs) rmSync(claim, { recursive: true, force: true });
    return false;
  }
  try {
    if (isHeld(folder)) return false;
    writeOwner(folder);
    return true;
  } finally {
    rmSync(claim, { recursive: true, force: true });
  }
}

function release(folder) {
  // Renamed first: a folder that is half removed would look like a lock without an owner.
  const gone = `${folder}.${process.pid}`;
  try {
    renameSync(folder, gone);
  } catch (error) {
    // Somebody removed it by hand.
    if (error.code === "ENOENT") return;
    throw error;
  }
  rmSync(gone, { recursive: true, force: true });
}

function isHeld(folder) {
  const owner = readOwner(folder);
  if (owner === undefined) return false;
  if (owner.host !== hostname()) return ageMs(folder) < otherHostMs;
  if (startOf(owner.pid) === owner.started) return true;
  // A start that was killed leaves its child at work. Two at once would wreck what they install.
  return owner.childPid !== undefined && childLives(owner);
}

function childLives({ childPid, childStarted }) {
  const started = startOf(childPid);
  // Another start: a stranger has that number now, so nobody of the old group is left.
  return started === undefined || started === childStarted ? groupLives(childPid) : false;
}

function readOwner(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, "owner.json"), "utf8"));
  } catch {
    // Gone, or cut short by a full disk: either way nobody's.
    return undefined;
  }
}

function writeOwner(folder, childPid) {
  const owner = { host: hostname(), pid: process.pid, started: startOf(process.pid) };
  if (childPid !== undefined) Object.assign(owner, { childPid, childStarted: startOf(childPid) });
  const half = join(folder, `owner.${process.pid}`);
  writeFileSync(half, JSON.stringify(owner));
  renameSync(half, join(folder, "owner.json"));
}

function ageMs(path) {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}
