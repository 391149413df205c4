import { readFile, writeFile } from "node:fs/promises";

import { z } from "zod";

import { EmergencyError, asError, messageOf } from "../errors.js";
import { jsonObjectSchema, jsonSchema } from "../json-schema.js";
import type { Action, PlannedStep, Verification } from "../step.js";
import { PLAN_SCHEMA, planHash, rehearsalHash, type AnyWorld, type Plan } from "./plan.js";

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
    world: z.union([
      z
        .object({
          network: z.string(),
          chainId: z.number().int(),
          block: z.object({ number: z.number().int(), hash: z.string() }).strict(),
        })
        .strict(),
      z.object({ frontend: z.string(), place: z.string() }).strict(),
      z.object({ indexer: z.string(), place: z.string() }).strict(),
    ]),
    steps: z.array(stepSchema).min(1),
    rehearsal: z
      .object({
        block: z.number().int().nullable(),
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
export async function readPlan(file: string): Promise<Plan<AnyWorld>> {
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
  const plan: Plan<AnyWorld> = result.data;
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
export async function savePlan(file: string, plan: Plan<AnyWorld>): Promise<void> {
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
