import { z } from "zod";

import { EmergencyError } from "../../errors.js";
import type { JsonObject } from "../../json.js";
import { parseIntent } from "../../parse-intent.js";
import type {
  Action,
  Decision,
  Effects,
  Facts,
  Observation,
  PlannedStep,
  Verification,
} from "../../step.js";
import { encodeCall, encodeCreation } from "../abi.js";
import {
  addressInWord,
  looksLikeAddress,
  parseAddress,
  type Address,
  type Hex,
} from "../address.js";
import { describeHolder, whoMayCall } from "../authority/holders.js";
import { lookAt, type Block } from "../chain.js";
import { sameRuntimeCode } from "../inspection/bytecode.js";
import {
  describeContract,
  inspectContract,
  type InspectedContract,
} from "../inspection/contract.js";
import { ERC1967 } from "../inspection/proxies.js";
import { addressSchema, jsonListSchema } from "../intent.js";
import { describeName } from "../label.js";
import { codeAt, hexResult, storageAt } from "../reads.js";
import { settledRead } from "../settled-read.js";
import { eligibleAccounts } from "../signers.js";
import { QUOTE_READS, describeQuote, quoteOf, quoteReads } from "../transactions/quote.js";
import type { Sender } from "../transactions/send.js";
import { TransactionStep } from "../transactions/transaction-step.js";
import { callAction, createAction, isTransactionEffect } from "../transactions/transaction.js";
import { alreadyCreated, creationAddress, creationNonce } from "./implementation.js";
import type { CompiledContract, ProjectContracts, UpgradeableKind } from "./project.js";
import { upgradeEntry, type UpgradeEntry } from "./upgrade-entry.js";

const intentSchema = z
  .object({
    proxy: addressSchema,
    /** How the person named the proxy. */
    label: z.string(),
    /** The compiled contract to run from now on, by name; or the address of one that exists. */
    implementation: z.string().min(1),
    /** Arguments of its constructor (immutables); usually none. */
    constructorArgs: jsonListSchema,
    /** The initialiser that runs in the same transaction; null for none. */
    call: z
      .object({ function: z.string().min(1), args: jsonListSchema })
      .strict()
      .nullable(),
    /** The compiled contract that the proxy runs now; null finds it by its bytecode. */
    previous: z.string().nullable(),
    /** Upgrade although the storage layouts were not compared. */
    skipLayoutCheck: z.boolean(),
    from: addressSchema.optional(),
  })
  .strict();

/** What an upgrade step does. */
export type UpgradeIntent = z.infer<typeof intentSchema>;

/** Puts a new implementation behind a proxy, with its initialiser in the same transaction. */
export class UpgradeStep extends TransactionStep {
  readonly kind = "upgrade";
  readonly #contracts: ProjectContracts;

  constructor(sender: Sender, contracts: ProjectContracts) {
    super(sender);
    this.#contracts = contracts;
  }

