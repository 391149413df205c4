import { addressInWord, type Address, type Hex } from "../address.js";
import { lookAt, type Chain } from "../chain.js";
import { hexResult, isHex, staticCall } from "../reads.js";
import type { Candidate, Candidates } from "./holders.js";
import { everGranted } from "./managers.js";
import { usualRoleName } from "./role-names.js";
import { roleMembers } from "./roles.js";
import { encodeCall, wordIn } from "./words.js";

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

/**
 * AccessControl: the members of a role, from AccessControlEnumerable or from the RoleGranted events
 * of accounts that still have it.
 * @param role 32 bytes in hex, as the refusal names it.
 */
export async function roleCandidates(
  chain: Chain,
  target: Address,
  role: string,
  blockNumber: number,
): Promise<Candidates> {
  if (!isHex(role)) {
    return { needs: "AccessControl", candidates: [], unknown: [`which role "${role}" is`] };
  }
  const [name, { members, unknown }] = await Promise.all([
    roleName(chain, target, role, blockNumber),
    roleMembers(chain, target, [role], blockNumber),
  ]);
  return {
    needs: `AccessControl: role ${name}`,
    candidates: members.map(({ address, how }) => ({
      address,
      via: `holds role ${name} (${how})`,
    })),
    unknown,
  };
}

/** `authority()` of AccessManaged. */
const AUTHORITY = "0xbf7e214f";
/** `getTargetFunctionRole(address,bytes4)` of AccessManager. */
const GET_TARGET_FUNCTION_ROLE = "0x6d5115bd";
/** `canCall(address,address,bytes4)` of AccessManager: (immediate, delay in seconds). */
const CAN_CALL = "0xb7009613";

/** AccessManaged: the members of the role that the manager wants for this function. */
export async function managedCandidates(
  chain: Chain,
  target: Address,
  data: Hex,
  blockNumber: number,
): Promise<Candidates> {
  // A bytes4 fills a word from the left.
  const selector: Hex = `0x${data.slice(2, 10).padEnd(64, "0")}`;
  const [authorityReply] = await lookAt(chain, blockNumber, [staticCall(target, AUTHORITY)]);
  const manager = await addressInWord(hexResult(authorityReply) ?? "");
  if (manager === undefined) {
    return {
      needs: "AccessManaged",
      candidates: [],
      unknown: ["authority() names no manager"],
    };
  }
  const [roleReply] = await lookAt(chain, blockNumber, [
    staticCall(manager, encodeCall(GET_TARGET_FUNCTION_ROLE, target, selector)),
  ]);
  const roleId = wordIn(hexResult(roleReply)) ?? 0n;
  const needs = `AccessManaged: role ${roleId === 0n ? "ADMIN (0)" : roleId} of manager ${manager}`;
  const { accounts, unknown } = await everGranted(chain, manager, roleId, blockNumber);
  const replies = await lookAt(
    chain,
    blockNumber,
    accounts.map((account) => staticCall(manager, encodeCall(CAN_CALL, account, target, selector))),
  );
  const candidates: Candidate[] = [];
  for (const [index, address] of accounts.entries()) {
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
  return { needs, candidates, unknown };
}

/** Getters of roles whose value a contract may choose itself. */
const ROLE_GETTERS = [
  { name: "PAUSER_ROLE", selector: "0xe63ab1e9" },
  { name: "UPGRADER_ROLE", selector: "0xf72c0d8b" },
] as const;

/** The role's name: a usual one, or one that the contract has a getter for. */
async function roleName(
  chain: Chain,
  target: Address,
  role: Hex,
  blockNumber: number,
): Promise<string> {
  const usual = usualRoleName(role);
  if (usual !== undefined) {
    return usual;
  }
  const replies = await lookAt(
    chain,
    blockNumber,
    ROLE_GETTERS.map(({ selector }) => staticCall(target, selector)),
  );
  const index = replies.findIndex(
    (reply) => hexResult(reply)?.toLowerCase() === role.toLowerCase(),
  );
  return ROLE_GETTERS[index]?.name ?? role;
}
