import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { EthereumProvider } from "hardhat/types/providers";

import { EmergencyError, asError, messageOf } from "../errors.js";
import { isRecord } from "../json.js";
import type { Address } from "./address.js";
import type { Chain, Fork, SignableTransaction } from "./chain.js";
import { networkName } from "./connect.js";
import { openGateway, type Gateway } from "./fork-gateway.js";
import { hexResult, quantity } from "./reads.js";
import { providerFailure, providerRpc, type Rpc, type RpcCall, type RpcReply } from "./rpc.js";

/**
 * Copies a live network at a block, with its chain id, in Hardhat's own simulator.
 * @throws EmergencyError NO_FORK when the network is not behind HTTP, or the copy cannot be made.
 */
export async function openFork(
  hre: Pick<HardhatRuntimeEnvironment, "config" | "network" | "globalOptions">,
  chain: Chain,
  chainId: number,
  block: number,
): Promise<Fork> {
  const config = hre.config.networks[networkName(hre)];
  if (config?.type !== "http") {
    throw new EmergencyError(
      "NO_FORK",
      `network "${chain.network}" is a simulation inside this process, and cannot be copied`,
      "name the live network with --network, or leave --rehearse out",
    );
  }
  let gateway: Gateway | undefined;
  let connection: OpenConnection | undefined;
  try {
    gateway = await openGateway(chain);
    connection = await hre.network.create({
      network: SIMULATED_NETWORK,
      ...(config.chainType === undefined ? {} : { chainType: config.chainType }),
      override: {
        chainId,
        // Whoever is needed is impersonated; for each account of its own the simulator asks the node.
        accounts: [],
        forking: { enabled: true, url: gateway.url, blockNumber: block },
      },
    });
    // The simulator runs the copied block by the rules of its time, and for a chain that it does not
    // know it has none. On a block of its own it always has.
    await connection.provider.request({ method: "hardhat_mine", params: ["0x1"] });
    return new ForkedChain(chain, chainId, block, connection, gateway);
  } catch (error) {
    await connection?.close();
    await gateway?.close();
    throw new EmergencyError(
      "NO_FORK",
      `network "${chain.network}" cannot be copied at block ${block}: ${messageOf(error)}`,
      "check that its node serves the state of the latest blocks, or leave --rehearse out",
      asError(error),
    );
  }
}

/** Hardhat always has a simulated network of this name. */
const SIMULATED_NETWORK = "default";

/** What is used of Hardhat's connection, whatever its chain type. */
interface OpenConnection {
  readonly provider: EthereumProvider;
  close(): Promise<void>;
}

class ForkedChain implements Fork {
  readonly kind = "fork";
  readonly onThisMachine = true;
  readonly network: string;
  readonly configuredChainId: number;
  readonly block: number;
  readonly rpc: Rpc;
  readonly fixedGasPriceWei: bigint | undefined;
  readonly #original: Chain;
  readonly #connection: OpenConnection;
  readonly #gateway: Gateway;
  readonly #impersonated = new Set<string>();
  #freeGas = false;

  constructor(
    original: Chain,
    chainId: number,
    block: number,
    connection: OpenConnection,
    gateway: Gateway,
  ) {
    // The name says that it is a copy wherever it is shown.
    this.network = `fork of ${original.network}`;
    this.configuredChainId = chainId;
    this.block = block;
    this.fixedGasPriceWei = original.fixedGasPriceWei;
    const rpc = providerRpc(this.network, connection.provider);
    this.rpc = {
      batch: async (calls) => {
        await keepAsked(rpc, gateway);
        return await rpc.batch(calls.map(withLittleGas));
      },
    };
    this.#original = original;
    this.#connection = connection;
    this.#gateway = gateway;
  }

  async chainId(): Promise<number> {
    return await Promise.resolve(this.configuredChainId);
  }

  chainIdChecked(): void {
    // The id of a fork is given to it, not asked for.
  }

