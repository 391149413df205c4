import { EmergencyError } from "../errors.js";
import type { StepRequest, StepSet } from "../step.js";
import type { CommandContext, CommandOptions, CommandReport } from "./command.js";
import type { IndexerWorld, Plan, SiteWorld } from "./plan.js";
import { savePlan } from "./plan-file.js";
import { makePlan, performPlan, rehearsePlan } from "./run.js";

/** Something that no chain has a part in, and how it is changed. */
export interface OffChain<World extends SiteWorld | IndexerWorld> {
  readonly world: World;
  /** Whether its name must be typed before it is changed. */
  readonly isLive: boolean;
  readonly live: StepSet;
  /** The steps on something that may be spoilt. @param kinds of the steps that will be needed. */
  readonly copy: (kinds: readonly string[]) => Promise<StepSet>;
  /** What that is, for people: "dry run of the API server". */
  readonly copyInWords: string;
  /** @throws EmergencyError BAD_PLAN when the plan in the file is for something else. */
  readonly planFromFile: (file: string) => Promise<Plan<World>>;
  /** Whether steps that do not build on each other are done at the same time. */
  readonly sideBySide: boolean;
  /** "frontend" */
  readonly kind: string;
  readonly name: string;
  /** "This changes what the live frontend "web" serves (/srv/www)". */
  readonly consequence: string;
}

/**
 * A command on something off chain from start to end: plan, show, rehearse, ask, perform, read back.
 * @throws EmergencyError for every refusal; nothing was written then, or the error says what was.
 */
export async function runOffChain<World extends SiteWorld | IndexerWorld>(
  context: Omit<CommandContext, "hre">,
  command: string,
  options: CommandOptions,
  place: OffChain<World>,
  requests: readonly StepRequest[],
): Promise<CommandReport<World>> {
  const { view } = context;
  const { world, isLive, live, copy } = place;
  let plan =
    options.plan === undefined
      ? await makePlan(
          command,
          requests,
          live,
          async () => await Promise.resolve(world),
          async () => await copy(kindsOf(requests)),
        )
      : await place.planFromFile(options.plan);
  view.plan(plan, { ...world, live: isLive });

  const somethingToDo = plan.steps.some((step) => step.actions.length > 0);
  if (somethingToDo && options.rehearse) {
    view.rehearsing(place.copyInWords);
    plan = await rehearsePlan(plan, await copy(kindsOf(plan.steps)), null);
    view.rehearsal(plan);
  }
  if (options.savePlan !== undefined) {
    await savePlan(options.savePlan, plan);
  }
  const report = { command, plan, live: isLive, dryRun: options.dryRun };
  if (options.dryRun) {
    const result = { outcomes: [], failure: null };
    return { ...report, result, durationMs: context.now() - context.startedMs };
  }
  if (somethingToDo && isLive) {
    await mayChange(context, place, options);
  }
  const result = await performPlan(plan, live, view.progress, context.now, place.sideBySide);
  return { ...report, result, durationMs: context.now() - context.startedMs };
}

function kindsOf(steps: readonly { readonly kind: string }[]): readonly string[] {
  return steps.map(({ kind }) => kind);
}

/**
 * What is live is only changed when its name was typed, or `--yes` given.
 * @throws EmergencyError CONFIRMATION_NEEDED, NOT_CONFIRMED
 */
async function mayChange(
  context: Pick<CommandContext, "ask">,
  { kind, name, consequence }: Pick<OffChain<SiteWorld>, "kind" | "name" | "consequence">,
  options: CommandOptions,
): Promise<void> {
  if (options.yes) {
    return;
  }
  const needed = new EmergencyError(
    "CONFIRMATION_NEEDED",
    `${kind} "${name}" is live, and nobody is there to type its name. Nothing was written`,
    "add --yes to go on without being asked",
  );
  if (options.json) {
    throw needed;
  }
  const answer = await context.ask(`${consequence}. Type its name to go on`);
  if (answer === undefined) {
    throw needed;
  }
  if (answer.trim() !== name) {
    throw new EmergencyError(
      "NOT_CONFIRMED",
      `"${answer.trim()}" is not the name of the ${kind}. Nothing was written`,
      `type the same command again, and answer ${name}; or add --yes`,
    );
  }
}
