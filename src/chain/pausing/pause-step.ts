import { EmergencyError } from "../../errors.js";
import type { JsonObject } from "../../json.js";
import { once } from "../../once.js";
import { parseIntent } from "../../parse-intent.js";
import type { Effects, Observation, PlannedStep, Verification } from "../../step.js";
import type { Address, Hex } from "../address.js";
import { lookAt, type Block } from "../chain.js";
import { inspectContract, type InspectedContract } from "../inspection/contract.js";
import { addressSchema } from "../intent.js";
import { describeName } from "../label.js";
import { loadPauseRefusal, loadRoutes } from "../lazy.js";
import type { RpcReply } from "../rpc.js";
import { settledReads } from "../settled-read.js";
import { eligibleAccounts } from "../signers.js";
import { QUOTE_READS, quoteOf, quoteReads, type Quote } from "../transactions/quote.js";
import type { Sender } from "../transactions/send.js";
import { TransactionStep, withQuote } from "../transactions/transaction-step.js";
import { isTransactionAction, isTransactionEffect } from "../transactions/transaction.js";
import type { CustomMechanism, CustomSource } from "./custom.js";
import {
  alreadyDone,
  callOf,
  chooseSigner,
  usableRoutes,
  type ChosenSigner,
} from "./pause-choice.js";
import { decidePause, factsOf, nothingToDo, sayPaused, type TakenRoute } from "./pause-decision.js";
import { pauseIntentSchema, type PauseDirection, type PauseIntent } from "./pause-intent.js";
import {
  MECHANISMS,
  answering,
  isDirect,
  mechanismById,
  notPausable,
  recognise,
  recognitionReads,
} from "./recognise.js";
import { routeOf, type PauseRoute, type TargetedCall } from "./route.js";

export type { PauseDirection };

/** Stops a contract, or starts it again: by a function of its own, or by that of another contract. */
export class PauseStep extends TransactionStep {
  readonly kind: PauseDirection;
  readonly #custom: CustomSource;
  /** Routes that were taken, by contract and mechanism: what is read back is what was looked at. */
  readonly #taken = new Map<string, PauseRoute>();

  constructor(kind: PauseDirection, sender: Sender, custom: CustomSource) {
    super(sender);
    this.kind = kind;
    this.#custom = custom;
  }

  async observe(raw: JsonObject, planned?: PlannedStep): Promise<Observation> {
    const intent = parseIntent(this.kind, pauseIntentSchema, raw);
    // Mistakes in the configuration are told before anything is read.
    const custom = this.#custom.any ? await this.#custom.load() : [];
    // The second look knows what the first one found, and asks for all of it at once.
    const expected = planned === undefined ? undefined : expectedOf(planned);
    const look: PauseLook =
      expected !== undefined && !isDirect(expected.id)
        ? await this.#lookAtRoute(intent, expected, custom)
        : custom.some(({ contract }) => contract === intent.contract)
          ? await this.#lookForRoutes(intent, custom)
          : await this.#lookDirectly(intent, expected, custom);
    const { chainId, block, contract, taken, signer } = look;
    this.#taken.set(takenKey(intent.contract, taken.route.id), taken.route);
    const facts = factsOf(contract, taken);
    if (signer === undefined) {
      return { facts, decide: () => nothingToDo(this.kind, intent, contract, taken) };
    }
    return withQuote(
      { facts, decide: () => decidePause(this.kind, intent, contract, taken, signer) },
      { chainId, block, quote: signer.quote },
    );
  }

  async verify(step: PlannedStep, effects: Effects): Promise<Verification> {
    const { contract } = parseIntent(this.kind, pauseIntentSchema, step.intent);
    const last = effects.actions.findLast(isTransactionEffect);
    const route = await this.#routeOfPlan(contract, step.prior.mechanism);
    const { text, reads, decode } = route.readBack;
    const { replies, block } = await settledReads(this.sender, reads, last?.block);
    const paused = decode(replies);
    const verified = paused === (this.kind === "pause");
    const said = paused === undefined ? "cannot be read" : `is ${sayPaused(paused)}`;
    return {
      verified,
      evidence: [
        `${text.includes(" of ") ? text : `${text} of ${contract}`} ${said} at block ${block}`,
      ],
      ...(verified
        ? {}
        : {
            problem: `the transaction succeeded, but ${text} ${said}: the contract is not ${this.kind}d as far as can be read`,
          }),
    };
  }

