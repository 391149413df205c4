import { execFile } from "node:child_process";

/** Git answered with an error, or is not there. */
export class GitError extends Error {
  /** There is no such program. */
  readonly isMissing: boolean;

  constructor(message: string, isMissing: boolean) {
    super(message);
    this.isMissing = isMissing;
  }
}

/** A listing of a large repository. */
const MOST_OUTPUT_BYTES = 256 * 1024 * 1024;

/**
 * Runs git in a folder, without the repository's hooks and without asking anybody.
 * @returns what it printed.
 * @throws GitError with its words.
 */
export async function git(folder: string, args: readonly string[]): Promise<string> {
  const all = ["-C", folder, "-c", "core.hooksPath=/dev/null", ...args];
  const env = { ...withoutGitPlaces(process.env), GIT_TERMINAL_PROMPT: "0", LC_ALL: "C" };
  return await new Promise((resolve, reject) => {
    execFile("git", all, { env, maxBuffer: MOST_OUTPUT_BYTES }, (error, stdout, stderr) => {
      if (error === null) {
        resolve(stdout);
        return;
      }
      const words = stderr.trim().replace(/^(?:fatal|error): /, "");
      reject(new GitError(words === "" ? error.message : words, error.code === "ENOENT"));
    });
  });
}

/** A hook or an alias of git that runs us has set where its own repository is. */
export function withoutGitPlaces(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const places = /^GIT_(?:DIR|WORK_TREE|INDEX_FILE|PREFIX|COMMON_DIR|OBJECT_DIRECTORY|NAMESPACE)$/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !places.test(name)));
}
