import { EmergencyError, asError, messageOf } from "../errors.js";
import { canonicalJson, isRecord, type Json, type JsonObject } from "../json.js";
import {
  changedFacts,
  type Difference,
  type Effects,
  type PlannedStep,
  type Progress,
  type Step,
  type StepRequest,
  type StepSet,
  type Verification,
} from "../step.js";
import { sealPlan, withRehearsal, type AnyWorld, type Plan, type Rehearsal } from "./plan.js";

/** How a step of a plan ended. */
export interface StepOutcome {
  readonly id: string;
  readonly kind: string;
  readonly title: string;
  /**
   * - `done`: performed and read back
   * - `already`: there was nothing to do, and that was read back
   * - `not-verified`: performed, but the read-back does not say so
   * - `failed`: not, or not wholly, performed; see the run's failure
   * - `not-run`: a step that it builds on did not end well, or the rehearsal was wrong
   */
  readonly status: "done" | "already" | "not-verified" | "failed" | "not-run";
  readonly effects: Effects;
  readonly verification: Verification | null;
  /** How what happened differs from the rehearsal; empty without one. */
  readonly surprises: readonly string[];
  /** Why it failed. */
  readonly problem?: string;
  readonly durationMs: number;
}

/** How a run ended. */
export interface RunResult {
  readonly outcomes: readonly StepOutcome[];
  /** What stopped it, if something did. */
  readonly failure: EmergencyError | null;
}

/**
 * Plans steps in order. A step that stands alone is planned from the world as it is. A step that
 * builds on others (`after`) is planned on a copy on which those have been performed, so its prior
 * facts are those that it will really meet.
 * @param copy makes the steps of a copy of the world; only called when a step builds on another.
 * @throws EmergencyError when a step refuses.
 */
export async function makePlan<World extends AnyWorld>(
  command: string,
  requests: readonly StepRequest[],
  steps: StepSet,
  world: () => Promise<World>,
  copy: (world: World) => Promise<StepSet>,
): Promise<Plan<World>> {
  checkOrder(requests);
  const alone = requests.filter((request) => (request.after ?? []).length === 0);
  if (alone.length === requests.length) {
    const [planned, at] = await Promise.all([planAlone(requests, steps), world()]);
    return sealPlan(command, at, planned);
  }
  const at = await world();
  const copied = await copy(at);
  const planned: PlannedStep[] = [];
  const outputs: Record<string, string> = {};
  for (const request of requests) {
    const step = await planStep(stepFor(copied, request.kind), request, outputs);
    planned.push(step);
    for (const [name, value] of Object.entries(step.outputs)) {
      outputs[`${step.id}.${name}`] = value;
    }
    if (request !== requests.at(-1)) {
      await rehearseStep(stepFor(copied, step.kind), step);
    }
  }
  return sealPlan(command, at, planned);
}

/**
 * Plans steps that stand alone, side by side. One refusal refuses the plan; with several steps it
 * says which ones could go on without it.
 */
async function planAlone(
  requests: readonly StepRequest[],
  steps: StepSet,
): Promise<readonly PlannedStep[]> {
  const results = await Promise.allSettled(
    requests.map(async (request) => await planStep(stepFor(steps, request.kind), request, {})),
  );
  const refusals = results.filter((result) => result.status === "rejected");
  const [first] = refusals;
  if (first === undefined) {
    return results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  }
  const reason: unknown = first.reason;
  const fine = requests.filter((_, index) => results[index]?.status === "fulfilled");
  if (!(reason instanceof EmergencyError) || fine.length === 0) {
    throw reason;
  }
  const names = fine.map(({ intent, id }) =>
    typeof intent.label === "string" ? intent.label : id,
  );
  throw new EmergencyError(
    reason.code,
    `${reason.what}. Nothing was done to the others either`,
    `${reason.next}; or go on without it: ${names.join(",")}`,
    reason,
  );
}

async function planStep(
  step: Step,
  request: StepRequest,
  outputs: Readonly<Record<string, string>>,
): Promise<PlannedStep> {
  const intent = resolveOutputs(request, outputs);
  const observation = await step.observe(intent);
  const { id, kind, after = [] } = request;
  return { id, kind, intent, after, prior: observation.facts, ...observation.decide() };
}

/**
 * Runs a whole plan on a copy of the world and records what it really does there.
 * @param copied the steps of a fresh copy, made at `block`.
 * @param block the block of the copy; null where the world is no chain.
 * @throws EmergencyError REHEARSAL_FAILED when a step fails or does not verify on the copy.
 */