  async observe(raw: JsonObject): Promise<Observation> {
    const intent = parseIntent(this.kind, intentSchema, raw);
    const { chain } = this.sender;
    const loading = eligibleAccounts(chain, intent.from);
    loading.catch(() => undefined);
    const { block, contract } = await inspectContract(chain, intent.proxy);
    const { kind, implementation: present } = upgradeable(intent, contract);
    const target = await this.#target(intent, contract, block);
    const callData =
      intent.call === null
        ? ("0x" as const)
        : await encodeCall(target.compiled, intent.call.function, intent.call.args);

    if (target.isPresent) {
      return {
        facts: factsOf(contract),
        decide: () => nothingToDo(intent, contract, target.compiled, present),
      };
    }
    const layout = await this.#checkLayout(intent, contract, target.compiled, kind);
    const entry = await upgradeEntry(chain, contract, block.number);
    const signer = await this.#chooseSigner(intent, entry, present, await loading, block);
    const planned = await this.#implementation(target, signer.from, block);
    const upgradeData = await entry.encode(planned.address, callData);
    return {
      facts: {
        ...factsOf(contract),
        ...(planned.creation === undefined
          ? {}
          : { [`next nonce of ${signer.from}`]: planned.creation.nonce }),
      },
      decide: () => {
        const create: Action[] =
          planned.creation === undefined
            ? []
            : [
                createAction({
                  summary: `create ${target.compiled.contractName} at ${planned.address} from ${signer.from}`,
                  from: signer.from,
                  ...planned.creation,
                }),
              ];
        const initialiser =
          intent.call === null
            ? "without an initialiser"
            : `with ${intent.call.function}(${intent.call.args.map(String).join(", ")}) in the same transaction`;
        const name = describeName({ label: intent.label, address: intent.proxy });
        return {
          title: `upgrade ${name} to ${target.compiled.contractName}`,
          actions: [
            ...create,
            callAction({
              summary: `call ${entry.signature} on ${entry.describe} from ${signer.from}, ${initialiser}`,
              from: signer.from,
              to: entry.to,
              data: upgradeData,
            }),
          ],
          expected: [{ fact: "implementation", before: present, after: planned.address }],
          outputs: { implementation: planned.address },
          inverse: {
            kind: "upgrade",
            intent: {
              proxy: intent.proxy,
              label: intent.label,
              implementation: present,
              constructorArgs: [],
              call: null,
              previous: target.compiled.fullName,
              // Storage written by the new code is not taken back: a person must look first.
              skipLayoutCheck: false,
            },
          },
          notes: [
            `${name}: ${describeContract(contract)}`,
            layout,
            ...(planned.note === undefined ? [] : [planned.note]),
            signer.note,
          ],
        };
      },
    };
  }

  async verify(step: PlannedStep, effects: Effects): Promise<Verification> {
    const intent = parseIntent(this.kind, intentSchema, step.intent);
    const wanted = addressSchema.parse(step.outputs.implementation);
    const last = effects.actions.findLast(isTransactionEffect);
    const { reply, block } = await settledRead(
      this.sender,
      storageAt(intent.proxy, ERC1967.implementation),
      last?.block,
    );
    const implementation = await addressInWord(hexResult(reply) ?? "");
    const [codeReply] = await lookAt(this.sender.chain, block, [codeAt(wanted)]);
    const code = hexResult(codeReply) ?? "0x";
    const compiled = await this.#compiledAt(intent, code);
    const inPlace = implementation === wanted;
    const rightCode = compiled !== undefined;
    return {
      verified: inPlace && rightCode,
      evidence: [
        `the implementation slot of ${intent.proxy} holds ${implementation ?? "nothing"} at block ${block}`,
        rightCode
          ? `the code there is that of ${compiled.fullName}`
          : "the code there is not the one that was planned",
      ],
      ...(inPlace && rightCode
        ? {}
        : {
            problem: `the proxy does not run the planned code: its implementation is ${implementation ?? "not readable"}`,
          }),
    };
  }

  async #compiledAt(intent: UpgradeIntent, code: Hex): Promise<CompiledContract | undefined> {
    if (looksLikeAddress(intent.implementation)) {
      return (await this.#contracts.matching(code))[0];
    }
    const compiled = await this.#contracts.find(intent.implementation);
    return sameRuntimeCode(code, compiled) ? compiled : undefined;
  }

