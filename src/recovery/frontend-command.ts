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
import { runOffChain } from "./off-chain-command.js";
import type { Plan, SiteWorld } from "./plan.js";
import { readPlan } from "./plan-file.js";

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
    const place = { frontend: site.name, place: site.store.place };
    return await runOffChain(
      context,
      command,
      options,
      {
        world: place,
        isLive: config.live,
        live: stepSet(site),
        copy,
        copyInWords: `copy of ${site.name} in a temporary folder`,
        planFromFile: async (file) => await planFromFile(file, command, place),
        sideBySide: false,
        kind: "frontend",
        name: site.name,
        consequence: `This changes what the live frontend "${site.name}" serves (${site.store.place})`,
      },
      requests,
    );
  } finally {
    await Promise.all(
      scratches.map(async (folder) => {
        await rm(folder, { recursive: true, force: true });
      }),
    );
  }
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
