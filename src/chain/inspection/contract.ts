import { EmergencyError } from "../../errors.js";
import { addressInWord, sameAddress, type Address, type Hex } from "../address.js";
import { look, lookAt, type Block, type Chain } from "../chain.js";
import { codeAt, hexResult, staticCall, storageAt, type Read } from "../reads.js";
import { invalid, type RpcReply } from "../rpc.js";
import { codeHash } from "./bytecode.js";

/**
 * The storage slots of ERC-1967 (https://eips.ethereum.org/EIPS/eip-1967):
 * keccak256("eip1967.proxy.implementation") - 1 and so on.
 */
export const ERC1967 = {
  implementation: "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc",
  admin: "0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103",
  beacon: "0xa3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6cb3582b35133d50",
} as const;

/** `UPGRADE_INTERFACE_VERSION()`: "5.0.0" on OpenZeppelin 5's ProxyAdmin and UUPS contracts. */
const UPGRADE_INTERFACE_VERSION = "0xad3cb1cc";
/** `proxiableUUID()` of ERC-1822, which every UUPS implementation has. */
const PROXIABLE_UUID = "0x52d1902d";
/** `implementation()` of a beacon. */
const IMPLEMENTATION = "0x5c60da1b";

/**
 * How a proxy is upgraded:
 * - `transparent`: by its admin contract (OpenZeppelin's ProxyAdmin)
 * - `uups`: by a call to the proxy itself
 * - `beacon`: at its beacon, together with every other proxy of it
 * - `erc1967`: it has an implementation slot, but how it is upgraded is not known
 */
export type ProxyKind = "transparent" | "uups" | "beacon" | "erc1967";

/** A proxy, as its storage shows it. */
export interface Proxy {
  readonly kind: ProxyKind;
  readonly implementation: Address;
  readonly admin: Address | null;
  readonly beacon: Address | null;
  /** What `UPGRADE_INTERFACE_VERSION()` says, of the admin or the implementation; null where it has none. */
  readonly interfaceVersion: string | null;
}

/** A contract at one block. */
export interface InspectedContract {
  readonly address: Address;
  readonly code: Hex;
  readonly codeHash: Hex;
  readonly proxy: Proxy | null;
  /** Where the functions are: the implementation, or the contract itself. */
  readonly logic: { readonly address: Address; readonly code: Hex; readonly codeHash: Hex };
}

/** A contract, and the caller's own reads at the same block. */
export interface Inspection {
  readonly chainId: number;
  readonly block: Block;
  readonly contract: InspectedContract;
  readonly replies: readonly RpcReply[];
  readonly followUps: readonly RpcReply[];
}

/**
 * Looks at a contract in two round trips, both at the same block.
 * @param reads what the caller wants to know as well, in the first round trip.
 * @param followUp what it wants to know after the first, in the second.
 * @throws EmergencyError NO_CODE when there is no contract.
 */
export async function inspectContract(
  chain: Chain,
  address: Address,
  reads: readonly Read[] = [],
  followUp: (replies: readonly RpcReply[]) => Promise<readonly Read[]> = async () =>
    await Promise.resolve([]),
): Promise<Inspection> {
  const seen = await look(chain, [
    codeAt(address),
    storageAt(address, ERC1967.implementation),
    storageAt(address, ERC1967.admin),
    storageAt(address, ERC1967.beacon),
    ...reads,
  ]);
  const [codeReply, implementationReply, adminReply, beaconReply, ...replies] = seen.replies;
  const code = hexResult(codeReply);
  if (code === undefined) {
    throw invalid(chain.network, "eth_getCode gave no code");
  }
  if (code === "0x") {
    throw noCode(chain, address, seen.block);
  }
  const further = await followUp(replies);
  const admin = (await addressInWord(hexResult(adminReply) ?? "")) ?? null;
  const beacon = (await addressInWord(hexResult(beaconReply) ?? "")) ?? null;
  let implementation = (await addressInWord(hexResult(implementationReply) ?? "")) ?? null;

  const number = seen.block.number;
  if (implementation === null && beacon !== null) {
    const [reply] = await lookAt(chain, number, [staticCall(beacon, IMPLEMENTATION)]);
    implementation = (await addressInWord(hexResult(reply) ?? "")) ?? null;
  }
  const own = { address, code, codeHash: await codeHash(code) };
  if (implementation === null) {
    const followUps = further.length === 0 ? [] : await lookAt(chain, number, further);
    return {
      chainId: seen.chainId,
      block: seen.block,
      contract: { ...own, proxy: null, logic: own },
      replies,
      followUps,
    };
  }
  const [logicReply, uuidReply, versionReply, ...followUps] = await lookAt(chain, number, [
    codeAt(implementation),
    staticCall(implementation, PROXIABLE_UUID),
    staticCall(admin ?? implementation, UPGRADE_INTERFACE_VERSION),
    ...further,
  ]);
  const logicCode = hexResult(logicReply) ?? "0x";
  if (logicCode === "0x") {
    throw new EmergencyError(
      "NO_CODE",
      `${address} is a proxy, but there is no code at its implementation ${implementation}`,
      "check the address; if it is right, the implementation was destroyed and only an upgrade can help",
    );
  }
  const uuid = hexResult(uuidReply);
  return {
    chainId: seen.chainId,
    block: seen.block,
    contract: {
      ...own,
      proxy: {
        kind: kindOf(admin, beacon, uuid),
        implementation,
        admin,
        beacon,
        interfaceVersion: shortString(hexResult(versionReply)),
      },
      logic: { address: implementation, code: logicCode, codeHash: await codeHash(logicCode) },
    },
    replies,
    followUps,
  };
}

function kindOf(admin: Address | null, beacon: Address | null, uuid: Hex | undefined): ProxyKind {
  if (beacon !== null) {
    return "beacon";
  }
  if (admin !== null) {
    return "transparent";
  }
  return uuid !== undefined && sameAddress(uuid, ERC1967.implementation) ? "uups" : "erc1967";
}

/** An ABI-encoded string of at most 31 bytes, or null for anything else. */
function shortString(data: Hex | undefined): string | null {
  if (data?.length !== 2 + 3 * 64) {
    return null;
  }
  const length = Number.parseInt(data.slice(66, 130), 16);
  if (!(length > 0 && length < 32)) {
    return null;
  }
  return Buffer.from(data.slice(130, 130 + length * 2), "hex").toString("utf8");
}

function noCode(chain: Chain, address: Address, block: Block): EmergencyError {
  const hint =
    chain.kind === "simulated"
      ? `network "${chain.network}" is a simulation inside this process and starts empty: name the real one with --network`
      : "check the address and --network";
  return new EmergencyError(
    "NO_CODE",
    `there is no contract at ${address} on network "${chain.network}" (block ${block.number})`,
    hint,
  );
}

/** A contract in one line, for people. */
export function describeContract(contract: InspectedContract): string {
  const { proxy } = contract;
  if (proxy === null) {
    return "not an ERC-1967 proxy";
  }
  const admin = proxy.admin === null ? "" : `, admin ${proxy.admin}`;
  const beacon = proxy.beacon === null ? "" : `, beacon ${proxy.beacon}`;
  return `${proxy.kind} proxy, implementation ${proxy.implementation}${admin}${beacon}`;
}
