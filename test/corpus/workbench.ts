import { AbiCoder, type Interface } from "ethers";

import { checksummed, type Address, type Hex } from "../../src/chain/address.js";
import { isRecord } from "../../src/json.js";
import { deployer, type TestAccount } from "../helpers/accounts.js";
import { until, type LocalNode } from "../helpers/anvil.js";
import { artifact, hex } from "../helpers/contracts.js";
import type { ContractFile } from "./artifacts.js";

/** A call as somebody. */
export interface Call {
  readonly from: Address;
  readonly to: Address;
  readonly data: Hex;
  readonly valueWei?: bigint;
}

/** How a contract is created. */
export interface DeployOptions {
  readonly from?: TestAccount;
  /** By name. */
  readonly libraries?: Readonly<Record<string, Contract>>;
}

/** Enough for anything that a corpus contract does, and under the cap of one transaction. */
const GAS = "0xf00000";

/** Puts contracts on a development node and calls them. */
export class Workbench {
  readonly #known = new Set<string>();

  constructor(readonly node: LocalNode) {}

  /** Creates a contract of a package. */
  async deploy(
    file: ContractFile,
    args: readonly unknown[] = [],
    { from = deployer, libraries = {} }: DeployOptions = {},
  ): Promise<Contract> {
    const { abi, bytecode, links } = await file.load();
    let code = bytecode;
    for (const { library, start } of links) {
      // A link that is known by its name may be there a second time, by its hash.
      if (!code.startsWith("__", start * 2)) {
        continue;
      }
      const { address } = libraries[library] ?? missing(`library ${library} for ${file.path}`);
      code = code.slice(0, start * 2) + address.slice(2).toLowerCase() + code.slice(start * 2 + 40);
    }
    const data = hex(`0x${code}${abi.encodeDeploy([...args]).slice(2)}`);
    return new Contract(this, await this.create(data, from.address), abi);
  }

  /** Creates a contract of this repository. */
  async deployOwn(name: string, args: readonly unknown[] = []): Promise<Contract> {
    const { abi, bytecode } = await artifact(name);
    const data = hex(bytecode + abi.encodeDeploy([...args]).slice(2));
    return new Contract(this, await this.create(data, deployer.address), abi);
  }

  /** Creates what a piece of creation code makes. */
  async create(data: Hex, from: Address = deployer.address): Promise<Address> {
    const { contractAddress } = await this.#transact({ from, data, gas: GAS });
    if (typeof contractAddress !== "string") {
      throw new Error("a creation put no contract anywhere");
    }
    return await checksummed(contractAddress);
  }

  /** A contract that some other contract has made. */
  async contract(file: ContractFile, address: unknown): Promise<Contract> {
    const { abi } = await file.load();
    return new Contract(this, await checksummed(String(address)), abi);
  }

  /** Sends a transaction, as anybody. Throws when it fails. Gives the logs' emitters and topics. */
  async send(call: Call): Promise<readonly Log[]> {
    await this.#unlock(call.from);
    const { from, to, data, valueWei } = call;
    const value = valueWei === undefined ? {} : { value: `0x${valueWei.toString(16)}` };
    const receipt = await this.#transact({ from, to, data, gas: GAS, ...value });
    return (Array.isArray(receipt.logs) ? receipt.logs : []).filter(isLog);
  }

  /** Sends a transaction and tells whether it changed any contract's storage. */
  async sendTraced(call: Call): Promise<boolean> {
    await this.#unlock(call.from);
    const { from, to, data } = call;
    const { transactionHash } = await this.#transact({ from, to, data, gas: GAS });
    const changes = await this.node.request("debug_traceTransaction", transactionHash, {
      tracer: "prestateTracer",
      tracerConfig: { diffMode: true },
    });
    const before = isRecord(changes) && isRecord(changes.pre) ? Object.values(changes.pre) : [];
    const after = isRecord(changes) && isRecord(changes.post) ? Object.values(changes.post) : [];
    return [...before, ...after].some((account) => isRecord(account) && isRecord(account.storage));
  }

  /** What a call would return; undefined when it reverts. */
  async tryCall(call: Call): Promise<Hex | undefined> {
    const outcome = await this.outcome(call);
    return "answer" in outcome ? outcome.answer : undefined;
  }

