import { EmergencyError } from "../errors.js";
import { KubernetesRollbackStep } from "../indexer/kubernetes/rollback-step.js";
import type { Indexer } from "../indexer/indexer.js";
import type { StepRequest, StepSet } from "../step.js";
import type { CommandContext, CommandOptions, CommandReport } from "./command.js";
import type { ConfiguredIndexer } from "./indexer-place.js";
import type { IndexerWorld, Plan } from "./plan.js";
import { readPlan, savePlan } from "./plan-file.js";
import { makePlan, performPlan, rehearsePlan } from "./run.js";

/**
 * A command on an indexer from start to end: plan, show, rehearse, ask, perform, read back. The rehearsal is
 * the API server's dry run.
 * @throws EmergencyError for every refusal; nothing was written then, or the error says what was.
 */
export async function runIndexerCommand(
  context: Omit<CommandContext, "hre">,
  command: string,
  options: CommandOptions,
  { indexer, config }: ConfiguredIndexer,
  requests: readonly StepRequest[],
): Promise<CommandReport<IndexerWorld>> {
  const { view } = context;
  const live = stepSet(indexer, false);
  const dryRun = stepSet(indexer, true);
  const place = { indexer: indexer.name, place: indexer.cluster.place };
  const world = async (): Promise<IndexerWorld> => await Promise.resolve(place);
  let plan =
    options.plan === undefined
      ? await makePlan(command, requests, live, world, async () => await Promise.resolve(dryRun))
      : await planFromFile(options.plan, command, place);
  view.plan(plan, { ...place, live: config.live });

  const somethingToDo = plan.steps.some((step) => step.actions.length > 0);
  if (somethingToDo && options.rehearse) {
    view.rehearsing("dry run of the API server");
    plan = await rehearsePlan(plan, dryRun, null);
    view.rehearsal(plan);
  }
  if (options.savePlan !== undefined) {
    await savePlan(options.savePlan, plan);
  }
  const report = { command, plan, live: config.live, dryRun: options.dryRun };
  if (options.dryRun) {
    const result = { outcomes: [], failure: null };
    return { ...report, result, durationMs: context.now() - context.startedMs };
  }
  if (somethingToDo && config.live) {
    await mayChange(context, indexer, options);
  }
  const result = await performPlan(plan, live, view.progress, context.now);
  return { ...report, result, durationMs: context.now() - context.startedMs };
}

function stepSet(indexer: Indexer, dryRun: boolean): StepSet {
  const steps = [new KubernetesRollbackStep(indexer, dryRun)];
  return new Map(steps.map((step) => [step.kind, step]));
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

/**
 * A live indexer is only changed when its name was typed, or `--yes` given.
 * @throws EmergencyError CONFIRMATION_NEEDED, NOT_CONFIRMED
 */
async function mayChange(
  context: Pick<CommandContext, "ask">,
  { name, cluster }: Indexer,
  options: CommandOptions,
): Promise<void> {
  if (options.yes) {
    return;
  }
  const needed = new EmergencyError(
    "CONFIRMATION_NEEDED",
    `indexer "${name}" is live, and nobody is there to type its name. Nothing was written`,
    "add --yes to go on without being asked",
  );
  if (options.json) {
    throw needed;
  }
  const answer = await context.ask(
    `This changes the live indexer "${name}" (${cluster.place}). Type its name to go on`,
  );
  if (answer === undefined) {
    throw needed;
  }
  if (answer.trim() !== name) {
    throw new EmergencyError(
      "NOT_CONFIRMED",
      `"${answer.trim()}" is not the name of the indexer. Nothing was written`,
      `type the same command again, and answer ${name}; or add --yes`,
    );
  }
}
