import { z } from "zod";

import { EmergencyError } from "../../errors.js";
import type { JsonObject } from "../../json.js";
import { parseIntent } from "../../parse-intent.js";
import type { Decision, Effects, Observation, PlannedStep, Verification } from "../../step.js";
import { encodeCreation } from "../abi.js";
import type { Address, Hex } from "../address.js";
import { look } from "../chain.js";
import { sameRuntimeCode } from "../inspection/bytecode.js";
import { addressSchema, jsonListSchema } from "../intent.js";
import { codeAt, hexResult } from "../reads.js";
import { describeFailure } from "../revert.js";
import { settledRead } from "../settled-read.js";
import { eligibleAccounts } from "../signers.js";
import { describeQuote, quoteOf, quoteReads, type Quote } from "../transactions/quote.js";
import type { Sender } from "../transactions/send.js";
import { TransactionStep } from "../transactions/transaction-step.js";
import { createAction, isTransactionEffect } from "../transactions/transaction.js";
import { constructorArgumentsOf } from "./constructor-arguments.js";
import { alreadyCreated, creationAddress, creationNonce } from "./implementation.js";
import type { CompiledContract, ProjectContracts } from "./project.js";

const intentSchema = z
  .object({
    /** The compiled contract to create, by name. */
    artifact: z.string().min(1),
    /** Its constructor's arguments; null takes those of the contract that it replaces. */
    args: jsonListSchema.nullable(),
    /** The contract whose place it takes, for its constructor arguments; null when there is none. */
    replaces: addressSchema.nullable(),
    /** Where the arguments of `replaces` are known from, when the address book knows: JSON values. */
    knownArgs: jsonListSchema.nullable(),
    /** The transaction that created `replaces`, when it is known. */
    creationTransaction: z.string().nullable(),
    /** Create it once more, even though an earlier run created the same. */
    again: z.boolean(),
    from: addressSchema.optional(),
  })
  .strict();

/** What a deploy step does. */
export type DeployIntent = z.infer<typeof intentSchema>;

/** Creates the corrected contract at a new address. */
export class DeployStep extends TransactionStep {
  readonly kind = "deploy-fixed";
  readonly #contracts: ProjectContracts;

  constructor(sender: Sender, contracts: ProjectContracts) {
    super(sender);
    this.#contracts = contracts;
  }

  async observe(raw: JsonObject): Promise<Observation> {
    const intent = parseIntent(this.kind, intentSchema, raw);
    const { chain, outbox } = this.sender;
    const [compiled, [from]] = await Promise.all([
      this.#contracts.find(intent.artifact),
      eligibleAccounts(chain, intent.from),
    ]);
    if (from === undefined) {
      throw new EmergencyError(
        "NO_SIGNER",
        `network "${chain.network}" has no account`,
        "add one to its accounts",
      );
    }
    const creation =
      intent.args !== null
        ? { data: await encodeCreation(compiled, intent.args), source: "as given" }
        : await constructorArgumentsOf(chain, this.#contracts, intent, compiled);
    const { block, replies } = await look(chain, quoteReads({ from, data: creation.data }));
    const quote = quoteOf(chain, { from, data: creation.data }, block, replies);
    const earlier = intent.again
      ? undefined
      : await alreadyCreated(chain, outbox, from, creation.data, compiled, block.number);
    if (earlier !== undefined) {
      return {
        facts: { "created at": earlier },
        decide: () => nothingToDo(compiled, earlier),
      };
    }
    if (!quote.ok) {
      throw new EmergencyError(
        quote.balanceWei === 0n ? "OUT_OF_FUNDS" : "WOULD_REVERT",
        quote.balanceWei === 0n
          ? `${from} has no ETH on network "${chain.network}"`
          : `the constructor of ${compiled.contractName} fails: ${await describeFailure(quote.failure, [compiled.abi])}`,
        quote.balanceWei === 0n
          ? `send ETH to ${from}, or choose another account with --from`
          : "check the constructor's arguments, and give them with --args",
      );
    }
    const nonce = await creationNonce(chain, outbox, from, creation.data, quote.nonce);
    const address = await creationAddress(from, nonce);
    return {
      facts: {
        [`next nonce of ${from}`]: nonce,
        "constructor arguments": `0x${creation.data.slice(compiled.bytecode.length)}`,
      },
      decide: () => decideDeploy(compiled, creation, { from, nonce, address }, quote),
    };
  }

  async verify(step: PlannedStep, effects: Effects): Promise<Verification> {
    const intent = parseIntent(this.kind, intentSchema, step.intent);
    const address = addressSchema.parse(step.outputs.address);
    const compiled = await this.#contracts.find(intent.artifact);
    const last = effects.actions.findLast(isTransactionEffect);
    const { reply, block } = await settledRead(this.sender, codeAt(address), last?.block);
    const code = hexResult(reply);
    const verified = code !== undefined && sameRuntimeCode(code, compiled);
    return {
      verified,
      evidence: [
        `the code at ${address} is ${verified ? "" : "not "}that of ${compiled.fullName} (block ${block})`,
      ],
      ...(verified
        ? {}
        : { problem: `the code at ${address} is not that of ${compiled.fullName}` }),
    };
  }
}

/** Pure: one creation. */
function decideDeploy(
  compiled: CompiledContract,
  creation: { readonly data: Hex; readonly source: string },
  place: { readonly from: Address; readonly nonce: number; readonly address: Address },
  quote: Quote & { ok: true },
): Decision {
  const { from, nonce, address } = place;
  return {
    title: `deploy ${compiled.contractName}`,
    actions: [
      createAction({
        summary: `create ${compiled.contractName} at ${address} from ${from}`,
        from,
        data: creation.data,
        nonce,
      }),
    ],
    expected: [{ fact: `code at ${address}`, before: null, after: compiled.fullName }],
    outputs: { address },
    inverse: { none: "a contract cannot be removed; nothing points to it yet" },
    notes: [
      `constructor arguments: ${creation.source}`,
      `simulated: succeeds, ${describeQuote(quote)}`,
    ],
  };
}

function nothingToDo(compiled: CompiledContract, address: Address): Decision {
  return {
    title: `deploy ${compiled.contractName}`,
    actions: [],
    expected: [],
    outputs: { address },
    inverse: { none: "nothing is done, so there is nothing to undo" },
    notes: [
      `an earlier run has already created the same contract at ${address}; --again creates another one`,
    ],
  };
}
