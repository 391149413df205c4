import { setTimeout as wait } from "node:timers/promises";
import path from "node:path";

import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { isLive, look, type Chain, type Fork } from "../chain/chain.js";
import { openChain } from "../chain/connect.js";
import { copiedOutbox, fileOutbox, noOutbox, type Outbox } from "../chain/transactions/outbox.js";
import type { Sender } from "../chain/transactions/send.js";
import { EmergencyError } from "../errors.js";
import type { Progress, StepRequest, StepSet } from "../step.js";
import type { AnyWorld, IndexerWorld, Plan, PlanWorld, SiteWorld } from "./plan.js";
import { makePlan, performPlan, rehearsePlan, type RunResult } from "./run.js";
import { projectTools, stepSet } from "./steps.js";
import { loadFork, loadPlanFile } from "./lazy.js";

/** What every command that changes something accepts. */
export interface CommandOptions {
  /** Do not ask for the network's name. */
  readonly yes: boolean;
  /** Show the plan and stop. */
  readonly dryRun: boolean;
  readonly json: boolean;
  /** Run the plan on a fork first. */
  readonly rehearse: boolean;
  /** Perform the plan in this file instead of making one. */
  readonly plan: string | undefined;
  /** Write the plan to this file. */
  readonly savePlan: string | undefined;
}

/** What a command tells, in its order. */
export interface CommandView {
  plan(plan: Plan<AnyWorld>, world: WorldInWords | SiteInWords | IndexerInWords): void;
  rehearsing(copy: string): void;
  rehearsal(plan: Plan<AnyWorld>): void;
  progress: Progress;
}

/** The chain a plan is for, as people should see it. */
export interface WorldInWords {
  readonly network: string;
  readonly chainId: number;
  readonly block: number;
  readonly live: boolean;
}

/** The site a plan is for, as people should see it. */
export interface SiteInWords extends SiteWorld {
  readonly live: boolean;
}

/** The indexer a plan is for, as people should see it. */
export interface IndexerInWords extends IndexerWorld {
  readonly live: boolean;
}

/** How a command ended. */
export interface CommandReport<World extends AnyWorld = PlanWorld> {
  readonly command: string;
  readonly plan: Plan<World>;
  readonly live: boolean;
  readonly dryRun: boolean;
  readonly result: RunResult;
  /** From {@link CommandContext.startedMs} to the last read-back. */
  readonly durationMs: number;
}

/** Everything that a command needs and does not make itself. */
export interface CommandContext {
  readonly hre: HardhatRuntimeEnvironment;
  readonly view: CommandView;
  /** Asks the person; undefined when nobody answers. */
  readonly ask: (question: string) => Promise<string | undefined>;
  readonly now: () => number;
  /** When it began, on the clock of `now`. */
  readonly startedMs: number;
}

/**
 * A command from start to end: plan, show, rehearse, ask, perform, read back.
 * @param requests what to do, once the chain is known.
 * @throws EmergencyError for every refusal; nothing was written then, or the error says what was.
 */
export async function runCommand(
  context: CommandContext,
  command: string,
  options: CommandOptions,
  requests: (chain: Chain) => Promise<readonly StepRequest[]>,
): Promise<CommandReport> {
  const { hre, view } = context;
  const chain = await openChain(hre);
  const forks: Fork[] = [];
  try {
    const tools = projectTools(hre, chain);
    const outbox = await outboxOf(context, chain);
    const live = stepSet({ ...senderOf(context, chain), outbox }, tools);
    const copy = async (world: PlanWorld): Promise<StepSet> => {
      const { openFork } = await loadFork();
      const fork = await openFork(hre, chain, world.chainId, world.block.number);
      forks.push(fork);
      return stepSet({ ...senderOf(context, fork), outbox: copiedOutbox(outbox) }, tools);
    };

    const world = async (): Promise<PlanWorld> => await worldOf(chain);
    let plan =
      options.plan === undefined
        ? await makePlan(command, await requests(chain), live, world, copy)
        : await planFromFile(options.plan, command, chain);
    const isLiveChain = isLive(chain, plan.world.chainId);
    view.plan(plan, {
      network: chain.network,
      chainId: plan.world.chainId,
      block: plan.world.block.number,
      live: isLiveChain,
    });

    const somethingToDo = plan.steps.some((step) => step.actions.length > 0);
    if (somethingToDo && options.rehearse) {
      const now = await worldOf(chain);
      view.rehearsing(`fork of ${chain.network} at block ${now.block.number}`);
      plan = await rehearsePlan(plan, await copy(now), now.block.number);
      view.rehearsal(plan);
    }
    if (options.savePlan !== undefined) {
      const { savePlan } = await loadPlanFile();
      await savePlan(options.savePlan, plan);
    }
    const report = { command, plan, live: isLiveChain, dryRun: options.dryRun };
    if (options.dryRun) {
      const result = { outcomes: [], failure: null };
      return { ...report, result, durationMs: context.now() - context.startedMs };
    }
    if (somethingToDo && isLiveChain) {
      await mayWrite(context, chain, plan, options);
    }
    const result = await performPlan(plan, live, view.progress, context.now);
    return { ...report, result, durationMs: context.now() - context.startedMs };
  } finally {
    await Promise.all(
      [chain, ...forks].map(async (opened) => {
        await opened.close();
      }),
    );
  }
}

