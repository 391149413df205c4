import { EmergencyError } from "../errors.js";
import type { StepRequest, StepSet } from "../step.js";
import type { CommandContext, CommandOptions, CommandReport } from "./command.js";
import { placeOf, type Indexers } from "./indexer-place.js";
import { inDependencyOrder, type IndexerWork } from "./indexer-order.js";
import { indexerSteps } from "./indexer-steps.js";
import { runOffChain } from "./off-chain-command.js";
import type { IndexerWorld, Plan } from "./plan.js";
import { readPlan } from "./plan-file.js";
import { makePlan } from "./run.js";

/**
 * A command on indexers from start to end: plan, show, rehearse, ask, perform, read back.
 * @param workOf what is to be done with one of them; not asked where the plan comes from a file.
 * @param copyInWords what is rehearsed on.
 * @throws EmergencyError for every refusal; nothing was written then, or the error says what was.
 */
export async function runIndexerCommand(
  context: Omit<CommandContext, "hre">,
  command: string,
  options: CommandOptions,
  indexers: Indexers,
  workOf: (name: string) => IndexerWork,
  copyInWords = "dry run of the API server",
): Promise<CommandReport<IndexerWorld>> {
  const { names, config, live, copy, liveOthers, copyOthers } = indexers;
  const name = names.join(", ");
  const world = { indexer: name, place: await placeOf(indexers) };
  const steps = indexerSteps(live, liveOthers);
  const copied = async (): Promise<StepSet> =>
    await Promise.resolve(indexerSteps(copy(), copyOthers()));
  const inOrder = (stopWriters: boolean): readonly StepRequest[] =>
    inDependencyOrder(names, config, workOf, stopWriters);
  let requests: readonly StepRequest[] = [];
  if (options.plan === undefined) {
    requests = inOrder(false);
    // Typed again when all is done, the command stops nobody.
    if (names.some((each) => config(each).writes)) {
      const mains = new Set(names.flatMap((each) => workOf(each).main.map(({ id }) => id)));
      const sealed = await makePlan(
        command,
        requests,
        steps,
        async () => await Promise.resolve(world),
        copied,
      );
      const changes = sealed.steps.some(({ id, actions }) => mains.has(id) && actions.length > 0);
      requests = inOrder(changes);
    }
  }
  return await runOffChain(
    context,
    command,
    options,
    {
      world,
      isLive: names.some((each) => config(each).live),
      live: steps,
      copy: copied,
      copyInWords,
      planFromFile: async (file) => await planFromFile(file, command, world),
      sideBySide: true,
      kind: "indexer",
      name,
      consequence: `This changes the live indexer "${name}" (${world.place})`,
    },
    requests,
  );
}

/** A plan from a file, if it is for this command and this indexer. */
async function planFromFile(
  file: string,
  command: string,
  here: IndexerWorld,
): Promise<Plan<IndexerWorld>> {
  const { world, ...plan } = await readPlan(file);
  const problem =
    plan.command !== command
      ? `it is a plan for "${plan.command}", not for "${command}"`
      : !("indexer" in world)
        ? "it is not for an indexer"
        : world.indexer !== here.indexer || world.place !== here.place
          ? `it is for indexer "${world.indexer}" in ${world.place}, not for "${here.indexer}" in ${here.place}`
          : undefined;
  if (problem !== undefined || !("indexer" in world)) {
    throw new EmergencyError(
      "BAD_PLAN",
      `${file} cannot be used here: ${problem ?? "it is not for an indexer"}`,
      "make the plan again with --dry-run --save-plan",
    );
  }
  return { ...plan, world };
}
