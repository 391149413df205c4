import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { Result } from "hardhat/types/utils";

import { EmergencyError } from "../../src/errors.js";
import type { Indexer } from "../../src/indexer/indexer.js";
import type { CommandReport } from "../../src/recovery/command.js";
import {
  ownerRequests,
  parseOwnerPolicy,
  type OwnerRequests,
} from "../../src/indexer/owners/owner-requests.js";
import { runIndexerCommand } from "../../src/recovery/indexer-command.js";
import { copyInWords } from "../../src/recovery/indexer-copy.js";
import type { IndexerWork } from "../../src/recovery/indexer-order.js";
import { openIndexers, type Indexers } from "../../src/recovery/indexer-place.js";
import { ownedWorkloads } from "../../src/recovery/owned-workload.js";
import type { IndexerWorld } from "../../src/recovery/plan.js";
import { CLUSTER_WORDS, HumanView } from "../../src/view/human.js";
import { silentView } from "../../src/view/json.js";
import { printLine } from "../../src/view/output.js";
import { asker } from "./ask.js";
import { keyPress } from "./key-press.js";
import { answered } from "./plugin-error.js";
import { finished } from "./writing-task.js";

/** The options of every task that changes an indexer. */
export interface IndexerArguments {
  readonly indexer: string | undefined;
  readonly plan: string | undefined;
  readonly savePlan: string | undefined;
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly rehearse: boolean;
  readonly json: boolean;
}

/** What such a task returns: a failure makes Hardhat exit with 1. */
export type IndexerResult = Result<CommandReport<IndexerWorld>, EmergencyError>;

/**
 * Runs a command that changes an indexer, prints it as asked, and sets the exit code: 0 done and verified,
 * 1 refused or failed, 3 done but not verified.
 * @param works what has to be done with each; `prepare` looks elsewhere first, such as at a chain.
 * @param owners where the work changes what Argo CD, Flux or an operator would put back: what is typed about them.
 */
export async function runIndexerTask(
  hre: HardhatRuntimeEnvironment,
  command: string,
  args: IndexerArguments,
  works: ((name: string, indexers: Indexers) => IndexerWork) | PreparedWorks,
  owners?: OwnerArguments,
): Promise<IndexerResult> {
  const start = keyPress();
  const { copy, untouched } = copyInWords(command, hre.config.emergency.indexers, args.indexer);
  const human = new HumanView(printLine, {
    ...CLUSTER_WORDS,
    onTheCopy: `In a ${copy}`,
    untouched,
  });
  return await answered(command, args.json, async () => {
    const indexers = openIndexers(hre, args.indexer);
    const context = {
      view: args.json ? silentView : human,
      ask: asker(hre.interruptions),
      now: Date.now,
      startedMs: start.atMs,
    };
    const workOf = typeof works === "function" ? works : await prepared(works, indexers, args.plan);
    const around = await ownersOf(indexers, args.plan === undefined ? owners : undefined);
    const workAround = (name: string): IndexerWork => {
      const work = workOf(name, indexers);
      const { first = [], last = [] } = around.get(name) ?? {};
      return {
        ...work,
        first: [...first, ...(work.first ?? [])],
        last: [...(work.last ?? []), ...last],
      };
    };
    const report = await runIndexerCommand(context, command, args, indexers, workAround, copy);
    return finished(report, human, start, args.json);
  });
}

/** Work that is known after a look. */
export interface PreparedWorks {
  readonly prepare: (indexers: Indexers) => Promise<(name: string) => IndexerWork>;
}

/** A plan from a file knows its work. */
async function prepared(
  { prepare }: PreparedWorks,
  indexers: Indexers,
  plan: string | undefined,
): Promise<(name: string) => IndexerWork> {
  return plan === undefined ? await prepare(indexers) : () => ({ main: [] });
}

/** What is typed about what keeps workloads as they are. */
export interface OwnerArguments {
  readonly owner: string | undefined;
  readonly resume: boolean;
}

async function ownersOf(
  { names, config, live, liveOthers }: Indexers,
  typed: OwnerArguments | undefined,
): Promise<ReadonlyMap<string, OwnerRequests>> {
  if (typed === undefined) {
    return new Map();
  }
  const policy = parseOwnerPolicy(typed.owner, typed.resume);
  const inClusters = names.filter((name) => {
    const { kubernetes, helm } = config(name);
    return kubernetes !== undefined || helm !== undefined;
  });
  const owned = ownedWorkloads(live, liveOthers.helm);
  const isRelease = (name: string): boolean => config(name).helm !== undefined;
  return await ownerRequests(owned, inClusters, policy, isRelease);
}

/** Runs a command that only looks at one workload, and prints a refusal as asked. */
export async function lookAtIndexer<T>(
  hre: HardhatRuntimeEnvironment,
  command: string,
  args: Pick<IndexerArguments, "indexer" | "json">,
  look: (indexer: Indexer) => Promise<T>,
): Promise<Result<T, EmergencyError>> {
  return await lookAtOne(
    hre,
    command,
    args,
    async (name, { live }) => await look(await live(name)),
  );
}

/** Runs a command that only looks at one indexer, wherever it runs, and prints a refusal as asked. */
export async function lookAtOne<T>(
  hre: HardhatRuntimeEnvironment,
  command: string,
  args: Pick<IndexerArguments, "indexer" | "json">,
  look: (name: string, indexers: Indexers) => Promise<T>,
): Promise<Result<T, EmergencyError>> {
  return await answered(command, args.json, async () => {
    const indexers = openIndexers(hre, args.indexer);
    const [name, another] = indexers.names;
    if (name === undefined || another !== undefined) {
      throw new EmergencyError(
        "BAD_ARGUMENTS",
        `"${command}" looks at one indexer`,
        "name one with --indexer",
      );
    }
    return { success: true, value: await look(name, indexers) };
  });
}
