import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";

import { z } from "zod";

import { EmergencyError, asError, messageOf } from "../errors.js";
import { jsonObjectSchema, jsonSchema } from "../json-schema.js";
import { canonicalJson } from "../json.js";
import type { Action, Effects, PlannedStep, Verification } from "../step.js";

/** The version of the plan's form. Another number is another form. */
export const PLAN_SCHEMA = "hardhat-emergency/plan@1";

/** Which chain, at which block, a plan was made for. */
export interface PlanWorld {
  /** As in the configuration. */
  readonly network: string;
  readonly chainId: number;
  readonly block: { readonly number: number; readonly hash: string };
}

/** What a plan did on a fork. */
export interface Rehearsal {
  /** The block that was copied. */
  readonly block: number;
  readonly steps: readonly {
    readonly id: string;
    readonly effects: Effects;
    readonly verification: Verification;
  }[];
  /** sha256 over the plan's hash and all of the above: the rehearsal belongs to this plan. */
  readonly hash: string;
}

/** What will be done, in order: plain JSON. */
export interface Plan {
  readonly schema: typeof PLAN_SCHEMA;
  /** The command that made it: "pause". */
  readonly command: string;
  readonly world: PlanWorld;
  readonly steps: readonly PlannedStep[];
  readonly rehearsal: Rehearsal | null;
  /** sha256 over chain id, block and steps (prior facts, actions, expected differences, order). */
  readonly hash: string;
}

/** A plan with its hash. */
export function sealPlan(command: string, world: PlanWorld, steps: readonly PlannedStep[]): Plan {
  const plan = { schema: PLAN_SCHEMA, command, world, steps, rehearsal: null } as const;
  return { ...plan, hash: planHash(plan) };
}

/** The plan with what it did on a fork. */
export function withRehearsal(plan: Plan, rehearsal: Omit<Rehearsal, "hash">): Plan {
  return { ...plan, rehearsal: { ...rehearsal, hash: rehearsalHash(plan.hash, rehearsal) } };
}

function planHash(plan: Omit<Plan, "hash" | "rehearsal">): string {
  const { schema, command, world, steps } = plan;
  return sha256({
    schema,
    command,
    chainId: world.chainId,
    block: world.block,
    // Notes are for reading: fees in them change from minute to minute.
    steps: steps.map(({ notes: _notes, ...step }) => step),
  });
}

function rehearsalHash(hash: string, { block, steps }: Omit<Rehearsal, "hash">): string {
  return sha256({ plan: hash, block, steps });
}

function sha256(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}

const factSchema = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const actionSchema: z.ZodType<Action> = z
  .object({ type: z.string(), summary: z.string() })
  .catchall(jsonSchema);

const stepSchema: z.ZodType<PlannedStep> = z
  .object({
    id: z.string().min(1),
    kind: z.string().min(1),
    intent: jsonObjectSchema,
    after: z.array(z.string()),
    prior: z.record(factSchema),
    title: z.string(),
    actions: z.array(actionSchema),
    expected: z.array(
      z.object({ fact: z.string(), before: factSchema, after: factSchema }).strict(),
    ),
    outputs: z.record(z.string()),
    inverse: z.union([
      z.object({ kind: z.string(), intent: jsonObjectSchema }).strict(),
      z.object({ none: z.string() }).strict(),
    ]),
    notes: z.array(z.string()),
  })
  .strict();

const verificationSchema = z
  .object({ verified: z.boolean(), evidence: z.array(z.string()), problem: z.string().optional() })
  .strict()
  .transform(({ problem, ...rest }): Verification =>
    problem === undefined ? rest : { ...rest, problem },
  );

const planSchema = z
  .object({
    schema: z.literal(PLAN_SCHEMA),
    command: z.string(),
    world: z
      .object({
        network: z.string(),
        chainId: z.number().int(),
        block: z.object({ number: z.number().int(), hash: z.string() }).strict(),
      })
      .strict(),
    steps: z.array(stepSchema).min(1),
    rehearsal: z
      .object({
        block: z.number().int(),
        steps: z.array(
          z
            .object({
              id: z.string(),
              effects: z.object({ actions: z.array(jsonSchema) }).strict(),
              verification: verificationSchema,
            })
            .strict(),
        ),
        hash: z.string(),
      })
      .strict()
      .nullable(),
    hash: z.string(),
  })
  .strict();

/**
 * Reads a plan from a file, as `--save-plan` or `--dry-run --json` wrote it.
 * @throws EmergencyError BAD_PLAN when it is not a plan, not whole, or was changed since.
 */
export async function readPlan(file: string): Promise<Plan> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    throw badPlan(file, `it cannot be read as JSON: ${messageOf(error)}`, asError(error));
  }
  // `--dry-run --json` wraps the plan in the command's document.
  const inner = z.object({ plan: z.unknown() }).safeParse(value);
  const candidate =
    inner.success && inner.data.plan !== undefined && inner.data.plan !== null
      ? inner.data.plan
      : value;
  const result = planSchema.safeParse(candidate);
  if (!result.success) {
    const [issue] = result.error.issues;
    const where = issue === undefined || issue.path.length === 0 ? "it" : issue.path.join(".");
    throw badPlan(file, `${where} is not as in a plan: ${issue?.message ?? "invalid"}`);
  }
  const plan: Plan = result.data;
  if (planHash(plan) !== plan.hash) {
    throw badPlan(file, "its hash is not that of its content: it was changed after it was made");
  }
  if (plan.rehearsal !== null && rehearsalHash(plan.hash, plan.rehearsal) !== plan.rehearsal.hash) {
    throw badPlan(file, "its rehearsal was changed, or belongs to another plan");
  }
  return plan;
}

/**
 * Writes a plan to a file, for `--plan`.
 * @throws EmergencyError BAD_PLAN when the file cannot be written.
 */
export async function savePlan(file: string, plan: Plan): Promise<void> {
  try {
    await writeFile(file, `${JSON.stringify(plan, null, 2)}\n`);
  } catch (error) {
    throw new EmergencyError(
      "BAD_PLAN",
      `the plan cannot be written to ${file}: ${messageOf(error)}`,
      "name another file with --save-plan",
      asError(error),
    );
  }
}

function badPlan(file: string, what: string, cause?: Error): EmergencyError {
  return new EmergencyError(
    "BAD_PLAN",
    `${file} cannot be used as a plan: ${what}`,
    "make the plan again with --dry-run --save-plan",
    cause,
  );
}