export async function rehearsePlan<World extends AnyWorld>(
  plan: Plan<World>,
  copied: StepSet,
  block: number | null,
): Promise<Plan<World>> {
  const steps: Rehearsal["steps"][number][] = [];
  for (const planned of plan.steps) {
    const step = stepFor(copied, planned.kind);
    const { facts } = await step.observe(planned.intent);
    const changes = changedFacts(planned.prior, facts);
    if (changes.length > 0) {
      throw new EmergencyError(
        "REHEARSAL_FAILED",
        `in the rehearsal, before step "${planned.id}", the world is not as planned: ${describeDifferences(changes)}`,
        "type the same command again, to make a new plan",
      );
    }
    steps.push({ id: planned.id, ...(await rehearseStep(step, planned)) });
  }
  return withRehearsal(plan, { block, steps });
}

async function rehearseStep(
  step: Step,
  planned: PlannedStep,
): Promise<{ effects: Effects; verification: Verification }> {
  let effects: Effects;
  let verification: Verification;
  try {
    effects = await step.rehearse(planned);
    verification = await step.verify(planned, effects);
  } catch (error) {
    throw new EmergencyError(
      "REHEARSAL_FAILED",
      `step "${planned.title}" fails in the rehearsal: ${error instanceof EmergencyError ? error.what : messageOf(error)}. Nothing live was written to`,
      error instanceof EmergencyError
        ? error.next
        : "look at the reason above, and change the plan",
      asError(error),
    );
  }
  if (!verification.verified) {
    throw new EmergencyError(
      "REHEARSAL_FAILED",
      `step "${planned.title}" does not do what it should in the rehearsal: ${verification.problem ?? "it is not verified"}. Nothing live was written to`,
      "look at the reason above, and change the plan",
    );
  }
  return { effects, verification };
}

/**
 * Performs a plan. Before each step the world is looked at again; when it is not as the plan says, or other
 * actions would follow from it, the step is refused. After each step it is read back. Steps that build on one
 * that did not end well are not run; others are: five contracts are paused even though the sixth cannot be.
 * What the rehearsal did not show stops everything that has not begun.
 * @param sideBySide whether steps that do not build on each other are done at the same time. Never on a chain:
 * there the order of transactions is part of the plan.
 */
export async function performPlan(
  plan: Plan<AnyWorld>,
  steps: StepSet,
  progress: Progress,
  now: () => number,
  sideBySide = false,
): Promise<RunResult> {
  const ended = new Map<string, Promise<Ended>>();
  let surprised = false;
  for (const planned of plan.steps) {
    const earlier = [...ended].filter(([id]) => !sideBySide || planned.after.includes(id));
    const run = async (): Promise<Ended> => {
      const before = await Promise.all(earlier.map(async ([id, end]) => ({ id, ...(await end) })));
      const onUnwell = before.some(({ id, isWell }) => !isWell && planned.after.includes(id));
      if (surprised || onUnwell) {
        return { outcome: outcomeOf(planned, "not-run", 0), isWell: false, failure: null };
      }
      const end = await endOf(plan, steps, planned, progress, now);
      surprised ||= end.outcome.surprises.length > 0;
      return end;
    };
    ended.set(planned.id, run());
  }
  // What runs beside a step that breaks down comes to its end first: nothing is left half watched.
  const results = await Promise.allSettled(ended.values());
  const ends = results.map((result) => {
    if (result.status === "rejected") {
      throw result.reason;
    }
    return result.value;
  });
  return {
    outcomes: ends.map(({ outcome }) => outcome),
    failure: ends.find(({ failure }) => failure !== null)?.failure ?? null,
  };
}

/** How a step ended, and whether others may build on it. */
interface Ended {
  readonly outcome: StepOutcome;
  readonly isWell: boolean;
  readonly failure: EmergencyError | null;
}

async function endOf(
  plan: Plan<AnyWorld>,
  steps: StepSet,
  planned: PlannedStep,
  progress: Progress,
  now: () => number,
): Promise<Ended> {
  const startedMs = now();
  const done: Json[] = [];
  try {
    const step = stepFor(steps, planned.kind);
    const outcome = await performStep(plan, step, planned, (event) => {
      if (event.type === "done") {
        done.push(event.effect);
      }
      progress(event);
    });
    const isWell = outcome.status !== "not-verified";
    return { outcome: { ...outcome, durationMs: now() - startedMs }, isWell, failure: null };
  } catch (error) {
    if (!(error instanceof EmergencyError)) {
      throw error;
    }
    const effects = { actions: done };
    const failed = outcomeOf(planned, "failed", now() - startedMs);
    const outcome = { ...failed, effects, problem: error.what };
    return { outcome, isWell: false, failure: error };
  }
}