  async accounts(): Promise<readonly Address[]> {
    return await this.#original.accounts();
  }

  async withFreeGas(): Promise<void> {
    await this.#connection.provider.request({
      method: "hardhat_setNextBlockBaseFeePerGas",
      params: ["0x0"],
    });
    this.#freeGas = true;
  }

  async mark(): Promise<string> {
    const mark: unknown = await this.#connection.provider.request({ method: "evm_snapshot" });
    return String(mark);
  }

  async back(mark: string): Promise<void> {
    await this.#connection.provider.request({ method: "evm_revert", params: [mark] });
  }

  async later(seconds: number): Promise<void> {
    const { provider } = this.#connection;
    await provider.request({ method: "evm_increaseTime", params: [quantity(seconds)] });
    await provider.request({ method: "hardhat_mine", params: ["0x1"] });
  }

  async send(transaction: SignableTransaction): Promise<RpcReply> {
    const { provider } = this.#connection;
    const from = transaction.from ?? "";
    try {
      if (!this.#impersonated.has(from)) {
        await provider.request({ method: "hardhat_impersonateAccount", params: [from] });
        this.#impersonated.add(from);
      }
      if (this.#freeGas) {
        await provider.request({
          method: "hardhat_setNextBlockBaseFeePerGas",
          params: ["0x0"],
        });
      }
      const result: unknown = await provider.request({
        method: "eth_sendTransaction",
        params: [this.#freeGas ? withoutFees(transaction) : transaction],
      });
      return { ok: true, result };
    } catch (error) {
      return { ok: false, failure: providerFailure(this.network, error) };
    }
  }

  async close(): Promise<void> {
    await this.#connection.close();
    await this.#gateway.close();
  }
}

/**
 * The simulator keeps every step of a call for its stack traces: ten million gas without end take it
 * seconds. Getters of honest contracts need less than a tenth of this.
 */
const CALL_GAS = 2_000_000;

function withLittleGas(call: RpcCall): RpcCall {
  const [transaction, ...rest] = call.params;
  return call.method === "eth_call" && isRecord(transaction) && Number(transaction.gas) > CALL_GAS
    ? { ...call, params: [{ ...transaction, gas: quantity(CALL_GAS) }, ...rest] }
    : call;
}

/** More than this in one step is a contract that reads without end; it is not worth keeping. */
const MOST_KEPT = 500;

/**
 * Makes the simulator keep what it had to ask for: it remembers only what was written, and asks for all
 * else again with every call. So what is there is written once more, unchanged.
 */
async function keepAsked(rpc: Rpc, gateway: Gateway): Promise<void> {
  const asked = gateway.takeAsked().slice(0, MOST_KEPT);
  if (asked.length === 0) {
    return;
  }
  const values = await rpc.batch(
    asked.map(({ address, slot }) =>
      slot === undefined
        ? { method: "eth_getBalance", params: [address, "latest"] }
        : { method: "eth_getStorageAt", params: [address, slot, "latest"] },
    ),
  );
  const known = asked.flatMap(({ address, slot }, index): readonly RpcCall[] => {
    const value = hexResult(values[index]);
    if (value === undefined) {
      return [];
    }
    return [
      slot === undefined
        ? { method: "hardhat_setBalance", params: [address, value] }
        : { method: "hardhat_setStorageAt", params: [address, slot, value] },
    ];
  });
  await rpc.batch(known);
  // Until the next snapshot the simulator puts what was written together again for every call.
  await rpc.batch([{ method: "evm_snapshot", params: [] }]);
  // Reading them once more was no wish of anybody.
  gateway.takeAsked();
}

function withoutFees(transaction: SignableTransaction): SignableTransaction {
  const others = Object.entries(transaction).filter(
    ([field]) => field !== "maxFeePerGas" && field !== "maxPriorityFeePerGas",
  );
  return { ...Object.fromEntries(others), gasPrice: quantity(0) };
}
