import type { Address } from "../address.js";
import { lookAt, type Chain } from "../chain.js";
import { hexResult } from "../reads.js";
import { getterCall } from "./getter-call.js";
import { findLogs } from "./logs.js";
import { accountsInLogs, describeSearch, incomplete } from "./roles.js";
import { encodeCall, wordOf } from "./words.js";

/** keccak256("RoleGranted(uint64,address,uint32,uint48,bool)") of AccessManager: role and account are indexed. */
const ROLE_GRANTED = "0xf98448b987f1428e0e230e1f3c6e2ce15b5693eaf31827fbd0b1ec4b424ae7cf";
/** `hasRole(uint64,address)` of AccessManager, which gives (isMember, executionDelay). */
const HAS_ROLE = "0xd1f856ee";

/** Everybody who was ever granted a role of an AccessManager, whether or not they still have it. */
export async function everGranted(
  chain: Chain,
  manager: Address,
  roleId: bigint,
  blockNumber: number,
): Promise<{
  readonly accounts: readonly Address[];
  readonly known: readonly string[];
  readonly unknown: readonly string[];
}> {
  const topics = [ROLE_GRANTED, `0x${wordOf(roleId)}`];
  const search = await findLogs(chain, manager, topics, blockNumber);
  return {
    accounts: await accountsInLogs(search, 2),
    known: [describeSearch(search, "RoleGranted")],
    unknown: incomplete(search, "RoleGranted"),
  };
}

/** Who has a role of an AccessManager now, and how long each must wait before its calls count. */
export async function managerMembers(
  chain: Chain,
  manager: Address,
  roleId: bigint,
  blockNumber: number,
  also: readonly Address[] = [],
): Promise<{
  readonly members: readonly { readonly address: Address; readonly delaySeconds: number }[];
  readonly known: readonly string[];
  readonly unknown: readonly string[];
}> {
  const granted = await everGranted(chain, manager, roleId, blockNumber);
  const accounts = [...new Set([...granted.accounts, ...also])];
  const replies = await lookAt(
    chain,
    blockNumber,
    accounts.map((account) => getterCall(manager, encodeCall(HAS_ROLE, roleId, account))),
  );
  const members = accounts.flatMap((address, index) => {
    const answer = hexResult(replies[index]);
    if (answer?.length !== 130 || BigInt(answer.slice(0, 66)) !== 1n) {
      return [];
    }
    return [{ address, delaySeconds: Number(`0x${answer.slice(-8)}`) }];
  });
  return { members, known: granted.known, unknown: granted.unknown };
}
