import { isRecord } from "../../json.js";
import { checksummed, sameAddress, type Address, type Hex } from "../address.js";
import { lookAt, type Chain } from "../chain.js";
import { hexResult, isHex, quantity, staticCall } from "../reads.js";
import { OWNER } from "./kinds/getters.js";
import { usualRoleName } from "./role-names.js";
import { encodeCall, isTrue } from "./words.js";

/** keccak256("RoleGranted(bytes32,address,address)") and keccak256("OwnershipTransferred(address,address)"). */
const ROLE_GRANTED = "0x2f8788117e7eff1d82e926ec794901d17c78024a50270940304540a733656f0d";
const OWNERSHIP_TRANSFERRED = "0x8be0079c531659141344cd1fd0a4f28419497f9722a3daafe3b4186f6b6457e0";
/** `hasRole(bytes32,address)`. */
const HAS_ROLE = "0x91d14854";
/** More powers than this are not asked about. */
const MOST_POWERS = 20;

/** A power that an address holds in another contract now. */
export interface HeldPower {
  readonly at: Address;
  /** "role MINTER_ROLE", "owner()". */
  readonly what: string;
}

/**
 * The powers that an address holds in other contracts: roles and ownership, from the events of all
 * contracts, each asked whether it is still so.
 * @returns undefined where the node does not search the events of all contracts.
 */
export async function powersHeldBy(
  chain: Chain,
  holder: Address,
  blockNumber: number,
): Promise<readonly HeldPower[] | undefined> {
  const word = `0x${"0".repeat(24)}${holder.slice(2).toLowerCase()}`;
  const topics = [[ROLE_GRANTED, OWNERSHIP_TRANSFERRED], null, [word]];
  const [reply] = await chain.rpc.batch([
    {
      method: "eth_getLogs",
      params: [{ topics, fromBlock: "0x0", toBlock: quantity(blockNumber) }],
    },
  ]);
  if (reply?.ok !== true || !Array.isArray(reply.result)) {
    return undefined;
  }
  const granted = await Promise.all(reply.result.filter(isRecord).map(grantIn));
  const distinct = new Map(
    granted.flatMap((grant) =>
      grant === undefined || sameAddress(grant.at, holder)
        ? []
        : [[`${grant.at} ${grant.role ?? ""}`, grant] as const],
    ),
  );
  const asked = [...distinct.values()].slice(0, MOST_POWERS);
  const answers = await lookAt(
    chain,
    blockNumber,
    asked.map(({ at, role }) =>
      role === undefined
        ? staticCall(at, OWNER.selector)
        : staticCall(at, encodeCall(HAS_ROLE, BigInt(role), holder)),
    ),
  );
  return asked.flatMap(({ at, role }, index) => {
    const answer = hexResult(answers[index]);
    const still = role === undefined ? answer?.toLowerCase() === word : isTrue(answer);
    const what = role === undefined ? "owner()" : `role ${usualRoleName(role) ?? role}`;
    return still ? [{ at, what }] : [];
  });
}

interface Grant {
  readonly at: Address;
  /** Undefined: the contract itself. */
  readonly role: Hex | undefined;
}

async function grantIn(log: Record<string, unknown>): Promise<Grant | undefined> {
  const { address, topics } = log;
  if (typeof address !== "string" || !isHex(address) || !Array.isArray(topics)) {
    return undefined;
  }
  const [first, role] = topics.map(String);
  return {
    at: await checksummed(address),
    role: first === ROLE_GRANTED && role !== undefined && isHex(role) ? role : undefined,
  };
}
