import { z } from "zod";

import { EmergencyError } from "../../errors.js";
import type { JsonObject } from "../../json.js";
import { once } from "../../once.js";
import type {
  Decision,
  Effects,
  Observation,
  PlannedStep,
  Verification,
  Inverse,
} from "../../step.js";
import { sameAddress, type Address, type Hex } from "../address.js";
import {
  describeContract,
  inspectContract,
  type InspectedContract,
} from "../inspection/contract.js";
import { addressSchema, parseIntent } from "../intent.js";
import { describeName } from "../label.js";
import { hexResult, staticCall } from "../reads.js";
import { settledRead } from "../settled-read.js";
import { eligibleAccounts } from "../signers.js";
import {
  QUOTE_READS,
  describeQuote,
  quoteOf,
  quoteReads,
  type Quote,
} from "../transactions/quote.js";
import type { Sender } from "../transactions/send.js";
import { TransactionStep, withQuote } from "../transactions/transaction-step.js";
import {
  callAction,
  isTransactionAction,
  isTransactionEffect,
} from "../transactions/transaction.js";
import {
  describeCall,
  type FixedCall,
  type PausedState,
  type PauseMechanism,
} from "./mechanism.js";
import {
  MECHANISMS,
  answering,
  mechanismById,
  notPausable,
  recognise,
  recognitionReads,
  type RecognisedPause,
} from "./recognise.js";
import { loadAuthority, loadRevert } from "../lazy.js";

/** Which way: stop, or start again. */
export type PauseDirection = "pause" | "unpause";

const intentSchema = z
  .object({
    /** The contract to stop or start. */
    contract: addressSchema,
    /** How the person named it. */
    label: z.string(),
    /** Who must sign; any account that may, when it is not given. */
    from: addressSchema.optional(),
    /** Stop it even where that cannot be undone. */
    irreversible: z.boolean().optional(),
  })
  .strict();

/** What a pause step does. */
export type PauseIntent = z.infer<typeof intentSchema>;

/** Stops a contract, or starts it again, by its own pause function. */
export class PauseStep extends TransactionStep {
  readonly kind: PauseDirection;

  constructor(kind: PauseDirection, sender: Sender) {
    super(sender);
    this.kind = kind;
  }