  /** By a function of its own, in as few round trips as there are; by others where that does not do. */
  async #lookDirectly(
    intent: PauseIntent,
    expected: ExpectedCall | undefined,
    custom: readonly CustomMechanism[],
  ): Promise<PauseLook> {
    const { chain } = this.sender;
    // What signs is loaded after the first reads have left: loading would hold them up.
    const accountsOf = once(
      async () => await eligibleAccounts(chain, expected?.from ?? intent.from),
    );
    let likely =
      expected === undefined ? [] : [routeOf(mechanismById(expected.id), intent.contract)];
    const inspection = await inspectContract(
      chain,
      intent.contract,
      [
        ...recognitionReads(intent.contract),
        ...(expected === undefined ? [] : this.#quoteReads(likely, [expected.from])),
      ],
      async (replies) => {
        if (expected !== undefined) {
          return [];
        }
        likely = answering(replies).map((mechanism) => routeOf(mechanism, intent.contract));
        const accounts = likely.length === 0 ? [] : await accountsOf().catch(() => []);
        return this.#quoteReads(likely, accounts);
      },
      expected?.implementation,
    );
    const { block, contract, chainId } = inspection;
    const quoted =
      expected === undefined ? inspection.followUps : inspection.replies.slice(MECHANISMS.length);
    const recognition = recognise(contract, inspection.replies);
    const found = recognition.found.flatMap(({ mechanism, paused }) => {
      const route = likely.find(({ id }) => id === mechanism.id);
      return route === undefined ? [] : [{ route, paused }];
    });
    const at = { chainId, block, contract };
    const choice = await this.#choose(intent, at, found, async () => {
      const accounts = await accountsOf();
      return { accounts, quotes: this.#quotes(likely, accounts, block, quoted) };
    });
    if (
      choice.look !== undefined &&
      !(this.kind === "unpause" && choice.look.signer === undefined)
    ) {
      return choice.look;
    }
    if (expected !== undefined) {
      return choice.look ?? (await refused(choice, intent, [recognition.reason]));
    }
    return await this.#lookForMore(intent, at, custom, choice);
  }

  /** Every way there is, for a contract that the configuration has a mechanism for. */
  async #lookForRoutes(
    intent: PauseIntent,
    custom: readonly CustomMechanism[],
  ): Promise<PauseLook> {
    const { chainId, block, contract } = await inspectContract(this.sender.chain, intent.contract);
    return await this.#lookForMore(intent, { chainId, block, contract }, custom, {});
  }

  /**
   * Every way there is, through other contracts too.
   * @param direct what came of the contract's own functions.
   */
  async #lookForMore(
    intent: PauseIntent,
    at: LookedAt,
    custom: readonly CustomMechanism[],
    direct: Choice,
  ): Promise<PauseLook> {
    const { chain } = this.sender;
    const { findRoutes } = await loadRoutes();
    const { found, reasons } = await findRoutes(chain, at.block, at.contract, custom);
    const choice = await this.#choose(
      intent,
      at,
      found,
      async (routes) => await this.#askForQuotes(intent.from, routes, at.block),
    );
    // What stops it elsewhere and cannot be undone by us must not pass for nothing to do.
    return (
      choice.look ??
      (choice.refuse === undefined ? direct.look : undefined) ??
      (await refused(choice, intent, reasons))
    );
  }

  /** The second look at a route: the same pointers are followed again, and nothing else is looked for. */
  async #lookAtRoute(
    intent: PauseIntent,
    { id, from }: ExpectedCall,
    custom: readonly CustomMechanism[],
  ): Promise<PauseLook> {
    const { chain } = this.sender;
    const { chainId, block, contract } = await inspectContract(chain, intent.contract);
    const at = { chainId, block, contract };
    const seen = await this.#findAgain(at, id, custom);
    const choice = await this.#choose(
      intent,
      at,
      [seen],
      async (routes) => await this.#askForQuotes(from, routes, block),
    );
    return choice.look ?? (await refused(choice, intent, []));
  }

  /** @throws EmergencyError BAD_PLAN when there is no such way, PRIOR_STATE_CHANGED when it is gone. */
  async #findAgain(
    { block, contract }: LookedAt,
    id: string,
    custom: readonly CustomMechanism[],
  ): Promise<TakenRoute> {
    const { findRoute, isKnownRoute } = await loadRoutes();
    if (!isKnownRoute(id, custom)) {
      mechanismById(id);
    }
    const seen = await findRoute(this.sender.chain, block, contract, custom, id);
    if (seen === undefined) {
      throw new EmergencyError(
        "PRIOR_STATE_CHANGED",
        `${contract.address} does not have the way to pause any more that the plan names (${id}). Nothing was sent`,
        "type the command again without --plan",
      );
    }
    return seen;
  }

  /** How the plan's mechanism is read back. */
  async #routeOfPlan(contract: Address, id: unknown): Promise<PauseRoute> {
    const taken = typeof id === "string" ? this.#taken.get(takenKey(contract, id)) : undefined;
    if (taken !== undefined) {
      return taken;
    }
    if (typeof id !== "string" || isDirect(id)) {
      return routeOf(mechanismById(id), contract);
    }
    const at = await inspectContract(this.sender.chain, contract);
    const custom = this.#custom.any ? await this.#custom.load() : [];
    return (await this.#findAgain(at, id, custom)).route;
  }

  /** Nothing to do, or who does what, or why nobody can. */
  async #choose(
    intent: PauseIntent,
    at: LookedAt,
    found: readonly TakenRoute[],
    quote: (routes: readonly PauseRoute[]) => Promise<AllQuotes>,
  ): Promise<Choice> {
    const done = alreadyDone(this.kind, found);
    if (done !== undefined) {
      return { look: { ...at, taken: done, signer: undefined } };
    }
    if (found.length === 0) {
      return {};
    }
    let usable: readonly TakenRoute[];
    try {
      usable = usableRoutes(this.kind, intent, found);
    } catch (error) {
      if (error instanceof EmergencyError) {
        return { refuse: async () => await Promise.resolve(error) };
      }
      throw error;
    }
    const { accounts, quotes } = await quote(usable.map(({ route }) => route));
    for (const taken of usable) {
      const signer = chooseSigner(accounts, quotes.get(taken.route) ?? []);
      if (signer !== undefined) {
        return { look: { ...at, taken, signer } };
      }
    }
    const [best] = usable;
    const call = best === undefined ? null : callOf(this.kind, best.route);
    if (best === undefined || call === null) {
      return {};
    }
    return {
      refuse: async () => {
        const { nobodyMay } = await loadPauseRefusal();
        return await nobodyMay(this.sender.chain, {
          kind: this.kind,
          intent,
          call,
          accounts,
          quotes: quotes.get(best.route) ?? [],
          blockNumber: at.block.number,
        });
      },
    };
  }

  async #askForQuotes(
    from: Address | undefined,
    routes: readonly PauseRoute[],
    block: Block,
  ): Promise<AllQuotes> {
    const { chain } = this.sender;
    const accounts = await eligibleAccounts(chain, from);
    const replies = await lookAt(chain, block.number, this.#quoteReads(routes, accounts));
    return { accounts, quotes: this.#quotes(routes, accounts, block, replies) };
  }

  #quoteReads(routes: readonly PauseRoute[], accounts: readonly Address[]) {
    return routes.flatMap((route) =>
      accounts.flatMap((from) => quoteReads(this.#transaction(route, from))),
    );
  }

  /** The quotes of each route, one an account, from the replies to the reads in the same order. */
  #quotes(
    routes: readonly PauseRoute[],
    accounts: readonly Address[],
    block: Block,
    replies: readonly RpcReply[],
  ): ReadonlyMap<PauseRoute, readonly Quote[]> {
    return new Map(
      routes.map((route, index) => [
        route,
        accounts.map((from, each) => {
          const start = (index * accounts.length + each) * QUOTE_READS;
          const own = replies.slice(start, start + QUOTE_READS);
          return quoteOf(this.sender.chain, this.#transaction(route, from), block, own);
        }),
      ]),
    );
  }

  #transaction(route: PauseRoute, from: Address): { from: Address; to: Address; data: Hex } {
    // A route without this direction is never sent; its price is of no use to anybody.
    const { to, data }: TargetedCall = callOf(this.kind, route) ?? { ...route.pause, data: "0x" };
    return { from, to, data };
  }
}

/** A contract at a block. */
interface LookedAt {
  readonly chainId: number;
  readonly block: Block;
  readonly contract: InspectedContract;
}

/** What was seen and what follows. */
interface PauseLook extends LookedAt {
  readonly taken: TakenRoute;
  /** Undefined when there is nothing to do. */
  readonly signer: ChosenSigner | undefined;
}

/** What came of some routes: a look, or how to refuse; neither when there were none. */
interface Choice {
  readonly look?: PauseLook;
  readonly refuse?: () => Promise<EmergencyError>;
}

interface AllQuotes {
  readonly accounts: readonly Address[];
  readonly quotes: ReadonlyMap<PauseRoute, readonly Quote[]>;
}

/** What a plan says of its call, to look for just that. */
interface ExpectedCall {
  readonly id: string;
  readonly from: Address;
  readonly implementation: Address | undefined;
}

function expectedOf({ actions, prior }: PlannedStep): ExpectedCall | undefined {
  const [action] = actions;
  if (action === undefined || !isTransactionAction(action)) {
    return undefined;
  }
  const implementation = addressSchema.safeParse(prior.implementation);
  return {
    id: String(prior.mechanism),
    from: action.from,
    implementation: implementation.success ? implementation.data : undefined,
  };
}

async function refused(
  { refuse }: Choice,
  intent: PauseIntent,
  reasons: readonly string[],
): Promise<never> {
  if (refuse !== undefined) {
    throw await refuse();
  }
  const name = describeName({ label: intent.label, address: intent.contract });
  throw notPausable(name, intent.contract, reasons.join("; "));
}

function takenKey(contract: Address, id: string): string {
  return `${contract} ${id}`;
}
