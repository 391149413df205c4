import { setTimeout as wait } from "node:timers/promises";

import type { HttpNetworkConfig } from "hardhat/types/config";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { NetworkHooks } from "hardhat/types/hooks";
import type { NetworkConnection } from "hardhat/types/network";

import { EmergencyError, asError, messageOf } from "../errors.js";
import { once } from "../once.js";
import { registerSecret, registerSecretHeaders, registerSecretUrl } from "../redact.js";
import { checksummed, type Address } from "./address.js";
import { checkChainId, type Chain, type ChainKind } from "./chain.js";
import { quantity } from "./reads.js";
import {
  httpRpc,
  isLoopback,
  providerFailure,
  providerRpc,
  type Rpc,
  type RpcReply,
} from "./rpc.js";

/** What connecting needs of Hardhat. */
export type Networks = Pick<
  HardhatRuntimeEnvironment,
  "config" | "network" | "globalOptions" | "hooks"
>;

/**
 * Opens the network that `--network` names. Nothing is sent yet: the first read checks the chain id.
 * @throws EmergencyError UNKNOWN_NETWORK
 */
export async function openChain(hre: Networks): Promise<Chain> {
  const network = networkName(hre);
  const config = hre.config.networks[network];
  if (config === undefined) {
    const known = Object.keys(hre.config.networks).join(", ");
    throw new EmergencyError(
      "UNKNOWN_NETWORK",
      `no network "${network}" is configured`,
      `name one of these with --network: ${known}`,
    );
  }
  const connection = once(async () => await createConnection(hre, network));
  if (config.type === "edr-simulated") {
    const { provider } = await connection();
    return new ConnectedChain({
      hooks: hre.hooks,
      network,
      kind: "simulated",
      onThisMachine: true,
      configuredChainId: config.chainId,
      rpc: providerRpc(network, provider),
      connection,
      isOpen: () => true,
      fixedGasPriceWei: undefined,
    });
  }
  const url = await secretOf(network, async () => await config.url.getUrl());
  registerSecretUrl(url);
  registerSecretHeaders(config.httpHeaders);
  let opened = false;
  return new ConnectedChain({
    hooks: hre.hooks,
    network,
    kind: "http",
    onThisMachine: isLoopback(new URL(url).hostname),
    configuredChainId: config.chainId,
    rpc: httpRpc({
      networkName: network,
      url,
      headers: config.httpHeaders,
      timeoutMs: Math.min(config.timeout, MAX_TIMEOUT_MS),
      wait: async (milliseconds) => {
        await wait(milliseconds);
      },
    }),
    connection: async () => {
      opened = true;
      const [open] = await Promise.all([connection(), registerKeys(network, config)]);
      return open;
    },
    isOpen: () => opened,
    fixedGasPriceWei: config.gasPrice === "auto" ? undefined : config.gasPrice,
  });
}

/** The network's name as Hardhat chooses it. */
export function networkName(hre: Pick<Networks, "globalOptions">): string {
  const { network } = hre.globalOptions;
  return network;
}

/** An emergency does not wait longer than this for one answer (Hardhat's default is five minutes). */
const MAX_TIMEOUT_MS = 30_000;

async function createConnection(hre: Networks, network: string): Promise<NetworkConnection> {
  return await hre.network.create(network);
}

/** So that a key can never be printed, not even by a library's error. */
async function registerKeys(network: string, config: HttpNetworkConfig): Promise<void> {
  const { accounts } = config;
  if (accounts === "remote") {
    return;
  }
  if ("mnemonic" in accounts) {
    registerSecret(await secretOf(network, async () => await accounts.mnemonic.get()));
    registerSecret(await secretOf(network, async () => await accounts.passphrase.get()));
    return;
  }
  for (const account of accounts) {
    registerSecret(await secretOf(network, async () => await account.getHexString()));
  }
}

/**
 * A value from the keystore or the environment.
 * @throws EmergencyError CONFIG_VARIABLE_MISSING with the command that sets it.
 */