async function performStep(
  plan: Plan<AnyWorld>,
  step: Step,
  planned: PlannedStep,
  progress: Progress,
): Promise<StepOutcome> {
  if (planned.actions.length === 0) {
    const nothing = { actions: [] };
    const verification = await step.verify(planned, nothing);
    return {
      ...outcomeOf(planned, verification.verified ? "already" : "not-verified", 0),
      verification,
    };
  }
  const observation = await step.observe(planned.intent, planned);
  const changes = changedFacts(planned.prior, observation.facts);
  if (changes.length > 0) {
    throw new EmergencyError(
      "PRIOR_STATE_CHANGED",
      `since the plan was made, somebody else has acted: ${describeDifferences(changes)}. Nothing was done`,
      "type the command again without --plan: it looks again, and does only what is left to do",
    );
  }
  // A plan from a file is somebody's word: only actions that follow from what it wants are done.
  if (canonicalJson(observation.decide().actions) !== canonicalJson(planned.actions)) {
    throw new EmergencyError(
      "PRIOR_STATE_CHANGED",
      `what "${planned.title}" takes now is not what the plan holds: another account would sign, or the plan was changed. Nothing was done`,
      "type the command again without --plan, and compare the two plans",
    );
  }
  const effects = await step.perform(planned, progress, observation);
  const verification = await step.verify(planned, effects);
  const rehearsed = plan.rehearsal?.steps.find(({ id }) => id === planned.id);
  const surprises = rehearsed === undefined ? [] : await step.compare(rehearsed.effects, effects);
  const good = verification.verified && surprises.length === 0;
  return {
    ...outcomeOf(planned, good ? "done" : "not-verified", 0),
    effects,
    verification,
    surprises,
  };
}

function outcomeOf(
  { id, kind, title }: PlannedStep,
  status: StepOutcome["status"],
  durationMs: number,
): StepOutcome {
  const nothing = { effects: { actions: [] }, verification: null, surprises: [] };
  return { id, kind, title, status, ...nothing, durationMs };
}

/** "paused was false and is true", one after the other. */
export function describeDifferences(differences: readonly Difference[]): string {
  return differences
    .map(({ fact, before, after }) => `${fact} was ${String(before)} and is ${String(after)}`)
    .join("; ");
}

function stepFor(steps: StepSet, kind: string): Step {
  const step = steps.get(kind);
  if (step === undefined) {
    throw new EmergencyError(
      "BAD_PLAN",
      `there is no step of kind "${kind}"`,
      "make the plan again with --dry-run --save-plan",
    );
  }
  return step;
}

/** A step may only build on steps that stand before it, and ids are unique. */
function checkOrder(requests: readonly StepRequest[]): void {
  const seen = new Set<string>();
  for (const { id, after = [] } of requests) {
    const missing = after.find((name) => !seen.has(name));
    if (seen.has(id) || missing !== undefined) {
      throw new EmergencyError(
        "BAD_PLAN",
        missing === undefined
          ? `two steps are called "${id}"`
          : `step "${id}" builds on "${missing}", which does not stand before it`,
        "name each step once, in the order in which they should run",
      );
    }
    seen.add(id);
  }
}

/** The intent with every `{ $output: "step.name" }` replaced by that output. */
function resolveOutputs(
  request: StepRequest,
  outputs: Readonly<Record<string, string>>,
): JsonObject {
  const resolved: Record<string, Json> = {};
  for (const [key, value] of Object.entries(request.intent)) {
    resolved[key] = resolveOutput(request, value, outputs);
  }
  return resolved;
}

function resolveOutput(
  request: StepRequest,
  value: Json,
  outputs: Readonly<Record<string, string>>,
): Json {
  if (!isRecord(value) || typeof value.$output !== "string") {
    return value;
  }
  const output = outputs[value.$output];
  const from = value.$output.slice(0, value.$output.lastIndexOf("."));
  if (output === undefined || !(request.after ?? []).includes(from)) {
    throw new EmergencyError(
      "BAD_PLAN",
      `step "${request.id}" wants ${value.$output}, which no step that it builds on gives`,
      `list "${from}" under after, and check the output's name`,
    );
  }
  return output;
}