/** Where and when a plan is made: the chain's id and its latest block. */
async function worldOf(chain: Chain): Promise<PlanWorld> {
  const { chainId, block } = await look(chain, []);
  return { network: chain.network, chainId, block: { number: block.number, hash: block.hash } };
}

function senderOf(context: CommandContext, chain: Chain): Omit<Sender, "outbox"> {
  return {
    chain,
    timeoutMs: context.hre.config.emergency.minedTimeoutSeconds * 1000,
    now: context.now,
    wait: async (milliseconds) => {
      await wait(milliseconds);
    },
  };
}

async function outboxOf(context: CommandContext, chain: Chain): Promise<Outbox> {
  const { config } = context.hre;
  const directory = path.resolve(config.paths.root, config.emergency.directory);
  // The file is named by the chain id; a node with another id is refused at the first read.
  const chainId = chain.configuredChainId ?? (await chain.chainId());
  return chain.kind === "simulated" ? noOutbox : fileOutbox(directory, chain.network, chainId);
}

/** A plan from a file, if it is for this command and this chain. */
async function planFromFile(file: string, command: string, chain: Chain): Promise<Plan> {
  const { readPlan } = await loadPlanFile();
  const { world, ...rest } = await readPlan(file);
  if (!("chainId" in world)) {
    const [what, name] =
      "frontend" in world ? ["frontend", world.frontend] : ["indexer", world.indexer];
    throw new EmergencyError(
      "BAD_PLAN",
      `${file} cannot be used here: it is for the ${what} "${name}", not for a chain`,
      `npx hardhat ${rest.command} --${what} ${name} --plan ${file}`,
    );
  }
  const plan = { ...rest, world };
  const chainId = await chain.chainId();
  const problem =
    plan.command !== command
      ? `it is a plan for "${plan.command}", not for "${command}"`
      : plan.world.chainId !== chainId
        ? `it is for chain id ${plan.world.chainId} (network "${plan.world.network}"), but network "${chain.network}" has chain id ${chainId}`
        : undefined;
  if (problem !== undefined) {
    throw new EmergencyError(
      "BAD_PLAN",
      `${file} cannot be used here: ${problem}`,
      `npx hardhat ${plan.command} --network ${plan.world.network} --plan ${file}`,
    );
  }
  return plan;
}

/**
 * A live chain is only written to when its id is checked and its name was typed, or `--yes` given.
 * @throws EmergencyError CHAIN_ID_NOT_CONFIGURED, CONFIRMATION_NEEDED, NOT_CONFIRMED
 */
async function mayWrite(
  context: CommandContext,
  chain: Chain,
  plan: Plan,
  options: CommandOptions,
): Promise<void> {
  const { chainId } = plan.world;
  if (chain.configuredChainId === undefined) {
    throw new EmergencyError(
      "CHAIN_ID_NOT_CONFIGURED",
      `network "${chain.network}" has no chainId in hardhat.config.ts, so it cannot be checked that its node (chain id ${chainId}) is the right one`,
      `add chainId: ${chainId} to network "${chain.network}" if that is the chain you mean, then type the same command again`,
    );
  }
  if (options.yes) {
    return;
  }
  const needed = new EmergencyError(
    "CONFIRMATION_NEEDED",
    `network "${chain.network}" is live, and nobody is there to type its name. Nothing was sent`,
    "add --yes to go on without being asked",
  );
  if (options.json) {
    throw needed;
  }
  const answer = await context.ask(
    `${callsOthers(plan)}This writes to the live network "${chain.network}" (chain id ${chainId}). Type its name to go on`,
  );
  if (answer === undefined) {
    throw needed;
  }
  if (answer.trim() !== chain.network) {
    throw new EmergencyError(
      "NOT_CONFIRMED",
      `"${answer.trim()}" is not the name of the network. Nothing was sent`,
      `type the same command again, and answer ${chain.network}; or add --yes`,
    );
  }
}

/** What writes to another contract than the one that was named is said once more. */
function callsOthers({ steps }: Plan): string {
  const others = steps.filter(({ prior, actions }) => actions.length > 0 && prior.to !== undefined);
  return others.length === 0
    ? ""
    : `${others.map(({ title }) => title).join("; ")}: that is another contract than the one you named. `;
}
