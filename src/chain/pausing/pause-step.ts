import { z } from "zod";

import { EmergencyError } from "../../errors.js";
import type { JsonObject } from "../../json.js";
import type { Decision, Effects, Observation, PlannedStep, Verification } from "../../step.js";
import { sameAddress, type Address, type Hex } from "../address.js";
import { describeHolder, whoMayCall } from "../authority/holders.js";
import {
  describeContract,
  inspectContract,
  type InspectedContract,
} from "../inspection/contract.js";
import { addressSchema, parseIntent } from "../intent.js";
import { describeName } from "../label.js";
import { hexResult, staticCall } from "../reads.js";
import { describeFailure } from "../revert.js";
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
import { TransactionStep } from "../transactions/transaction-step.js";
import { callAction, isTransactionEffect } from "../transactions/transaction.js";
import type { PauseMechanism } from "./mechanism.js";
import { answering, mechanismById, notPausable, recognise, recognitionReads } from "./recognise.js";

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

  async observe(raw: JsonObject): Promise<Observation> {
    const intent = parseIntent(this.kind, intentSchema, raw);
    const { chain } = this.sender;
    const target = this.kind === "pause";
    // Hardhat loads what signs while the first reads are on their way.
    const loading = eligibleAccounts(chain, intent.from);
    loading.catch(() => undefined);
    const inspection = await inspectContract(
      chain,
      intent.contract,
      recognitionReads(intent.contract),
      async (replies) => {
        const [likely] = answering(replies);
        const accounts = likely === undefined ? [] : await loading;
        return accounts.flatMap((from) => quoteReads(this.#call(intent, likely, from)));
      },
    );
    const { block, contract } = inspection;
    const recognised = recognise(contract, inspection.replies);
    if ("reason" in recognised) {
      const name = describeName({ label: intent.label, address: intent.contract });
      throw notPausable(name, intent.contract, recognised.reason);
    }
    const { mechanism, paused } = recognised;
    const accounts = await loading;
    const quotes = accounts.map((from, index) =>
      quoteOf(
        chain,
        this.#call(intent, mechanism, from),
        block,
        inspection.followUps.slice(index * QUOTE_READS, (index + 1) * QUOTE_READS),
      ),
    );
    const chosen = chooseSigner(accounts, quotes);
    if (paused !== target && chosen === undefined) {
      throw await this.#nobodyMay(intent, mechanism, accounts, quotes, block.number);
    }
    return {
      facts: factsOf(contract, mechanism, paused),
      decide: () => decidePause(this.kind, intent, contract, mechanism, paused, chosen),
    };
  }

  async verify(step: PlannedStep, effects: Effects): Promise<Verification> {
    const { contract } = parseIntent(this.kind, intentSchema, step.intent);
    const last = effects.actions.findLast(isTransactionEffect);
    const mechanism = mechanismById(step.prior.mechanism);
    const { reply, block } = await settledRead(
      this.sender,
      staticCall(contract, mechanism.readBack.selector),
      last?.block,
    );
    const answer = hexResult(reply);
    const paused = answer === undefined ? undefined : mechanism.readBack.decode(answer);
    const verified = paused === (this.kind === "pause");
    const said = paused === undefined ? "cannot be read" : `is ${paused}`;
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
    mechanism: PauseMechanism | undefined,
    from: Address,
  ): { from: Address; to: Address; data: Hex } {
    return { from, to: intent.contract, data: mechanism?.[this.kind].selector ?? "0x" };
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
    const { selector, signature } = mechanism[this.kind];
    const authority = await whoMayCall(chain, intent.contract, selector, blockNumber);
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
      `none of the ${accounts.length} account(s) of network "${chain.network}" may call ${signature} on ${name}: refused with ${reason}. It needs ${authority.needs}. ${who}.${unknown}`,
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
  mechanism: PauseMechanism,
  paused: boolean,
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

/** Pure: what is left to do. */
function decidePause(
  kind: PauseDirection,
  intent: PauseIntent,
  contract: InspectedContract,
  mechanism: PauseMechanism,
  paused: boolean,
  signer: ChosenSigner | undefined,
): Decision {
  const name = describeName({ label: intent.label, address: intent.contract });
  const target = kind === "pause";
  const about = `${name}: ${describeContract(contract)}; ${mechanism.title}`;
  if (paused === target || signer === undefined) {
    return {
      title: `${kind} ${name}`,
      actions: [],
      expected: [],
      outputs: {},
      inverse: { none: "nothing is done, so there is nothing to undo" },
      notes: [about, `${mechanism.readBack.signature} is already ${target}`],
    };
  }
  const undo = target ? "unpause" : "pause";
  const fn = mechanism[kind];
  return {
    title: `${kind} ${name}`,
    actions: [
      callAction({
        summary: `call ${fn.signature} on ${name} from ${signer.from}`,
        from: signer.from,
        to: intent.contract,
        data: fn.selector,
      }),
    ],
    expected: [{ fact: "paused", before: paused, after: target }],
    outputs: {},
    inverse: { kind: undo, intent: { contract: intent.contract, label: intent.label } },
    notes: [
      about,
      `simulated: succeeds, ${describeQuote(signer.quote)}`,
      `limit: ${mechanism.limits}`,
    ],
  };
}
