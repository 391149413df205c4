import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { EmergencyError, asError, messageOf } from "../../errors.js";
import { processLives } from "../directory-lock.js";
import { GitError, git } from "./git.js";

/** A folder with the files of one commit, and nothing else. */
export interface Worktree {
  /** Absolute. */
  readonly folder: string;
  /** The repository that it is of: absolute. */
  readonly repository: string;
  /** The full hash. */
  readonly commit: string;
  /** When it was committed, in seconds since 1970. */
  readonly committedAt: number;
  /** All files of the commit, from the repository's root. */
  readonly files: readonly string[];
  /** What is not in the folder although the commit names it. */
  readonly notes: readonly string[];
}

/** What is to be checked out: any name of a commit, or only a tag. */
export interface Reference {
  readonly name: string;
  readonly kind: "commit" | "tag";
}

/** The number of the process that made it tells whether it was left behind. */
const PREFIX = "hardhat-emergency-build-";

/**
 * Works in a clean checkout of a commit, in a temporary folder. The checkout that people work in is not
 * touched: its branch, its index and its changes stay as they are.
 * @param around a folder in the repository.
 * @throws EmergencyError CANNOT_BUILD when there is no git, no repository, or no such commit.
 */
export async function inWorktree<T>(
  around: string,
  reference: Reference,
  work: (worktree: Worktree) => Promise<T>,
): Promise<T> {
  const repository = await repositoryOf(around);
  const commit = await commitNamed(repository, reference);
  await removeAbandoned(repository);
  const parent = await realpath(tmpdir());
  const home = await mkdtemp(path.join(parent, `${PREFIX}${process.pid}-`));
  const folder = path.join(home, "checkout");
  try {
    // Hooks of the repository are for people who work in it.
    await git(repository, ["worktree", "add", "--detach", folder, commit]);
    const [committed, listed] = await Promise.all([
      git(folder, ["log", "-1", "--format=%ct", commit]),
      git(folder, ["ls-tree", "-r", "-z", commit]),
    ]);
    const entries = listed.split("\0").filter((entry) => entry !== "");
    const files = entries.map((entry) => entry.slice(entry.indexOf("\t") + 1));
    const notes = await missingIn(folder, entries, files);
    const committedAt = Number(committed);
    return await work({ folder, repository, commit, committedAt, files, notes });
  } catch (error) {
    throw error instanceof GitError
      ? cannotBuild(
          `commit ${commit} cannot be checked out: ${error.message}`,
          "mend the repository",
          error,
        )
      : error;
  } finally {
    await removeWorktree(repository, folder);
    await rm(home, { recursive: true, force: true });
  }
}

/**
 * The full hash of a commit.
 * @throws EmergencyError CANNOT_BUILD when it names none.
 */
export async function commitNamed(repository: string, { name, kind }: Reference): Promise<string> {
  // As the manifest of a deploy from a folder with changes says.
  if (name.endsWith(" with changes")) {
    throw cannotBuild(
      `the site was built from ${name}, and the changes are in no commit`,
      "commit them, and name the commit to build with --ref",
    );
  }
  const full = kind === "tag" ? `refs/tags/${name}` : name;
  try {
    const args = ["rev-parse", "--verify", "--quiet", "--end-of-options", `${full}^{commit}`];
    return (await git(repository, args)).trim();
  } catch (error) {
    throw cannotBuild(
      `${repository} has no ${kind === "tag" ? "tag" : "commit"} ${name}`,
      kind === "tag"
        ? "git fetch --tags, and see git tag --list; or name a commit with --to-commit"
        : "git fetch --all --tags (and --unshallow in a shallow clone); or name another commit",
      asError(error),
    );
  }
}

/**
 * The root of the repository that a folder is in.
 * @throws EmergencyError CANNOT_BUILD
 */
export async function repositoryOf(folder: string): Promise<string> {
  try {
    return (await git(folder, ["rev-parse", "--show-toplevel"])).replace(/\r?\n$/, "");
  } catch (error) {
    const cause = asError(error);
    throw cannotBuild(
      error instanceof GitError && error.isMissing
        ? "git is not installed, or not on PATH"
        : `${folder} is in no git repository: ${messageOf(error)}`,
      "build the site by hand, and put it there with frontend deploy --from; or repoint the built site with --by bundle",
      cause,
    );
  }
}

/** What the checkout holds only as a pointer to somewhere else. */
async function missingIn(
  folder: string,
  entries: readonly string[],
  files: readonly string[],
): Promise<readonly string[]> {
  const submodules = entries
    .filter((entry) => entry.startsWith("160000 "))
    .map((entry) => entry.slice(entry.indexOf("\t") + 1));
  const attributes = files.filter((file) => path.posix.basename(file) === ".gitattributes");
  const large =
    attributes.length === 0
      ? ""
      : await git(folder, ["grep", "-l", "-e", "filter=lfs", "--", ...attributes]).catch(() => "");
  return [
    ...(submodules.length === 0
      ? []
      : [`the commit has submodules, which are not checked out: ${submodules.join(", ")}`]),
    ...(large === ""
      ? []
      : ["the commit has files in Git LFS: without git-lfs they are built as pointers"]),
  ];
}

/** Removes the checkouts of runs that were killed, and those only. */
async function removeAbandoned(repository: string): Promise<void> {
  const listed = await git(repository, ["worktree", "list", "--porcelain"]).catch(() => "");
  for (const [, folder = ""] of listed.matchAll(/^worktree (.*)$/gm)) {
    const home = path.dirname(folder);
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(path.basename(home))?.[1];
    if (pid !== undefined && !processLives(Number(pid))) {
      await removeWorktree(repository, folder);
      await rm(home, { recursive: true, force: true });
    }
  }
}

/** Both, so that neither the folder nor what git knows of it is left. */
async function removeWorktree(repository: string, folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  // Without its folder it is removed from git's list only; it may never have been on it.
  await git(repository, ["worktree", "remove", "--force", folder]).catch(() => undefined);
}

function cannotBuild(what: string, next: string, cause?: Error): EmergencyError {
  return new EmergencyError("CANNOT_BUILD", what, next, cause);
}
