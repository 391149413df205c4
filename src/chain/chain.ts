import { EmergencyError } from "../errors.js";
import { isRecord } from "../json.js";
import type { Address, Hex } from "./address.js";
import { isHex, quantity, type Read } from "./reads.js";
import { invalid, type Rpc, type RpcReply } from "./rpc.js";

/** A block as the plugin needs it. */
export interface Block {
  readonly number: number;
  readonly hash: string;
  /** Seconds since 1970, as the chain says. */
  readonly timestamp: number;
  /** In wei; undefined on chains without EIP-1559. */
  readonly baseFeePerGas: bigint | undefined;
  readonly gasLimit: bigint;
}

/**
 * How a chain is reached, and so what it can be:
 * - `http`: a node; live, or a development node
 * - `simulated`: inside this process, gone afterwards
 * - `fork`: a copy of another chain, inside this process, gone afterwards
 */
export type ChainKind = "http" | "simulated" | "fork";

/**
 * Chain ids that only development nodes use: Hardhat and anvil (31337), Ganache and geth --dev (1337).
 */
const DEVELOPMENT_CHAIN_IDS: ReadonlySet<number> = new Set([31337, 1337]);

/**
 * Whether a chain is real, so that its name must be typed before anything is written. A node on
 * this machine with the id of a public chain may be a fork or the real thing: it counts as live.
 */
export function isLive(chain: Pick<Chain, "kind" | "onThisMachine">, chainId: number): boolean {
  return chain.kind === "http" && !(chain.onThisMachine && DEVELOPMENT_CHAIN_IDS.has(chainId));
}

/** What a transaction needs before it can be signed. */
export interface TransactionRequest {
  readonly from: Address;
  /** Undefined deploys a contract. */
  readonly to?: Address;
  readonly data: Hex;
  readonly valueWei: bigint;
}

/** A transaction with every field set, ready to be signed. All quantities as JSON-RPC hex. */
export type SignableTransaction = Readonly<Record<string, string>>;

/** A connection to a chain whose id has been checked. */
export interface Chain {
  /** As in the configuration. */
  readonly network: string;
  readonly kind: ChainKind;
  /** Whether its node has a loopback address. */
  readonly onThisMachine: boolean;
  /** The id that the node must have; undefined when the configuration names none. */
  readonly configuredChainId: number | undefined;
  readonly rpc: Rpc;
  /** The id that the node gave and that was checked. */
  chainId(): Promise<number>;
  /** Remembers the id that a look has checked, so that it need not be asked for again. */
  chainIdChecked(chainId: number): void;
  /** The accounts that can sign here, checksummed. */
  accounts(): Promise<readonly Address[]>;
  /**
   * Signs and sends. One attempt; never repeated.
   * @returns the transaction's hash.
   */
  send(transaction: SignableTransaction): Promise<RpcReply>;
  /** Fees fixed in the network's configuration (`gasPrice`), in wei, or undefined. */
  readonly fixedGasPriceWei: bigint | undefined;
  close(): Promise<void>;
}

/** A copy of a chain inside this process. Every account can sign there. */
export interface Fork extends Chain {
  readonly kind: "fork";
  /** The block that was copied. */
  readonly block: number;
  /** Makes gas free from now on, so that an account without ETH can be tried. */
  withFreeGas(): Promise<void>;
  /** Remembers the state, for one `back`. */
  mark(): Promise<string>;
  /** Takes everything back that happened since `mark`. */
  back(mark: string): Promise<void>;
  /** Lets time go by: some seconds, and a block. */
  later(seconds: number): Promise<void>;
}

/** Whether a chain is a copy, on which anything may be tried. */
export function isFork(chain: Chain): chain is Fork {
  return chain.kind === "fork";
}

/** What was read, and the one block at which it is true. */
export interface Look {
  readonly chainId: number;
  readonly block: Block;
  readonly replies: readonly RpcReply[];
}

/**
 * Reads many things at one block, in one round trip where the chain stands still meanwhile. When a
 * block arrives in between, the reads are repeated, pinned to the block that was seen first.
 * @throws EmergencyError WRONG_CHAIN when the node's chain id is not the configured one.
 */
export async function look(chain: Chain, reads: readonly Read[]): Promise<Look> {
  const replies = await chain.rpc.batch([
    { method: "eth_chainId", params: [] },
    { method: "eth_getBlockByNumber", params: ["latest", false] },
    ...reads.map((read) => read("latest")),
    { method: "eth_blockNumber", params: [] },
  ]);
  const chainId = checkChainId(chain, replies[0]);
  chain.chainIdChecked(chainId);
  const block = parseBlock(
    chain.network,
    required(chain.network, replies[1], "eth_getBlockByNumber"),
  );
  const last = required(chain.network, replies.at(-1), "eth_blockNumber");
  if (!isHex(last)) {
    throw invalid(chain.network, "eth_blockNumber gave no number");
  }
  if (Number(last) === block.number) {
    return { chainId, block, replies: replies.slice(2, -1) };
  }
  return { chainId, block, replies: await lookAt(chain, block.number, reads) };
}

/** Reads many things at a given block. */
export async function lookAt(
  chain: Chain,
  blockNumber: number,
  reads: readonly Read[],
): Promise<readonly RpcReply[]> {
  const tag = quantity(blockNumber);
  return await chain.rpc.batch(reads.map((read) => read(tag)));
}

/**
 * The node's chain id, compared with the configuration.
 * @throws EmergencyError WRONG_CHAIN, RPC_INVALID
 */
export function checkChainId(
  chain: Pick<Chain, "network" | "configuredChainId">,
  reply: RpcReply | undefined,
): number {
  const answer = required(chain.network, reply, "eth_chainId");
  const chainId = isHex(answer) ? Number(answer) : NaN;
  if (!Number.isSafeInteger(chainId)) {
    throw invalid(chain.network, "eth_chainId gave no number");
  }
  if (chain.configuredChainId !== undefined && chain.configuredChainId !== chainId) {
    throw new EmergencyError(
      "WRONG_CHAIN",
      `network "${chain.network}" is configured as chain id ${chain.configuredChainId}, but its node serves chain id ${chainId}. Nothing was written`,
      `correct url or chainId of network "${chain.network}" in hardhat.config.ts, or name another network with --network`,
    );
  }
  return chainId;
}

/** The result of a call that every node must answer. */
export function required(network: string, reply: RpcReply | undefined, method: string): unknown {
  if (reply === undefined) {
    throw invalid(network, `${method} was not answered`);
  }
  if (!reply.ok) {
    throw new EmergencyError(
      "RPC_REFUSED",
      `the node of network "${network}" refused ${method}: ${reply.failure.message}`,
      `check that the url of network "${network}" in hardhat.config.ts is that of a full Ethereum node, then type the same command again`,
    );
  }
  return reply.result;
}

/** A block as JSON-RPC gives it. */
export function parseBlock(network: string, value: unknown): Block {
  if (!isRecord(value)) {
    throw invalid(network, "the node has no latest block");
  }
  const { number, hash, timestamp, baseFeePerGas, gasLimit } = value;
  if (!isHex(number) || !isHex(hash) || !isHex(timestamp) || !isHex(gasLimit)) {
    throw invalid(network, "the latest block lacks its number, hash, time or gas limit");
  }
  return {
    number: Number(number),
    hash,
    timestamp: Number(timestamp),
    baseFeePerGas: isHex(baseFeePerGas) ? BigInt(baseFeePerGas) : undefined,
    gasLimit: BigInt(gasLimit),
  };
}
