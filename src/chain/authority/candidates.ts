import type { Interface } from "ethers";

import { addressInWord, topicAddress, type Address, type Hex } from "../address.js";
import { lookAt, type Chain } from "../chain.js";
import { hexResult, isHex, staticCall } from "../reads.js";
import type { Candidate, Candidates } from "./holders.js";
import { findLogs } from "./logs.js";

/** Ownable: `owner()`. */
export async function ownerCandidates(
  chain: Chain,
  target: Address,
  blockNumber: number,
): Promise<Candidates> {
  const [reply] = await lookAt(chain, blockNumber, [staticCall(target, OWNER.selector)]);
  const owner = await addressInWord(hexResult(reply) ?? "");
  return owner === undefined
    ? { needs: "Ownable: only the owner, and owner() names nobody", candidates: [], unknown: [] }
    : {
        needs: "Ownable: only the owner",
        candidates: [{ address: owner, via: OWNER.signature }],
        unknown: [],
      };
}

const OWNER = { signature: "owner()", selector: "0x8da5cb5b" } as const;

/**
 * Getters that name a single powerful address, tried when the refusal does not say what it wants.
 * Circle, Compound, Lido, MakerDAO, Yearn and others use them.
 */
const POINTERS = [
  OWNER,
  { signature: "pauser()", selector: "0x9fd0506d" },
  { signature: "guardian()", selector: "0x452a9320" },
  { signature: "pauseGuardian()", selector: "0x24a3d622" },
  { signature: "admin()", selector: "0xf851a440" },
  { signature: "governance()", selector: "0x5aa6e675" },
  { signature: "governor()", selector: "0x0c340a24" },
] as const;

/** Whoever the usual getters name. */
export async function pointerCandidates(
  chain: Chain,
  target: Address,
  blockNumber: number,
): Promise<Candidates> {
  const replies = await lookAt(
    chain,
    blockNumber,
    POINTERS.map(({ selector }) => staticCall(target, selector)),
  );
  const candidates: Candidate[] = [];
  for (const [index, pointer] of POINTERS.entries()) {
    const address = await addressInWord(hexResult(replies[index]) ?? "");
    if (address !== undefined) {
      candidates.push({ address, via: pointer.signature });
    }
  }
  return {
    needs: "an authority of its own kind",
    candidates,
    unknown: ["who else may is not known: only the usual getters were asked"],
  };
}

const ACCESS_CONTROL = [
  "event RoleGranted(bytes32 indexed role, address indexed account, address indexed sender)",
  "function getRoleMemberCount(bytes32 role) view returns (uint256)",
  "function getRoleMember(bytes32 role, uint256 index) view returns (address)",
  "function hasRole(bytes32 role, address account) view returns (bool)",
  "function PAUSER_ROLE() view returns (bytes32)",
  "function DEFAULT_ADMIN_ROLE() view returns (bytes32)",
  "function UPGRADER_ROLE() view returns (bytes32)",
];

/** More members than this are not tried one by one. */
const MOST_MEMBERS = 50n;

/**
 * AccessControl: the members of a role, from AccessControlEnumerable or from the RoleGranted events
 * of accounts that still have it.
 */
export async function roleCandidates(
  chain: Chain,
  target: Address,
  role: string,
  blockNumber: number,
): Promise<Candidates> {
  const abi = await interfaceOf(ACCESS_CONTROL);
  const name = await roleName(chain, target, role, blockNumber, abi);
  const needs = `AccessControl: role ${name}`;
  const [countReply] = await lookAt(chain, blockNumber, [
    staticCall(target, encode(abi, "getRoleMemberCount", [role])),
  ]);
  const count = hexResult(countReply);
  if (count?.length === 66 && BigInt(count) <= MOST_MEMBERS) {
    const replies = await lookAt(
      chain,
      blockNumber,
      Array.from({ length: Number(count) }, (_, index) =>
        staticCall(target, encode(abi, "getRoleMember", [role, index])),
      ),
    );
    const members = await Promise.all(
      replies.map(async (reply) => await addressInWord(hexResult(reply) ?? "")),
    );
    return {
      needs,
      candidates: members
        .filter((address) => address !== undefined)
        .map((address) => ({ address, via: `holds role ${name} (getRoleMember)` })),
      unknown: [],
    };
  }
  const topic = abi.getEvent("RoleGranted")?.topicHash ?? "";
  const search = await findLogs(chain, target, [topic, role], blockNumber);
  const accounts = await Promise.all(
    search.logs.map(async ({ topics }) => await topicAddress(topics[2] ?? "")),
  );
  const distinct = [...new Set(accounts)];
  const holds = await lookAt(
    chain,
    blockNumber,
    distinct.map((account) => staticCall(target, encode(abi, "hasRole", [role, account]))),
  );
  return {
    needs,
    candidates: distinct
      .filter((_, index) => BigInt(hexResult(holds[index]) ?? "0x0") === 1n)
      .map((address) => ({ address, via: `holds role ${name} (event RoleGranted)` })),
    unknown: incomplete(search.fromBlock, "RoleGranted"),
  };
}

