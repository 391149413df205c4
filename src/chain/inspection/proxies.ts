import { addressInWord, checksummed, type Address, type Hex } from "../address.js";
import { hexResult, staticCall, storageAt, type Read } from "../reads.js";
import type { RpcReply } from "../rpc.js";
import { canDelegate } from "./opcodes.js";

/**
 * The storage slots of ERC-1967 (https://eips.ethereum.org/EIPS/eip-1967):
 * keccak256("eip1967.proxy.implementation") - 1 and so on.
 */
export const ERC1967 = {
  implementation: "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc",
  admin: "0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103",
  beacon: "0xa3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6cb3582b35133d50",
} as const;

/** keccak256("org.zeppelinos.proxy.implementation") and "….admin": proxies of 2018, USDC's among them. */
const ZEPPELINOS = {
  implementation: "0x7050c9e0f4ca769c69bd3a8ef740bc37934f8e2c036e5a723fd8ee048ed3f8c3",
  admin: "0x10d6a54a4754c8869d6886b5f5d7fbfa5b4522237ea5c60d11bc4e7a1ff9390b",
} as const;

/** keccak256("PROXIABLE"), ERC-1822. */
const ERC1822 = "0xc5f16f0fcc639fa48a6947836d9850f504798523bf8c9a3a87d5876cf622bcf7";

/** Where a Safe's proxy keeps its singleton. */
const SLOT_0 = `0x${"0".repeat(64)}` as const;
/** `masterCopy()`, which a Safe's proxy answers itself. */
const MASTER_COPY = "a619486e";
/** `comptrollerImplementation()` of Compound's Unitroller. */
const COMPTROLLER_IMPLEMENTATION = "0xbb82aa5e";
/** `facetAddresses()` of a diamond's loupe (ERC-2535). */
const FACET_ADDRESSES = "0x52ef6b2c";

/**
 * How a proxy finds its code:
 * - `transparent`: ERC-1967, upgraded by its admin contract (OpenZeppelin's ProxyAdmin)
 * - `uups`: ERC-1967, upgraded by a call to the proxy itself
 * - `beacon`: at its beacon, together with every other proxy of it
 * - `erc1967`: it has an implementation slot, but how it is upgraded is not known
 * - `zeppelinos`, `erc1822`: older slots
 * - `minimal`: the address is in its code (ERC-1167 and its relatives); it can never be upgraded
 * - `eip7702`: an account that runs the code of a contract
 * - `safe`: slot 0
 * - `unitroller`: Compound's, which names its own implementation
 * - `diamond`: many facets, one a selector (ERC-2535)
 * - `plain-storage`: in a storage word of its own; seen by watching where a call goes
 * - `resolved`: another contract names it (an address manager, a kernel, a registry); seen likewise
 * - `forwarder`: it hands calls on to an address in its code; seen likewise
 * - `call-forwarder`: it hands calls on by calling, not by running the other code in its own place
 * - `unknown`: it can run other code, but whose is not known
 */
export type ProxyKind =
  | "transparent"
  | "uups"
  | "beacon"
  | "erc1967"
  | "zeppelinos"
  | "erc1822"
  | "minimal"
  | "eip7702"
  | "safe"
  | "unitroller"
  | "diamond"
  | "plain-storage"
  | "resolved"
  | "forwarder"
  | "call-forwarder"
  | "unknown";

/** What a contract's code and storage say about where its functions are. */
export interface ProxySigns {
  readonly kind: Exclude<ProxyKind, "transparent" | "uups">;
  /** Null where it must be asked for (beacon), or where there are many (diamond), or none is known. */
  readonly implementation: Address | null;
  readonly admin: Address | null;
  readonly beacon: Address | null;
  /** Of a diamond. */
  readonly facets: readonly Address[];
}

/** The reads that {@link readProxySigns} needs. */
export function proxyReads(address: Address): readonly Read[] {
  return [
    storageAt(address, ERC1967.implementation),
    storageAt(address, ERC1967.admin),
    storageAt(address, ERC1967.beacon),
    storageAt(address, ZEPPELINOS.implementation),
    storageAt(address, ZEPPELINOS.admin),
    storageAt(address, ERC1822),
    storageAt(address, SLOT_0),
    staticCall(address, COMPTROLLER_IMPLEMENTATION),
    staticCall(address, FACET_ADDRESSES),
  ];
}