  async observe(raw: JsonObject, planned?: PlannedStep): Promise<Observation> {
    const intent = parseIntent(this.kind, intentSchema, raw);
    const { chain } = this.sender;
    // The second look knows what the first one found, and asks for all of it at once.
    const expected = planned === undefined ? undefined : this.#expected(intent, planned);
    // What signs is loaded after the first reads have left: loading would hold them up.
    const accountsOf = once(
      async () => await eligibleAccounts(chain, expected?.from ?? intent.from),
    );
    let likely: readonly PauseMechanism[] = expected === undefined ? [] : [expected.mechanism];
    const inspection = await inspectContract(
      chain,
      intent.contract,
      [
        ...recognitionReads(intent.contract),
        ...(expected === undefined
          ? []
          : quoteReads(this.#call(intent, expected.mechanism, expected.from))),
      ],
      async (replies) => {
        if (expected !== undefined) {
          return [];
        }
        likely = answering(replies);
        const accounts = likely.length === 0 ? [] : await accountsOf().catch(() => []);
        return likely.flatMap((mechanism) =>
          accounts.flatMap((from) => quoteReads(this.#call(intent, mechanism, from))),
        );
      },
      expected?.implementation,
    );
    const { block, contract } = inspection;
    const quoted =
      expected === undefined ? inspection.followUps : inspection.replies.slice(MECHANISMS.length);
    const recognition = recognise(contract, inspection.replies);
    const [best] = recognition.found;
    if (best === undefined) {
      const name = describeName({ label: intent.label, address: intent.contract });
      throw notPausable(name, intent.contract, recognition.reason);
    }
    const done = recognition.found.find(({ paused }) => paused === (this.kind === "pause"));
    if (done !== undefined) {
      return {
        facts: factsOf(contract, done),
        decide: () => nothingToDo(this.kind, intent, contract, done),
      };
    }
    const accounts = await accountsOf();
    const options = this.#usable(intent, recognition.found).map((recognised) => {
      const first = likely.indexOf(recognised.mechanism) * accounts.length;
      const quotes = accounts.map((from, index) => {
        const start = (first + index) * QUOTE_READS;
        const own = quoted.slice(start, start + QUOTE_READS);
        return quoteOf(chain, this.#call(intent, recognised.mechanism, from), block, own);
      });
      return { recognised, quotes, signer: chooseSigner(accounts, quotes) };
    });
    const chosen = options.find(({ signer }) => signer !== undefined) ?? options[0];
    if (chosen?.signer === undefined) {
      const { mechanism } = chosen?.recognised ?? best;
      throw await this.#nobodyMay(intent, mechanism, accounts, chosen?.quotes ?? [], block.number);
    }
    const { recognised, signer } = chosen;
    return withQuote(
      {
        facts: factsOf(contract, recognised),
        decide: () => decidePause(this.kind, intent, contract, recognised, signer),
      },
      { chainId: inspection.chainId, block, quote: signer.quote },
    );
  }

  /** What the plan says of the call, to look for just that. */
  #expected(
    { contract }: PauseIntent,
    planned: PlannedStep,
  ): { mechanism: PauseMechanism; from: Address; implementation: Address | undefined } | undefined {
    const [action] = planned.actions;
    if (action === undefined || !isTransactionAction(action) || action.to !== contract) {
      return undefined;
    }
    const implementation = addressSchema.safeParse(planned.prior.implementation);
    return {
      mechanism: mechanismById(planned.prior.mechanism),
      from: action.from,
      implementation: implementation.success ? implementation.data : undefined,
    };
  }

  /**
   * The mechanisms that may be used: those that have this direction, and those that cannot be undone
   * only when that was asked for.
   */
  #usable(intent: PauseIntent, found: readonly RecognisedPause[]): readonly RecognisedPause[] {
    const name = describeName({ label: intent.label, address: intent.contract });
    const usable = found.filter(({ mechanism }) => mechanism[this.kind] !== null);
    const [first] = found;
    if (usable.length === 0 && first !== undefined) {
      throw new EmergencyError(
        "IRREVERSIBLE",
        `${name} cannot be started again: ${first.mechanism.title} is for ever`,
        "create the corrected contract at a new address: npx hardhat deploy-fixed",
      );
    }
    const reversible = usable.filter(({ mechanism }) => mechanism.unpause !== null);
    if (reversible.length > 0 || intent.irreversible === true) {
      return reversible.length > 0 ? reversible : usable;
    }
    throw new EmergencyError(
      "IRREVERSIBLE",
      `${name} can only be stopped for ever: ${describeCall((first ?? usable[0])?.mechanism.pause ?? NO_CALL)} cannot be undone`,
      `npx hardhat pause --contract ${intent.label} --irreversible`,
    );
  }

  async verify(step: PlannedStep, effects: Effects): Promise<Verification> {
    const { contract } = parseIntent(this.kind, intentSchema, step.intent);
    const last = effects.actions.findLast(isTransactionEffect);
    const mechanism = mechanismById(step.prior.mechanism);
    const { reply, block } = await settledRead(
      this.sender,
      staticCall(contract, mechanism.readBack.data),
      last?.block,
    );
    const answer = hexResult(reply);
    const paused = answer === undefined ? undefined : mechanism.readBack.decode(answer);
    const verified = paused === (this.kind === "pause");
    const said = paused === undefined ? "cannot be read" : `is ${sayPaused(paused)}`;
    return {
      verified,
      evidence: [`${mechanism.readBack.signature} of ${contract} ${said} at block ${block}`],
      ...(verified
        ? {}
        : {
            problem: `the transaction succeeded, but ${mechanism.readBack.signature} ${said}: the contract is not ${this.kind}d as far as can be read`,
          }),
    };
  }

  #call(
    intent: PauseIntent,
    mechanism: PauseMechanism,
    from: Address,
  ): { from: Address; to: Address; data: Hex } {
    return { from, to: intent.contract, data: mechanism[this.kind]?.data ?? "0x" };
  }