  /** What shall run: a compiled contract, and its address if it exists already. */
  async #target(intent: UpgradeIntent, contract: InspectedContract, block: Block): Promise<Target> {
    if (!looksLikeAddress(intent.implementation)) {
      const compiled = await this.#contracts.find(intent.implementation);
      return {
        compiled,
        creation: await encodeCreation(compiled, intent.constructorArgs),
        isPresent: sameRuntimeCode(contract.logic.code, compiled),
      };
    }
    const address = await parseAddress(intent.implementation, "--implementation");
    const [reply] = await lookAt(this.sender.chain, block.number, [codeAt(address)]);
    const code = hexResult(reply) ?? "0x";
    if (code === "0x") {
      throw new EmergencyError(
        "NO_CODE",
        `there is no contract at the implementation address ${address}`,
        "check the address, or name a compiled contract with --implementation",
      );
    }
    const [compiled] = await this.#contracts.matching(code);
    if (compiled === undefined) {
      throw new EmergencyError(
        "UNKNOWN_ARTIFACT",
        `no compiled contract of the project has the code of ${address}, so it cannot be checked`,
        "add its source to the project, or name a compiled contract with --implementation",
      );
    }
    return { compiled, existing: address, isPresent: address === contract.logic.address };
  }

  /** @returns a note on how the layout was checked. */
  async #checkLayout(
    intent: UpgradeIntent,
    contract: InspectedContract,
    next: CompiledContract,
    kind: UpgradeableKind,
  ): Promise<string> {
    const present = await this.#presentContract(intent, contract);
    const verdict =
      present === undefined
        ? await this.#contracts.layoutProblemByManifest(
            this.#originalNetwork(),
            intent.proxy,
            next,
            kind,
          )
        : ({
            known: true,
            problem: await this.#contracts.layoutProblem(present, next, kind),
          } as const);
    const against = present === undefined ? "the layout in .openzeppelin" : present.fullName;
    if (intent.skipLayoutCheck) {
      return verdict.known && verdict.problem === undefined
        ? `storage layout: compatible with ${against}`
        : "storage layout: NOT CHECKED, or not compatible (--skip-layout-check)";
    }
    if (!verdict.known) {
      throw new EmergencyError(
        "LAYOUT_UNKNOWN",
        `no compiled contract of the project has the code of the present implementation ${contract.logic.address}, so it is not known whether ${next.contractName} keeps its storage`,
        "name the contract that runs now with --previous <Name>; its source must be in the project",
      );
    }
    if (verdict.problem !== undefined) {
      throw new EmergencyError(
        "INCOMPATIBLE_LAYOUT",
        `${next.fullName} may not follow ${against} behind this proxy:\n${verdict.problem}`,
        "correct the new contract: keep the old variables in their order, add new ones at the end",
      );
    }
    return `storage layout: compatible with ${against} (hardhat-upgrades)`;
  }

  /** The network to read `.openzeppelin` for: a fork has the same layout as its original. */
  #originalNetwork(): string {
    return this.sender.chain.network.replace(/^fork of /, "");
  }

  async #presentContract(
    intent: UpgradeIntent,
    contract: InspectedContract,
  ): Promise<CompiledContract | undefined> {
    if (intent.previous === null) {
      return (await this.#contracts.matching(contract.logic.code))[0];
    }
    const named = await this.#contracts.find(intent.previous);
    if (!sameRuntimeCode(contract.logic.code, named)) {
      throw new EmergencyError(
        "LAYOUT_UNKNOWN",
        `the present implementation ${contract.logic.address} does not have the code of ${named.fullName}`,
        "name another contract with --previous, or leave it out to have it found by its code",
      );
    }
    return named;
  }

  /**
   * The account that may upgrade. Tried with an upgrade to the present implementation, which
   * changes nothing but passes the same guard.
   */
  async #chooseSigner(
    intent: UpgradeIntent,
    entry: UpgradeEntry,
    present: Address,
    accounts: readonly Address[],
    block: Block,
  ): Promise<{ readonly from: Address; readonly note: string }> {
    const { chain } = this.sender;
    const data = await entry.encode(present, "0x");
    const call = (from: Address): { from: Address; to: Address; data: Hex } => ({
      from,
      to: entry.to,
      data,
    });
    const replies = await lookAt(
      chain,
      block.number,
      accounts.flatMap((from) => quoteReads(call(from))),
    );
    for (const [index, from] of accounts.entries()) {
      const own = replies.slice(index * QUOTE_READS, (index + 1) * QUOTE_READS);
      const quote = quoteOf(chain, call(from), block, own);
      if (quote.ok) {
        return {
          from,
          note: `${from} may upgrade (simulated); the call itself: ${describeQuote(quote)}`,
        };
      }
    }
    const name = describeName({ label: intent.label, address: intent.proxy });
    const authority = await whoMayCall(chain, entry.to, data, block.number);
    const may = authority.holders.map(describeHolder).join("; ");
    throw new EmergencyError(
      "NO_AUTHORITY",
      `none of the ${accounts.length} account(s) of network "${chain.network}" may upgrade ${name} through ${entry.describe}. It needs ${authority.needs}. ${may === "" ? "Nobody was found who may" : `These were found: ${may}`}.${authority.unknown.length > 0 ? ` Not known: ${authority.unknown.join("; ")}.` : ""}`,
      `add the key of one of them to the accounts of network "${chain.network}" in hardhat.config.ts, or ask its holder`,
    );
  }

  /** Where the new implementation is, or will be. */
  async #implementation(
    target: Target,
    from: Address,
    block: Block,
  ): Promise<PlannedImplementation> {
    if (target.existing !== undefined) {
      return { address: target.existing };
    }
    const { chain, outbox } = this.sender;
    const { compiled, creation } = target;
    const earlier = await alreadyCreated(chain, outbox, from, creation, compiled, block.number);
    if (earlier !== undefined) {
      return {
        address: earlier,
        note: `${compiled.contractName} was created at ${earlier} by an earlier run and is used again`,
      };
    }
    const replies = await lookAt(chain, block.number, quoteReads({ from, data: creation }));
    const quote = quoteOf(chain, { from, data: creation }, block, replies);
    if (!quote.ok) {
      throw new EmergencyError(
        quote.balanceWei === 0n ? "OUT_OF_FUNDS" : "WOULD_REVERT",
        `${from} cannot create ${compiled.contractName}: ${quote.failure.message}`,
        quote.balanceWei === 0n
          ? `send ETH to ${from} on network "${chain.network}"`
          : "check the constructor of the new implementation",
      );
    }
    const nonce = await creationNonce(chain, outbox, from, creation, quote.nonce);
    return {
      address: await creationAddress(from, nonce),
      creation: { data: creation, nonce },
      note: `creating ${compiled.contractName}: ${describeQuote(quote)}`,
    };
  }
}

