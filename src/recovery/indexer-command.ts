import { EmergencyError } from "../errors.js";
import { KubernetesRollbackStep } from "../indexer/kubernetes/rollback-step.js";
import type { Indexer } from "../indexer/indexer.js";
import type { StepRequest, StepSet } from "../step.js";
import type { CommandContext, CommandOptions, CommandReport } from "./command.js";
import type { ConfiguredIndexer } from "./indexer-place.js";
import { runOffChain } from "./off-chain-command.js";
import type { IndexerWorld, Plan } from "./plan.js";
import { readPlan } from "./plan-file.js";

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
  const place = { indexer: indexer.name, place: indexer.cluster.place };
  return await runOffChain(
    context,
    command,
    options,
    {
      world: place,
      isLive: config.live,
      live: stepSet(indexer, false),
      copy: async () => await Promise.resolve(stepSet(indexer, true)),
      copyInWords: "dry run of the API server",
      planFromFile: async (file) => await planFromFile(file, command, place),
      kind: "indexer",
      name: indexer.name,
      consequence: `This changes the live indexer "${indexer.name}" (${indexer.cluster.place})`,
    },
    requests,
  );
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