  /** None of the accounts may: say who may. */
  async #nobodyMay(
    intent: PauseIntent,
    mechanism: PauseMechanism,
    accounts: readonly Address[],
    quotes: readonly Quote[],
    blockNumber: number,
  ): Promise<EmergencyError> {
    const { chain } = this.sender;
    const name = describeName({ label: intent.label, address: intent.contract });
    const call = mechanism[this.kind] ?? NO_CALL;
    // Only a refusal needs these; they load slowly.
    const [{ describeHolder, whoMayCall }, { describeFailure }] = await Promise.all([
      loadAuthority(),
      loadRevert(),
    ]);
    const authority = await whoMayCall(chain, intent.contract, call.data, blockNumber);
    const may = authority.holders.filter((holder) => holder.proved);
    const ours = may.find((holder) =>
      accounts.some((account) => sameAddress(account, holder.address)),
    );
    const refused = quotes.find((quote) => !quote.ok);
    if (ours !== undefined && refused?.ok === false) {
      return new EmergencyError(
        "OUT_OF_FUNDS",
        `${ours.address} may ${this.kind} ${name}, but cannot pay for the transaction: ${refused.failure.message}`,
        `send ETH to ${ours.address} on network "${chain.network}"`,
      );
    }
    const reason = refused?.ok === false ? await describeFailure(refused.failure) : "";
    const who =
      may.length > 0
        ? `These may: ${may.map(describeHolder).join("; ")}`
        : authority.holders.length > 0
          ? `Nobody was found who may now. Looked at: ${authority.holders.map(describeHolder).join("; ")}`
          : "Nobody was found who may";
    const unknown =
      authority.unknown.length > 0 ? ` Not known: ${authority.unknown.join("; ")}.` : "";
    return new EmergencyError(
      "NO_AUTHORITY",
      `none of the ${accounts.length} account(s) of network "${chain.network}" may call ${describeCall(call)} on ${name}: refused with ${reason}. It needs ${authority.needs}. ${who}.${unknown}`,
      may.length > 0
        ? `add the key of one of them to the accounts of network "${chain.network}" in hardhat.config.ts, or ask its holder`
        : `see who holds which power with: npx hardhat verify-pausable --contract ${intent.contract}`,
    );
  }
}

interface ChosenSigner {
  readonly from: Address;
  readonly quote: Quote & { ok: true };
}

/** The first account for which the call succeeds; one that can pay for it before one that cannot. */
function chooseSigner(
  accounts: readonly Address[],
  quotes: readonly Quote[],
): ChosenSigner | undefined {
  const able: ChosenSigner[] = [];
  for (const [index, from] of accounts.entries()) {
    const quote = quotes[index];
    if (quote?.ok === true) {
      able.push({ from, quote });
    }
  }
  return able.find(({ quote }) => quote.balanceWei > 0n) ?? able[0];
}

function factsOf(
  contract: InspectedContract,
  { mechanism, paused }: RecognisedPause,
): Record<string, string | boolean> {
  const { proxy, logic } = contract;
  return {
    paused,
    mechanism: mechanism.id,
    "code hash": contract.codeHash,
    ...(proxy === null
      ? {}
      : { implementation: logic.address, "implementation code hash": logic.codeHash }),
  };
}

/** A mechanism without this direction is never called; this stands for it in types. */
const NO_CALL: FixedCall = { signature: "nothing", args: [], data: "0x" };

function sayPaused(paused: PausedState): string {
  return paused === "partly" ? "set for some parts only" : String(paused);
}

function aboutContract(
  intent: PauseIntent,
  contract: InspectedContract,
  { mechanism }: RecognisedPause,
): string {
  const name = describeName({ label: intent.label, address: intent.contract });
  return `${name}: ${describeContract(contract)}; ${mechanism.title}`;
}

/** Pure: it is as it should be. */
function nothingToDo(
  kind: PauseDirection,
  intent: PauseIntent,
  contract: InspectedContract,
  recognised: RecognisedPause,
): Decision {
  const { signature } = recognised.mechanism.readBack;
  return {
    title: `${kind} ${describeName({ label: intent.label, address: intent.contract })}`,
    actions: [],
    expected: [],
    outputs: {},
    inverse: { none: "nothing is done, so there is nothing to undo" },
    notes: [
      aboutContract(intent, contract, recognised),
      `${signature} is already ${sayPaused(recognised.paused)}`,
    ],
  };
}

/** Pure: one call. */
function decidePause(
  kind: PauseDirection,
  intent: PauseIntent,
  contract: InspectedContract,
  recognised: RecognisedPause,
  signer: ChosenSigner,
): Decision {
  const name = describeName({ label: intent.label, address: intent.contract });
  const { mechanism, paused } = recognised;
  const call = mechanism[kind] ?? NO_CALL;
  return {
    title: `${kind} ${name}`,
    actions: [
      callAction({
        summary: `call ${describeCall(call)} on ${name} from ${signer.from}`,
        from: signer.from,
        to: intent.contract,
        data: call.data,
      }),
    ],
    expected: [{ fact: "paused", before: paused, after: kind === "pause" }],
    outputs: {},
    inverse: inverseOf(kind, intent, mechanism),
    notes: [
      aboutContract(intent, contract, recognised),
      `simulated: succeeds, ${describeQuote(signer.quote)}`,
      `limit: ${mechanism.limits}`,
    ],
  };
}

function inverseOf(
  kind: PauseDirection,
  { contract, label }: PauseIntent,
  mechanism: PauseMechanism,
): Inverse {
  if (kind === "pause" && mechanism.unpause === null) {
    return { none: `${describeCall(mechanism.pause)} CANNOT BE UNDONE` };
  }
  return { kind: kind === "pause" ? "unpause" : "pause", intent: { contract, label } };
}
