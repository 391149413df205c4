import { createHash } from "node:crypto";

import { canonicalJson } from "../json.js";
import type { Effects, PlannedStep, Verification } from "../step.js";

/** The version of the plan's form. Another number is another form. */
export const PLAN_SCHEMA = "hardhat-emergency/plan@1";

/** Which chain, at which block, a plan was made for. */
export interface PlanWorld {
  /** As in the configuration. */
  readonly network: string;
  readonly chainId: number;
  readonly block: { readonly number: number; readonly hash: string };
}

/** Which frontend a plan was made for, where no chain has a part in it. */
export interface SiteWorld {
  /** As in the configuration. */
  readonly frontend: string;
  /** Where its releases are: a directory. */
  readonly place: string;
}

/** Which indexer a plan was made for. */
export interface IndexerWorld {
  /** As in the configuration. */
  readonly indexer: string;
  /** Where it runs: a namespace of a cluster. */
  readonly place: string;
}

/** What a plan can be for. */
export type AnyWorld = PlanWorld | SiteWorld | IndexerWorld;

/** What a plan did on a fork, or on a copy of a site. */
export interface Rehearsal {
  /** The block that was copied; null where it was no chain. */
  readonly block: number | null;
  readonly steps: readonly {
    readonly id: string;
    readonly effects: Effects;
    readonly verification: Verification;
  }[];
  /** sha256 over the plan's hash and all of the above: the rehearsal belongs to this plan. */
  readonly hash: string;
}

/** What will be done, in order: plain JSON. */
export interface Plan<World extends AnyWorld = PlanWorld> {
  readonly schema: typeof PLAN_SCHEMA;
  /** The command that made it: "pause". */
  readonly command: string;
  readonly world: World;
  readonly steps: readonly PlannedStep[];
  readonly rehearsal: Rehearsal | null;
  /** sha256 over chain id and block, or the site or indexer, and steps (prior facts, actions, expected differences, order). */
  readonly hash: string;
}

/** A plan with its hash. */
export function sealPlan<World extends AnyWorld>(
  command: string,
  world: World,
  steps: readonly PlannedStep[],
): Plan<World> {
  const plan = { schema: PLAN_SCHEMA, command, world, steps, rehearsal: null } as const;
  return { ...plan, hash: planHash(plan) };
}

/** The plan with what it did on a fork. */
export function withRehearsal<World extends AnyWorld>(
  plan: Plan<World>,
  rehearsal: Omit<Rehearsal, "hash">,
): Plan<World> {
  return { ...plan, rehearsal: { ...rehearsal, hash: rehearsalHash(plan.hash, rehearsal) } };
}

/** The hash that a plan should have. */
export function planHash(plan: Omit<Plan<AnyWorld>, "hash" | "rehearsal">): string {
  const { schema, command, world, steps } = plan;
  return sha256({
    schema,
    command,
    ...("chainId" in world ? { chainId: world.chainId, block: world.block } : { site: world }),
    // Notes are for reading: fees in them change from minute to minute.
    steps: steps.map(({ notes: _notes, ...step }) => step),
  });
}

/** The hash that a rehearsal of a plan should have. */
export function rehearsalHash(hash: string, { block, steps }: Omit<Rehearsal, "hash">): string {
  return sha256({ plan: hash, block, steps });
}

function sha256(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}