const ACCESS_MANAGER = [
  "event RoleGranted(uint64 indexed roleId, address indexed account, uint32 delay, uint48 since, bool newMember)",
  "function authority() view returns (address)",
  "function getTargetFunctionRole(address target, bytes4 selector) view returns (uint64)",
  "function canCall(address caller, address target, bytes4 selector) view returns (bool immediate, uint32 delay)",
];

/** AccessManaged: the members of the role that the manager wants for this function. */
export async function managedCandidates(
  chain: Chain,
  target: Address,
  data: Hex,
  blockNumber: number,
): Promise<Candidates> {
  const abi = await interfaceOf(ACCESS_MANAGER);
  const selector = data.slice(0, 10);
  const [authorityReply] = await lookAt(chain, blockNumber, [
    staticCall(target, encode(abi, "authority", [])),
  ]);
  const manager = await addressInWord(hexResult(authorityReply) ?? "");
  if (manager === undefined) {
    return {
      needs: "AccessManaged",
      candidates: [],
      unknown: ["authority() names no manager"],
    };
  }
  const [roleReply] = await lookAt(chain, blockNumber, [
    staticCall(manager, encode(abi, "getTargetFunctionRole", [target, selector])),
  ]);
  const roleId = BigInt(hexResult(roleReply) ?? "0x0");
  const needs = `AccessManaged: role ${roleId === 0n ? "ADMIN (0)" : roleId} of manager ${manager}`;
  const topic = abi.getEvent("RoleGranted")?.topicHash ?? "";
  const search = await findLogs(
    chain,
    manager,
    [topic, `0x${roleId.toString(16).padStart(64, "0")}`],
    blockNumber,
  );
  const accounts = await Promise.all(
    search.logs.map(async ({ topics }) => await topicAddress(topics[2] ?? "")),
  );
  const distinct = [...new Set(accounts)];
  const replies = await lookAt(
    chain,
    blockNumber,
    distinct.map((account) =>
      staticCall(manager, encode(abi, "canCall", [account, target, selector])),
    ),
  );
  const candidates: Candidate[] = [];
  for (const [index, address] of distinct.entries()) {
    const answer = hexResult(replies[index]);
    if (answer?.length !== 130) {
      continue;
    }
    const immediate = BigInt(answer.slice(0, 66)) === 1n;
    const delaySeconds = BigInt(`0x${answer.slice(66)}`);
    if (immediate || delaySeconds > 0n) {
      candidates.push({
        address,
        via: `holds role ${roleId} of manager ${manager}`,
        ...(immediate ? {} : { obstacle: `only after a delay of ${delaySeconds} s` }),
      });
    }
  }
  return { needs, candidates, unknown: incomplete(search.fromBlock, "RoleGranted") };
}

/** The role's name, if the contract has a getter for one of the usual names. */
async function roleName(
  chain: Chain,
  target: Address,
  role: string,
  blockNumber: number,
  abi: Interface,
): Promise<string> {
  const names = ["PAUSER_ROLE", "UPGRADER_ROLE"];
  const replies = await lookAt(
    chain,
    blockNumber,
    names.map((name) => staticCall(target, encode(abi, name, []))),
  );
  const index = replies.findIndex(
    (reply) => hexResult(reply)?.toLowerCase() === role.toLowerCase(),
  );
  const name = names[index];
  if (name !== undefined) {
    return name;
  }
  return /^0x0+$/.test(role) ? "DEFAULT_ADMIN_ROLE" : role;
}

function incomplete(fromBlock: number, event: string): string[] {
  return fromBlock === 0
    ? []
    : [
        `the node gives ${event} events only from block ${fromBlock} on: holders from before are not known`,
      ];
}

async function interfaceOf(fragments: readonly string[]): Promise<Interface> {
  const ethers = await import("ethers");
  return new ethers.Interface(fragments);
}

function encode(abi: Interface, name: string, args: readonly unknown[]): Hex {
  const data = abi.encodeFunctionData(name, args);
  return isHex(data) ? data : "0x";
}