async function secretOf(network: string, read: () => Promise<string>): Promise<string> {
  try {
    return await read();
  } catch (error) {
    const message = messageOf(error);
    const name = /Configuration Variable "([^"]+)" not found/.exec(message)?.[1];
    if (name === undefined) {
      throw error;
    }
    throw new EmergencyError(
      "CONFIG_VARIABLE_MISSING",
      `network "${network}" needs the configuration variable ${name}, which is neither in the keystore nor in the environment`,
      `npx hardhat keystore set ${name}`,
      asError(error),
    );
  }
}

interface ConnectedChainParts {
  readonly hooks: Networks["hooks"];
  readonly network: string;
  readonly kind: ChainKind;
  readonly onThisMachine: boolean;
  readonly configuredChainId: number | undefined;
  readonly rpc: Rpc;
  /** Hardhat's connection, which signs; made when it is first needed. */
  readonly connection: () => Promise<NetworkConnection>;
  /** Whether `connection` has been used, so that closing does not open it. */
  readonly isOpen: () => boolean;
  readonly fixedGasPriceWei: bigint | undefined;
}

/** A chain that Hardhat knows by name. Reads go through `rpc`, signatures through Hardhat. */
class ConnectedChain implements Chain {
  readonly network: string;
  readonly kind: ChainKind;
  readonly onThisMachine: boolean;
  readonly configuredChainId: number | undefined;
  readonly rpc: Rpc;
  readonly fixedGasPriceWei: bigint | undefined;
  readonly #parts: ConnectedChainParts;
  #chainId: number | undefined;
  #accounts: Promise<readonly Address[]> | undefined;
  #handlers: Partial<NetworkHooks> | undefined;

  constructor(parts: ConnectedChainParts) {
    this.network = parts.network;
    this.kind = parts.kind;
    this.onThisMachine = parts.onThisMachine;
    this.configuredChainId = parts.configuredChainId;
    this.rpc = parts.rpc;
    this.fixedGasPriceWei = parts.fixedGasPriceWei;
    this.#parts = parts;
  }

  async chainId(): Promise<number> {
    if (this.#chainId === undefined) {
      const [reply] = await this.rpc.batch([{ method: "eth_chainId", params: [] }]);
      this.#chainId = checkChainId(this, reply);
    }
    return this.#chainId;
  }

  chainIdChecked(chainId: number): void {
    this.#chainId = chainId;
  }

  async accounts(): Promise<readonly Address[]> {
    return await (this.#accounts ??= this.#readAccounts());
  }

  async #readAccounts(): Promise<readonly Address[]> {
    // The chain id is checked first, so that a wrong node is named as such.
    await this.chainId();
    const { provider } = await this.#open();
    let accounts: unknown;
    try {
      accounts = await provider.request({ method: "eth_accounts" });
    } catch (error) {
      // A node without accounts of its own says that it does not know the method.
      providerFailure(this.network, error);
      return [];
    }
    if (!Array.isArray(accounts)) {
      return [];
    }
    return await Promise.all(accounts.filter((a) => typeof a === "string").map(checksummed));
  }

  async send(transaction: Readonly<Record<string, string>>): Promise<RpcReply> {
    const { provider } = await this.#open();
    try {
      const result: unknown = await provider.request({
        method: "eth_sendTransaction",
        params: [transaction],
      });
      return { ok: true, result };
    } catch (error) {
      return { ok: false, failure: providerFailure(this.network, error) };
    }
  }

  /**
   * Hardhat's connection. It asks for the chain id before its first request and again before it signs;
   * we have just asked the same node, so it is told what we know.
   */
  async #open(): Promise<NetworkConnection> {
    if (this.kind === "http" && this.#handlers === undefined) {
      this.#handlers = {
        onRequest: async (context, connection, request, next) =>
          request.method === "eth_chainId" &&
          connection.networkName === this.network &&
          connection.networkConfig.type === "http" &&
          this.#chainId !== undefined
            ? { jsonrpc: "2.0", id: request.id, result: quantity(this.#chainId) }
            : await next(context, connection, request),
      };
      this.#parts.hooks.registerHandlers("network", this.#handlers);
    }
    return await this.#parts.connection();
  }

  async close(): Promise<void> {
    if (this.#handlers !== undefined) {
      this.#parts.hooks.unregisterHandlers("network", this.#handlers);
      this.#handlers = undefined;
    }
    if (!this.#parts.isOpen()) {
      return;
    }
    const connection = await this.#parts.connection();
    await connection.close();
  }
}