/** What an upgrade leads to. */
type Target =
  | {
      readonly compiled: CompiledContract;
      readonly creation: Hex;
      readonly existing?: undefined;
      /** Whether the proxy runs it already. */
      readonly isPresent: boolean;
    }
  | {
      readonly compiled: CompiledContract;
      readonly existing: Address;
      readonly isPresent: boolean;
    };

interface PlannedImplementation {
  readonly address: Address;
  readonly creation?: { readonly data: Hex; readonly nonce: number };
  readonly note?: string;
}

/** The proxy, if it is of a kind that can be upgraded here. */
function upgradeable(
  intent: UpgradeIntent,
  contract: InspectedContract,
): { readonly kind: UpgradeableKind; readonly implementation: Address } {
  const { proxy } = contract;
  const name = describeName({ label: intent.label, address: intent.proxy });
  if (
    (proxy?.kind === "transparent" || proxy?.kind === "uups") &&
    proxy.implementation !== null &&
    contract.behind.length === 0
  ) {
    return { kind: proxy.kind, implementation: proxy.implementation };
  }
  throw new EmergencyError(
    "UNKNOWN_PROXY",
    proxy === null
      ? `${name} is not a proxy, so its code cannot be changed`
      : `${name} is a ${describeContract(contract)}; only transparent and UUPS proxies can be upgraded`,
    proxy === null
      ? `create the corrected contract at a new address: npx hardhat deploy-fixed --replaces ${intent.proxy} --contract <Name>`
      : "upgrade it with the project's own tool",
  );
}

function factsOf(contract: InspectedContract): Facts {
  return {
    "code hash": contract.codeHash,
    implementation: contract.logic.address,
    "implementation code hash": contract.logic.codeHash,
    admin: contract.proxy?.admin ?? null,
  };
}

function nothingToDo(
  intent: UpgradeIntent,
  contract: InspectedContract,
  compiled: CompiledContract,
  present: Address,
): Decision {
  const name = describeName({ label: intent.label, address: intent.proxy });
  return {
    title: `upgrade ${name} to ${compiled.contractName}`,
    actions: [],
    expected: [],
    outputs: { implementation: present },
    inverse: { none: "nothing is done, so there is nothing to undo" },
    notes: [
      `${name}: ${describeContract(contract)}`,
      `it runs ${compiled.fullName} already`,
      ...(intent.call === null
        ? []
        : [`${intent.call.function} is not called: whether it ran with that upgrade is not known`]),
    ],
  };
}
