import { copyFile, mkdir, readFile, realpath, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";

import { EmergencyError, asError, messageOf } from "../../errors.js";
import type { EmergencyBuildConfig } from "../../config/types.js";
import { readFolder } from "../read-site.js";
import type { SiteFiles } from "../site-files.js";
import { filesThatWin, variablesIn, withVariables, type VariableChange } from "./env-file.js";
import { buildEnvironment, hiding, installEnvironment } from "./environment.js";
import { packagesFor } from "./packages.js";
import { runShell } from "./shell.js";
import { withOwnSources } from "./source-maps.js";
import { inWorktree, type Reference, type Worktree } from "./worktree.js";

/** What is to be built. */
export interface BuildOrder {
  readonly reference: Reference;
  /** From the variables to what they should be: addresses and numbers. */
  readonly variables: Readonly<Record<string, string>>;
}

/** A site that was built from a commit, and where it comes from. */
export interface Built {
  readonly files: SiteFiles;
  /** The full hash. */
  readonly commit: string;
  readonly variables: readonly VariableChange[];
  /** What a person should know of how it was built. */
  readonly notes: readonly string[];
}

/** What a build needs besides its order. */
export interface BuildTools {
  /** The project's root, absolute. */
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  /** Told each line that is printed, without secrets. */
  readonly tell: (line: string) => void;
  /** For the installation and for the build, each. */
  readonly timeoutMs: number;
}

/**
 * Builds the site of a commit with other values of some variables, in a folder of its own that is removed
 * again. Nothing that people work on is touched.
 * @throws EmergencyError CANNOT_BUILD when there is no such commit, or the variables would have no effect;
 * BUILD_FAILED when the command fails, takes too long or builds no site.
 */
export async function buildSite(
  config: EmergencyBuildConfig,
  { reference, variables }: BuildOrder,
  tools: BuildTools,
): Promise<Built> {
  const named = path.resolve(tools.root, config.directory);
  const project = await realpath(named).catch(() => named);
  return await inWorktree(project, reference, async (worktree) => {
    const { commit, notes } = worktree;
    const place = await placeIn(worktree, project, config);
    const prepared = await putVariables(place, config, variables, tools.env);
    const packages = await packagesFor(worktree, place.relative, config.install);
    const hide = hiding([...Object.entries(tools.env), ...prepared.known]);
    const bins = binsOf(worktree.folder, place.directory);
    const env = {
      ...buildEnvironment(tools.env, bins, worktree.committedAt),
      ...prepared.env,
    };
    const { tell, timeoutMs } = tools;
    if (packages.how === "install") {
      const { folder, command } = packages;
      await runShell(command, { folder, env: installEnvironment(env), timeoutMs, tell, hide });
    }
    // What the commit holds there already would be taken for what was built.
    await rm(place.output, { recursive: true, force: true });
    await runShell(config.command, { folder: place.directory, env, timeoutMs, tell, hide });
    const files = await readBuilt(place.output, config);
    const { folder, repository } = worktree;
    return {
      files:
        packages.how === "linked"
          ? withOwnSources(files, { output: place.output, folder, repository })
          : files,
      commit,
      variables: prepared.changes,
      notes: [...notes, ...prepared.notes, ...("note" in packages ? [packages.note] : [])],
    };
  });
}

/** Where the build is in a checkout. */
interface Place {
  /** The folder of the build, in the project: absolute. */
  readonly project: string;
  /** The same in the checkout. */
  readonly directory: string;
  /** The same from the repository's root; "" is the root. */
  readonly relative: string;
  /** Where the build writes: absolute. */
  readonly output: string;
}

async function placeIn(
  { folder, repository, commit }: Worktree,
  project: string,
  { output }: EmergencyBuildConfig,
): Promise<Place> {
  const relative = path.relative(repository, project).split(path.sep).join("/");
  const directory = path.join(folder, relative);
  if (!(await isThere(directory))) {
    throw new EmergencyError(
      "CANNOT_BUILD",
      `commit ${commit} has no folder ${relative}, in which the site is built`,
      "name a commit that has it with --ref, or change build.directory",
    );
  }
  const place = path.resolve(directory, output);
  const inside = path.relative(folder, place);
  if (inside === "" || inside.startsWith("..") || path.isAbsolute(inside)) {
    throw new EmergencyError(
      "BAD_CONFIG",
      `build.output is ${output}, which is no folder in the repository`,
      "name the folder that the build writes, relative to build.directory",
    );
  }
  return { project, directory, relative, output: place };
}

/** The folders above a folder with the programs of installed packages, the nearest first. */
function binsOf(root: string, directory: string): readonly string[] {
  const bins: string[] = [];
  for (let at = directory; at.startsWith(root); at = path.dirname(at)) {
    bins.push(path.join(at, "node_modules", ".bin"));
  }
  return bins;
}

/** See {@link putVariables}. */
interface PreparedVariables {
  readonly changes: readonly VariableChange[];
  readonly notes: readonly string[];
  /** What the build's environment says otherwise than that of this process. */
  readonly env: Readonly<Record<string, string>>;
  /** All variables of the files that the build reads. */
  readonly known: readonly (readonly [string, string])[];
}

/** Puts the variables into the file that the build reads. */
async function putVariables(
  { project, directory }: Place,
  { envFile }: EmergencyBuildConfig,
  variables: Readonly<Record<string, string>>,
  env: NodeJS.ProcessEnv,
): Promise<PreparedVariables> {
  const file = path.join(directory, envFile);
  const notes: string[] = [];
  if (!(await isThere(file)) && (await isThere(path.join(project, envFile)))) {
    await mkdir(path.dirname(file), { recursive: true });
    await copyFile(path.join(project, envFile), file);
    notes.push(`${envFile} is in no commit, and is taken as it is now`);
  }
  const winning = await textsOf(directory, filesThatWin(envFile));
  for (const [name, text] of winning) {
    const both = [...variablesIn(text).keys()].filter((variable) => variable in variables);
    if (both.length > 0) {
      throw new EmergencyError(
        "CANNOT_BUILD",
        `${name} of the commit sets ${both.join(", ")}, and goes over ${envFile}: the build would not take the new value`,
        `name that file as build.envFile, or name a commit without it`,
      );
    }
  }
  const { text, changes } = withVariables(await readFile(file, "utf8").catch(() => ""), variables);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);

  for (const { variable, how, occurrences } of changes) {
    if (how === "appended") {
      notes.push(`${envFile} of the commit does not set ${variable}: it is added`);
    } else if (occurrences > 1) {
      notes.push(`${envFile} sets ${variable} ${occurrences} times: all of them say the same now`);
    }
  }
  const overridden = Object.entries(variables).filter(
    ([name, value]) => env[name] !== undefined && env[name] !== value,
  );
  notes.push(
    ...overridden.map(
      ([name]) => `${name} is set in the environment, too: the build gets the new value there`,
    ),
    ...(await leftOut(project, directory)),
  );
  const known = [text, ...winning.values()].flatMap((one) => [...variablesIn(one)]);
  return { changes, notes, env: Object.fromEntries(overridden), known };
}