  /** What a call would return, or how it is refused: the node's words and the data of the revert. */
  async outcome({ from, to, data, valueWei }: Call): Promise<Outcome> {
    const value = valueWei === undefined ? {} : { value: `0x${valueWei.toString(16)}` };
    return await this.node
      .request("eth_call", { from, to, data, gas: GAS, ...value }, "latest")
      .then(
        (answer) => ({ answer: hex(answer) }),
        (error: unknown) => ({ refusal: error instanceof Error ? error.message : String(error) }),
      );
  }

  /** Runs something and puts the chain back to what it was. */
  async undone<T>(run: () => Promise<T>): Promise<T> {
    const snapshot = await this.node.request("evm_snapshot");
    try {
      return await run();
    } finally {
      await this.node.request("evm_revert", snapshot);
    }
  }

  /** The node signs for any address, once it was told to, and any address can pay. */
  async #unlock(address: Address): Promise<void> {
    if (this.#known.has(address)) {
      return;
    }
    const balance = await this.node.request("eth_getBalance", address, "latest");
    if (BigInt(hex(balance)) < 10n ** 18n) {
      await this.node.request("hardhat_setBalance", address, "0x8ac7230489e80000");
    }
    await this.node.request("hardhat_impersonateAccount", address);
    this.#known.add(address);
  }

  async #transact(transaction: Record<string, string>): Promise<Record<string, unknown>> {
    const hash = await this.node.request("eth_sendTransaction", transaction);
    let receipt: unknown;
    await until("a transaction of the corpus is mined", async () => {
      receipt = await this.node.request("eth_getTransactionReceipt", hash);
      return receipt !== null;
    });
    if (!isRecord(receipt) || receipt.status !== "0x1") {
      const reason: unknown = await this.node
        .request("eth_call", transaction, "latest")
        .catch((error: unknown) => (error instanceof Error ? error.message : error));
      throw new Error(
        `failed with ${String(reason)}: ${JSON.stringify(transaction).slice(0, 400)}`,
      );
    }
    return receipt;
  }
}

/** How a call ended. */
export type Outcome = { readonly answer: Hex } | { readonly refusal: string };

/** An event, undecoded. */
export interface Log {
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
}

function isLog(value: unknown): value is Log {
  return isRecord(value) && typeof value.address === "string" && Array.isArray(value.topics);
}

function missing(what: string): never {
  throw new Error(`missing: ${what}`);
}

/** A contract on the node, with the functions that one believes it has. */
export class Contract {
  constructor(
    readonly bench: Workbench,
    readonly address: Address,
    readonly abi: Interface,
  ) {}

  /** The same functions at another address: a proxy. */
  async at(address: unknown): Promise<Contract> {
    return new Contract(this.bench, await checksummed(String(address)), this.abi);
  }

  data(name: string, ...args: readonly unknown[]): Hex {
    return hex(this.abi.encodeFunctionData(name, [...args]));
  }

  /** A call that may be made later. */
  call(from: TestAccount | Contract | Address, name: string, ...args: readonly unknown[]): Call {
    const sender = typeof from === "string" ? from : from.address;
    return { from: sender, to: this.address, data: this.data(name, ...args) };
  }

  async send(
    from: TestAccount | Contract | Address,
    name: string,
    ...args: readonly unknown[]
  ): Promise<readonly Log[]> {
    return await this.bench.send(this.call(from, name, ...args)).catch((error: unknown) => {
      throw new Error(`${name}(${args.map(String).join(", ")}) failed`, { cause: error });
    });
  }

  /** The first value that a function returns. */
  async read(name: string, ...args: readonly unknown[]): Promise<unknown> {
    const answer = await this.bench.tryCall(this.call(deployer, name, ...args));
    if (answer === undefined) {
      throw new Error(`${name} of ${this.address} reverts`);
    }
    const values: readonly unknown[] = this.abi.decodeFunctionResult(name, answer).toArray();
    return values[0];
  }
}

/** A call without an ABI: `raw(from, to, "0x8456cb59")`, with words as arguments. */
export function raw(
  from: TestAccount | Address,
  to: Address,
  selector: Hex,
  types: readonly string[] = [],
  values: readonly unknown[] = [],
): Call {
  const args = AbiCoder.defaultAbiCoder().encode([...types], [...values]);
  return {
    from: typeof from === "string" ? from : from.address,
    to,
    data: hex(selector + args.slice(2)),
  };
}