/** How many replies {@link proxyReads} gives. */
export const PROXY_READS = 9;
/** How many of them, the first ones, are words of storage. */
export const PROXY_WORDS = 7;

/**
 * What a contract's own code and storage say. Slots alone prove nothing: only code that can run
 * other code is a proxy.
 * @param replies those of {@link proxyReads}.
 */
export async function readProxySigns(
  code: Hex,
  replies: readonly RpcReply[],
): Promise<ProxySigns | null> {
  const none = { implementation: null, admin: null, beacon: null, facets: [] };
  const inCode = await addressInCode(code);
  if (inCode !== undefined) {
    return { ...none, ...inCode };
  }
  if (!canDelegate(code)) {
    return null;
  }
  const words = await Promise.all(
    replies.map(async (reply) => (await addressInWord(hexResult(reply) ?? "")) ?? null),
  );
  const at = (index: number): Address | null => words[index] ?? null;
  const [implementation, admin, beacon] = [at(0), at(1), at(2)];
  if (beacon !== null) {
    return { ...none, kind: "beacon", beacon, admin };
  }
  if (implementation !== null) {
    return { ...none, kind: "erc1967", implementation, admin };
  }
  if (at(3) !== null) {
    return { ...none, kind: "zeppelinos", implementation: at(3), admin: at(4) };
  }
  if (at(5) !== null) {
    return { ...none, kind: "erc1822", implementation: at(5) };
  }
  if (at(6) !== null && code.includes(MASTER_COPY) && isShort(code)) {
    return { ...none, kind: "safe", implementation: at(6) };
  }
  if (at(7) !== null) {
    return { ...none, kind: "unitroller", implementation: at(7) };
  }
  const facets = await addressList(hexResult(replies[8]));
  if (facets.length > 0) {
    return { ...none, kind: "diamond", facets };
  }
  // Long code with a DELEGATECALL in it is a contract with a library, or a multicall.
  return isShort(code) ? { ...none, kind: "unknown" } : null;
}

/** The code of a forwarder is small; a contract with functions of its own is not. */
function isShort(code: Hex): boolean {
  return code.length < 2 + 2 * 700;
}

/**
 * Proxies that carry the address in their code: ERC-1167 and its relatives push 20 bytes and
 * delegate to them, with or without arguments behind; ERC-7702 accounts are 0xef0100 and the address.
 */
async function addressInCode(
  code: Hex,
): Promise<{ kind: "minimal" | "eip7702"; implementation: Address } | undefined> {
  const account = /^0xef0100([0-9a-f]{40})$/i.exec(code)?.[1];
  if (account !== undefined) {
    return { kind: "eip7702", implementation: await checksummed(`0x${account}`) };
  }
  // PUSH20 <address>, then GAS (5a) and DELEGATECALL (f4): within the first 60 bytes in every variant.
  const head = code.slice(2, 2 + 2 * 100);
  const match = /73([0-9a-f]{40})5af4/i.exec(head);
  if (match?.[1] === undefined || match.index % 2 !== 0) {
    return undefined;
  }
  return { kind: "minimal", implementation: await checksummed(`0x${match[1]}`) };
}

/** More facets than this are not read: no honest diamond has them. */
const MOST_FACETS = 200;

/** An ABI-encoded `address[]`, or nothing when it is anything else. */
async function addressList(data: Hex | undefined): Promise<readonly Address[]> {
  if (data === undefined || !/^0x0{62}20/.test(data)) {
    return [];
  }
  const count = Number(`0x${data.slice(66, 130)}`);
  if (!(count > 0 && count <= MOST_FACETS) || data.length !== 130 + count * 64) {
    return [];
  }
  const words = Array.from({ length: count }, (_, index) => {
    const start = 130 + index * 64;
    return `0x${data.slice(start, start + 64)}`;
  });
  const addresses = await Promise.all(words.map(addressInWord));
  return addresses.filter((address) => address !== undefined);
}
