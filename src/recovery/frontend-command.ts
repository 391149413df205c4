import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { EmergencyError } from "../errors.js";
import type { Edge } from "../frontend/cloudfront/edge.js";
import { rehearsalStore } from "../frontend/rehearsal-store.js";
import { rehearsalSite, type RestoreSite } from "../frontend/s3/restore/restore-site.js";
import { restoreSiteOf } from "../frontend/s3/site-versions.js";
import type { Site } from "../frontend/site.js";
import { frontendSteps } from "../frontend/steps.js";
import type { StepRequest, StepSet } from "../step.js";
import type { CommandContext, CommandOptions, CommandReport } from "./command.js";
import { storeIn, type ConfiguredSite } from "./frontend-site.js";
import type { Plan, SiteWorld } from "./plan.js";
import { readPlan, savePlan } from "./plan-file.js";
import { makePlan, performPlan, rehearsePlan } from "./run.js";

/**
 * A command on a frontend from start to end: plan, show, rehearse, ask, perform, read back. No chain
 * has a part in it, so it works while no node answers.
 * @throws EmergencyError for every refusal; nothing was written then, or the error says what was.
 */
export async function runFrontendCommand(
  context: Omit<CommandContext, "hre">,
  command: string,
  options: CommandOptions,
  { site, config }: ConfiguredSite,
  requests: readonly StepRequest[],
): Promise<CommandReport<SiteWorld>> {
  const { view } = context;
  const scratches: string[] = [];
  const copy = async (kinds: readonly string[]): Promise<StepSet> => {
    const folder = await mkdtemp(path.join(tmpdir(), "hardhat-emergency-rehearsal-"));
    scratches.push(folder);
    const store = rehearsalStore(site.store, storeIn(folder));
    const { versions } = site;
    const restorable =
      versions === null || !kinds.includes("frontend-restore")
        ? null
        : await rehearsalSite(restoreSiteOf(site, versions));
    return stepSet({ ...site, store, edge: quiet(site.edge), url: undefined }, restorable);
  };
  try {
    const live = stepSet(site);
    const place = { frontend: site.name, place: site.store.place };
    const world = async (): Promise<SiteWorld> => await Promise.resolve(place);
    let plan =
      options.plan === undefined
        ? await makePlan(command, requests, live, world, async () => await copy(kindsOf(requests)))
        : await planFromFile(options.plan, command, place);
    view.plan(plan, { ...place, live: config.live });

    const somethingToDo = plan.steps.some((step) => step.actions.length > 0);
    if (somethingToDo && options.rehearse) {
      view.rehearsing(`copy of ${site.name} in a temporary folder`);
      plan = await rehearsePlan(plan, await copy(kindsOf(plan.steps)), null);
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
      await mayChange(context, site, options);
    }
    const result = await performPlan(plan, live, view.progress, context.now);
    return { ...report, result, durationMs: context.now() - context.startedMs };
  } finally {
    await Promise.all(
      scratches.map(async (folder) => {
        await rm(folder, { recursive: true, force: true });
      }),
    );
  }
}

function kindsOf(steps: readonly { readonly kind: string }[]): readonly string[] {
  return steps.map(({ kind }) => kind);
}

/** Caches of which a rehearsal asks nothing. */
function quiet(edge: Edge | null): Edge | null {
  return edge === null
    ? null
    : {
        place: edge.place,
        plan: (paths) => edge.plan(paths),
        invalidate: async () => await Promise.resolve({ id: "", completed: true, seconds: 0 }),
      };
}

function stepSet(site: Site, restorable?: RestoreSite | null): StepSet {
  return new Map(frontendSteps(site, restorable).map((step) => [step.kind, step]));
}

/** A plan from a file, if it is for this command and this site. */
async function planFromFile(
  file: string,
  command: string,
  here: SiteWorld,
): Promise<Plan<SiteWorld>> {
  const { world, ...plan } = await readPlan(file);
  const problem =
    plan.command !== command
      ? `it is a plan for "${plan.command}", not for "${command}"`
      : "chainId" in world
        ? `it is for network "${world.network}", not for a frontend`
        : "indexer" in world
          ? `it is for indexer "${world.indexer}", not for a frontend`
          : world.frontend !== here.frontend || world.place !== here.place
            ? `it is for frontend "${world.frontend}" in ${world.place}, not for "${here.frontend}" in ${here.place}`
            : undefined;
  if (problem !== undefined || !("frontend" in world)) {
    throw new EmergencyError(
      "BAD_PLAN",
      `${file} cannot be used here: ${problem ?? "it is not for a frontend"}`,
      "make the plan again with --dry-run --save-plan",
    );
  }
  return { ...plan, world };
}

/**
 * A live site is only changed when its name was typed, or `--yes` given.
 * @throws EmergencyError CONFIRMATION_NEEDED, NOT_CONFIRMED
 */
async function mayChange(
  context: Pick<CommandContext, "ask">,
  { name, store }: Site,
  options: CommandOptions,
): Promise<void> {
  if (options.yes) {
    return;
  }
  const needed = new EmergencyError(
    "CONFIRMATION_NEEDED",
    `frontend "${name}" is live, and nobody is there to type its name. Nothing was written`,
    "add --yes to go on without being asked",
  );
  if (options.json) {
    throw needed;
  }
  const answer = await context.ask(
    `This changes what the live frontend "${name}" serves (${store.place}). Type its name to go on`,
  );
  if (answer === undefined) {
    throw needed;
  }
  if (answer.trim() !== name) {
    throw new EmergencyError(
      "NOT_CONFIRMED",
      `"${answer.trim()}" is not the name of the frontend. Nothing was written`,
      `type the same command again, and answer ${name}; or add --yes`,
    );
  }
}
