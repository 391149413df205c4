import type { StoredRelease } from "./storage.js";

/** Whether helm is at work on a release. */
export type Work =
  | { readonly state: "none" }
  /** It is, or may be. */
  | { readonly state: "running"; readonly what: string; readonly next: string }
  /** It was, and is not any more. */
  | { readonly state: "ended"; readonly what: string };

/** A process of this machine. */
export interface Process {
  readonly id: number;
  readonly args: readonly string[];
}

/** Longer than helm's own default timeout without a sign of life, and nobody waits for it any more. */
const PATIENCE_MS = 6 * 60_000;

/** What tells our own runs apart, at the end of a description: who, and which run. */
const OURS = /@(\S+) \(hardhat-emergency ([0-9a-f]{8})\)/;

/** The description of a rollback of ours. Helm takes 256 characters. */
export function describeRollback(to: number, by: string, run: string): string {
  return `Rollback to ${to} by ${by.slice(0, 150)} (hardhat-emergency ${run})`;
}

/** Whether a revision was made by a certain run of ours. */
export function isOfRun({ description }: Pick<StoredRelease, "description">, run: string): boolean {
  return OURS.exec(description)?.[2] === run;
}

/**
 * Whether helm still works on a release whose newest revision is pending. Helm has no lock and leaves no trace of
 * its process: what is known is what runs on this machine, and how long ago the record was last changed. Pure.
 * @param here processes of this machine; null when they cannot be listed.
 * @param host this machine's name.
 * @param takeOver whether somebody says that it has ended.
 */
export function workOn(
  { release, namespace }: { readonly release: string; readonly namespace: string },
  newest: Pick<StoredRelease, "number" | "status" | "description" | "changedMs">,
  here: readonly Process[] | null,
  { host, nowMs, takeOver }: { host: string; nowMs: number; takeOver: boolean },
): Work {
  if (!newest.status.startsWith("pending-") && newest.status !== "uninstalling") {
    return { state: "none" };
  }
  const since = `revision ${newest.number} has been ${newest.status} for ${inWords(nowMs - newest.changedMs)}`;
  const process = here?.find(({ args }) => worksOn(args, release, namespace));
  if (process !== undefined) {
    return {
      state: "running",
      what: `${since}: helm works on it on this machine, as process ${process.id}`,
      next: `wait until it has ended, and type the command again; or end it: kill ${process.id}`,
    };
  }
  const [, theirHost] = OURS.exec(newest.description) ?? [];
  if (theirHost === host && here !== null) {
    return { state: "ended", what: `${since}, by a run on this machine that is no more` };
  }
  const ageMs = nowMs - newest.changedMs;
  if (takeOver) {
    return { state: "ended", what: `${since}, and --take-over says that nobody works on it` };
  }
  return ageMs >= PATIENCE_MS
    ? { state: "ended", what: `${since}: whoever worked on it is taken to have ended` }
    : {
        state: "running",
        what: `${since}: somebody's helm may be at work on it elsewhere`,
        next: `ask whoever deploys; type the command again in ${inWords(PATIENCE_MS - ageMs)}; or, when you know that it has ended, with --take-over`,
      };
}

/** Whether a command line is that of a helm that changes the release. */
function worksOn(
  [program = "", ...args]: readonly string[],
  release: string,
  namespace: string,
): boolean {
  // "-n market", "--namespace market", "--namespace=market".
  const named = / (?:-n|--namespace)[ =](\S+)/.exec(` ${args.join(" ")}`)?.[1];
  return (
    /(^|[/\\])helm[^/\\]*$/i.test(program) &&
    args.includes(release) &&
    args.some((arg) => ["install", "upgrade", "rollback", "uninstall", "delete"].includes(arg)) &&
    (named === undefined || named === namespace)
  );
}

function inWords(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 120) {
    return `${seconds} s`;
  }
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
