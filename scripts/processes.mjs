// Which processes live. Asking the system with a signal is not enough: it also answers for a process that has
// ended and that nobody has collected yet, which in a container may be for ever.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/**
 * When a process started, in whatever form the system tells it; undefined if it does not live.
 * The numbers of processes are used again, a number together with its start is not.
 */
export function startOf(pid) {
  if (process.platform === "linux") return linuxProcess(pid)?.started;
  if (process.platform === "win32") return answers(pid) ? "alive" : undefined;
  const { stdout } = spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" });
  return stdout?.trim() || undefined;
}

/** Is anyone left of the processes that this one started, itself included? It must lead a group of its own. */
export function groupLives(leader) {
  if (process.platform === "win32") return answers(leader);
  if (!answers(-leader)) return false;
  if (process.platform !== "linux") return true;
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .some((pid) => linuxProcess(pid)?.group === leader);
}

function linuxProcess(pid) {
  try {
    // The name, in brackets, may hold spaces. See proc_pid_stat(5) for what follows it.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state, , group, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" ? undefined : { group: Number(group), started: rest[16] };
  } catch {
    return undefined;
  }
}

function answers(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
