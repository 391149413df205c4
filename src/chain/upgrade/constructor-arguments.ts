import { EmergencyError } from "../../errors.js";
import { isRecord } from "../../json.js";
import { encodeCreation } from "../abi.js";
import type { Address, Hex } from "../address.js";
import type { Chain } from "../chain.js";
import { firstBlockWithCode } from "../creation-block.js";
import { codeAt, hexResult, isHex, quantity } from "../reads.js";
import type { DeployIntent } from "./deploy-step.js";
import type { CompiledContract, ProjectContracts } from "./project.js";

/** Creation code, and where its arguments are from. */
export interface Creation {
  readonly data: Hex;
  readonly source: string;
}

/**
 * The creation code of a contract with the constructor arguments of the one that it replaces.
 * They are taken from the deployment records, or from the transaction that created the old one.
 * @throws EmergencyError CONSTRUCTOR_ARGUMENTS_UNKNOWN when neither is to be had.
 */
export async function constructorArgumentsOf(
  chain: Chain,
  contracts: ProjectContracts,
  intent: DeployIntent,
  compiled: CompiledContract,
): Promise<Creation> {
  if (!takesArguments(compiled)) {
    return { data: compiled.bytecode, source: "none: the constructor takes no argument" };
  }
  const { replaces, knownArgs } = intent;
  if (replaces === null) {
    throw unknownArguments(compiled, "no old contract was named");
  }
  if (knownArgs !== null) {
    return {
      data: await encodeCreation(compiled, knownArgs),
      source: `those of ${replaces}, from its deployment record`,
    };
  }
  const [old] = await oldContracts(chain, contracts, replaces);
  if (old === undefined) {
    throw unknownArguments(
      compiled,
      `no compiled contract of the project has the code of ${replaces}`,
    );
  }
  const input = await creationInput(chain, replaces, intent.creationTransaction);
  if (input === undefined) {
    throw unknownArguments(
      compiled,
      `the transaction that created ${replaces} was not found (the node keeps no old state, or a contract created it)`,
    );
  }
  if (!input.data.toLowerCase().startsWith(old.bytecode.toLowerCase())) {
    throw unknownArguments(
      compiled,
      `the input of transaction ${input.hash} does not begin with the creation code of ${old.fullName}`,
    );
  }
  const encoded = input.data.slice(old.bytecode.length);
  const { Interface, AbiCoder } = await import("ethers");
  const types = Interface.from(JSON.stringify(compiled.abi)).deploy.inputs;
  try {
    // The same bytes mean the same only when they decode and encode again to themselves.
    const coder = AbiCoder.defaultAbiCoder();
    const again = coder.encode(types, coder.decode(types, `0x${encoded}`));
    if (again.toLowerCase() !== `0x${encoded}`.toLowerCase()) {
      throw new Error("other arguments");
    }
  } catch {
    throw unknownArguments(
      compiled,
      `its constructor takes other arguments than that of ${old.fullName}`,
    );
  }
  return {
    data: `${compiled.bytecode}${encoded}`,
    source: `those of ${replaces}, from transaction ${input.hash}`,
  };
}

function takesArguments(compiled: CompiledContract): boolean {
  return compiled.abi.some(
    (item) =>
      isRecord(item) &&
      item.type === "constructor" &&
      Array.isArray(item.inputs) &&
      item.inputs.length > 0,
  );
}

async function oldContracts(
  chain: Chain,
  contracts: ProjectContracts,
  address: Address,
): Promise<readonly CompiledContract[]> {
  const [reply] = await chain.rpc.batch([codeAt(address)("latest")]);
  const code = hexResult(reply);
  return code === undefined ? [] : await contracts.matching(code);
}

interface CreationInput {
  readonly hash: string;
  readonly data: Hex;
}

/** The input of the transaction that created a contract: as named, or found by its first block. */
async function creationInput(
  chain: Chain,
  address: Address,
  named: string | null,
): Promise<CreationInput | undefined> {
  if (named !== null) {
    const [reply] = await chain.rpc.batch([
      { method: "eth_getTransactionByHash", params: [named] },
    ]);
    return reply?.ok === true ? inputOf(reply.result) : undefined;
  }
  const block = await firstBlockWithCode(chain, address);
  if (block === undefined) {
    return undefined;
  }
  const [reply] = await chain.rpc.batch([
    { method: "eth_getBlockByNumber", params: [quantity(block), true] },
  ]);
  if (reply?.ok !== true || !isRecord(reply.result) || !Array.isArray(reply.result.transactions)) {
    return undefined;
  }
  const creations = reply.result.transactions.filter(isRecord).filter(({ to }) => to === null);
  const receipts = await chain.rpc.batch(
    creations.map(({ hash }) => ({ method: "eth_getTransactionReceipt", params: [hash] })),
  );
  const index = receipts.findIndex(
    (receipt) =>
      receipt.ok &&
      isRecord(receipt.result) &&
      String(receipt.result.contractAddress).toLowerCase() === address.toLowerCase(),
  );
  return inputOf(creations[index]);
}

function inputOf(transaction: unknown): CreationInput | undefined {
  if (!isRecord(transaction) || !isHex(transaction.input) || typeof transaction.hash !== "string") {
    return undefined;
  }
  return { hash: transaction.hash, data: transaction.input };
}

function unknownArguments(compiled: CompiledContract, why: string): EmergencyError {
  return new EmergencyError(
    "CONSTRUCTOR_ARGUMENTS_UNKNOWN",
    `the constructor of ${compiled.contractName} takes arguments, and those of the old contract cannot be taken over: ${why}`,
    "give them with --args '[…]', or name the old contract's creation with --creation-transaction 0x…",
  );
}
