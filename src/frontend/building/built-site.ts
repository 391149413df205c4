import { EmergencyError } from "../../errors.js";
import { contentAt, changeConfig, type Wish } from "../runtime-config/change.js";
import type { Manifest } from "../manifest.js";
import { changeTexts, holdersOf } from "../repoint.js";
import type { SiteState } from "../wanted.js";
import type { Site } from "../site.js";
import { byteText, type SiteFiles } from "../site-files.js";
import { variablesFor, type DeploymentNumbers } from "./addresses.js";
import { configured } from "./build-once.js";
import type { Reference } from "./worktree.js";

/** Of many files, so many are named in an error. */
const MOST_NAMED = 5;

/** A site as it was built, ready to be served. */
export interface BuiltSite {
  readonly files: SiteFiles;
  /** The full hash. */
  readonly commit: string;
  readonly built: NonNullable<Manifest["built"]>;
  readonly notes: readonly string[];
}

/**
 * Builds a commit with the addresses that users should talk to: in the variables of the build, and in the
 * runtime configuration. One that does not come from the build is taken over from the site that is served.
 * @throws EmergencyError as `buildSite`, and BAD_CONFIG
 */
export async function buildWith(
  site: Site,
  { current }: SiteState,
  reference: Reference,
  addresses: Readonly<Record<string, string>>,
  numbers: DeploymentNumbers,
): Promise<BuiltSite> {
  const variables = variablesFor(configured(site.build), addresses, numbers);
  const {
    files,
    commit,
    notes,
    variables: changes,
  } = await site.runBuild({
    reference,
    variables,
  });
  const config = await withRuntimeConfig(site, current, files, addresses, numbers);
  return {
    files: config.files,
    commit,
    built: { reference: reference.name, variables },
    notes: [
      `built from ${commit}${commit.startsWith(reference.name) ? "" : ` (${reference.name})`}`,
      ...changes.map(
        ({ variable, before }) =>
          `${variable} is ${variables[variable] ?? ""}${before === null || before === variables[variable] ? "" : ` instead of ${before}`}`,
      ),
      ...notes,
      ...config.notes,
    ],
  };
}

/**
 * Refuses a build that does not do what it was made for.
 * @throws EmergencyError BUILD_FAILED
 */
export function checkBuilt(
  { files, built }: BuiltSite,
  { contract, from, to }: { readonly contract: string; readonly from: string; readonly to: string },
): void {
  const [holding, left] = [holdersOf(to, files), holdersOf(from, files)];
  const variables = Object.keys(built.variables).filter((name) => built.variables[name] === to);
  const variable = variables.length === 0 ? "the variable" : variables.join(", ");
  const problem =
    left.length > 0
      ? `it still holds ${from} in ${left.slice(0, MOST_NAMED).join(", ")}${holding.length === 0 ? `, and ${to} nowhere: it does not take the address of ${contract} from ${variable}` : ": that is written down somewhere else, too"}`
      : holding.length === 0
        ? `it holds ${to} nowhere: it does not take the address of ${contract} from ${variable}, or asks for it elsewhere when it runs`
        : undefined;
  if (problem !== undefined) {
    throw new EmergencyError(
      "BUILD_FAILED",
      `the build of ${built.reference} is not the site that it should be: ${problem}. Nothing was written`,
      "correct build.variables, build.envFile or the sources; or repoint the built site with --by bundle",
    );
  }
}

async function withRuntimeConfig(
  { runtimeConfig, store }: Site,
  current: Manifest | null,
  built: SiteFiles,
  addresses: Readonly<Record<string, string>>,
  { chainId, startBlock }: DeploymentNumbers,
): Promise<{ readonly files: SiteFiles; readonly notes: readonly string[] }> {
  if (runtimeConfig === undefined) {
    return { files: built, notes: [] };
  }
  const { file } = runtimeConfig;
  const notes: string[] = [];
  const all = new Map(built);
  if (!all.has(file) && current?.files.some(({ path }) => path === file) === true) {
    all.set(file, await store.read(current.id, file));
    notes.push(`${file} does not come from the build: it is taken over from ${current.id}`);
  }
  const bytes = all.get(file);
  if (bytes === undefined) {
    return { files: built, notes };
  }
  const wishes: Wish[] = [];
  for (const [contract, path] of Object.entries(runtimeConfig.contracts)) {
    const [from, to] = [contentAt(file, bytes, path), addresses[contract]];
    if (from === undefined) {
      notes.push(`${file} has nothing at ${path}, where the address of ${contract} should be`);
    } else if (to !== undefined) {
      wishes.push({ kind: "address", path, from, to });
    }
  }
  if (chainId !== null && runtimeConfig.chainId !== undefined) {
    wishes.push({ kind: "number", path: runtimeConfig.chainId, to: chainId });
  }
  const block = startBlock === null ? undefined : runtimeConfig.startBlock[startBlock.contract];
  if (startBlock !== null && block !== undefined) {
    wishes.push({ kind: "number", path: block, to: startBlock.block });
  }
  const changed = changeConfig(file, bytes, wishes);
  if (changed.changes.length === 0) {
    return { files: all, notes };
  }
  return {
    files: changeTexts(all, new Map([[file, byteText(changed.bytes)]])).files,
    notes: [
      ...notes,
      ...changed.changes.map(
        ({ path, before, after }) => `${path} in ${file} is ${after} instead of ${before}`,
      ),
    ],
  };
}
