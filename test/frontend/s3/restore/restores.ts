import type { Bucket } from "../../../../src/frontend/s3/bucket.js";
import type { Retention } from "../../../../src/frontend/s3/lifecycle.js";
import type { RestoreIntent, RestoreTarget } from "../../../../src/frontend/s3/restore/intent.js";
import {
  rehearsalSite,
  type RestoreSite,
} from "../../../../src/frontend/s3/restore/restore-site.js";
import { FrontendRestoreStep } from "../../../../src/frontend/s3/restore/restore-step.js";
import { SeenVersions } from "../../../../src/frontend/s3/restore/seen-versions.js";
import type { JsonObject } from "../../../../src/json.js";
import type { Plan, SiteWorld } from "../../../../src/recovery/plan.js";
import {
  makePlan,
  performPlan,
  rehearsePlan,
  type RunResult,
} from "../../../../src/recovery/run.js";
import type { StepRequest, StepSet } from "../../../../src/step.js";
import { unexpected } from "../../../helpers/fake-chain.js";

/** A bucket without a lifecycle, and with no archive. */
export const keepsAll: Retention = {
  rules: async () => await Promise.resolve([]),
  isReadable: async () => await Promise.resolve(true),
  hasRedirects: async () => await Promise.resolve(true),
};

/** A site in a bucket. */
export function restoreSite(
  bucket: Bucket,
  prefix = "",
  changes: Partial<RestoreSite> = {},
): RestoreSite {
  return {
    name: "web",
    bucket,
    prefix,
    retention: keepsAll,
    seen: new SeenVersions(),
    runtimeConfig: "config.json",
    by: "tester@here",
    now: () => new Date(),
    oldAddresses: async () => await Promise.resolve([]),
    locked: async (work) => await work(),
    settled: async () => {
      await Promise.resolve();
    },
    pagesLoaded: async () => {
      await Promise.resolve();
    },
    stale: async () => await Promise.resolve([]),
    isCopy: false,
    ...changes,
  };
}

/** A request to restore. */
export function restoreTo(
  target: RestoreTarget,
  changes: Partial<RestoreIntent> = {},
): StepRequest {
  const intent: JsonObject = {
    frontend: "web",
    target,
    acceptOldAddress: false,
    acceptExpired: false,
    keepNew: false,
    ...changes,
  };
  return { id: "s", kind: "frontend-restore", intent };
}

function stepsOf(site: RestoreSite): StepSet {
  return new Map([["frontend-restore", new FrontendRestoreStep(site)]]);
}

/** Makes a plan as a command does. */
export async function planFor(site: RestoreSite, request: StepRequest): Promise<Plan<SiteWorld>> {
  return await makePlan(
    request.kind,
    [request],
    stepsOf(site),
    async () => await Promise.resolve({ frontend: "web", place: site.bucket.place }),
    unexpected("copy"),
  );
}

/** Performs a plan as a command does. */
export async function performed(site: RestoreSite, plan: Plan<SiteWorld>): Promise<RunResult> {
  return await performPlan(plan, stepsOf(site), () => undefined, Date.now);
}

/** What a command has done. */
export interface Restored {
  readonly plan: Plan<SiteWorld>;
  readonly result: RunResult;
  /** How it ended: the step's status, or the code of what stopped it. */
  readonly status: string;
  /** What undoes it. */
  readonly inverse: StepRequest | undefined;
}

/** Plans, rehearses on a copy, performs and reads back, as a command does. */
export async function restore(site: RestoreSite, request: StepRequest): Promise<Restored> {
  const planned = await planFor(site, request);
  return await restored(
    site,
    await rehearsePlan(planned, stepsOf(await rehearsalSite(site)), null),
  );
}

/** As {@link restore}, with `--no-rehearsal`. */
export async function restoreUnrehearsed(
  site: RestoreSite,
  request: StepRequest,
): Promise<Restored> {
  return await restored(site, await planFor(site, request));
}

async function restored(site: RestoreSite, plan: Plan<SiteWorld>): Promise<Restored> {
  const result = await performed(site, plan);
  const inverse = plan.steps[0]?.inverse;
  return {
    plan,
    result,
    status: result.failure?.code ?? result.outcomes[0]?.status ?? "none",
    inverse:
      inverse === undefined || "none" in inverse
        ? undefined
        : { id: "s", kind: inverse.kind, intent: inverse.intent },
  };
}