/** Files with variables that are in no commit: a build on this computer would have read them. */
async function leftOut(project: string, directory: string): Promise<readonly string[]> {
  const names = [".env", ".env.local", ".env.production", ".env.production.local"];
  const [here, there] = [await textsOf(project, names), await textsOf(directory, names)];
  return [...here]
    .filter(([name]) => !there.has(name))
    .map(
      ([name, text]) =>
        `${name} is in no commit, and takes no part in the build. It sets ${[...variablesIn(text).keys()].join(", ") || "nothing"}: export what the build needs`,
    );
}

async function textsOf(
  folder: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  for (const name of names) {
    const text = await readFile(path.join(folder, name), "utf8").catch(() => undefined);
    if (text !== undefined) {
      texts.set(name, text);
    }
  }
  return texts;
}

async function readBuilt(output: string, config: EmergencyBuildConfig): Promise<SiteFiles> {
  try {
    return await readFolder(output);
  } catch (error) {
    const why = error instanceof EmergencyError ? error.what : messageOf(error);
    const what = (await isThere(output)) ? why.replaceAll(output, "it") : "it is not there";
    throw new EmergencyError(
      "BUILD_FAILED",
      `${config.command} ended well, and ${config.output} holds no site: ${what}. Nothing was written`,
      "name the folder that the build writes, with the index.html in it, as build.output",
      asError(error),
    );
  }
}

async function isThere(file: string): Promise<boolean> {
  return await stat(file).then(
    () => true,
    () => false,
  );
}
