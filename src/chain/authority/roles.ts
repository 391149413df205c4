import { topicAddress, type Address, type Hex } from "../address.js";
import { lookAt, type Chain } from "../chain.js";
import { hexResult, isHex } from "../reads.js";
import { getterCall } from "./getter-call.js";
import { findLogs, type LogSearch } from "./logs.js";
import { addressIn, encodeCall, isTrue, wordIn } from "./words.js";

/** `getRoleMemberCount(bytes32)` of AccessControlEnumerable. */
const GET_ROLE_MEMBER_COUNT = "0xca15c873";
/** `getRoleMember(bytes32,uint256)`. */
const GET_ROLE_MEMBER = "0x9010d07c";
/** `hasRole(bytes32,address)`. */
const HAS_ROLE = "0x91d14854";
/** keccak256("RoleGranted(bytes32,address,address)"): role, account and sender are indexed. */
const ROLE_GRANTED = "0x2f8788117e7eff1d82e926ec794901d17c78024a50270940304540a733656f0d";

/** More members than this are not listed one by one. */
const MOST_MEMBERS = 50;
/** More accounts than this are not asked about: a contract may emit as many events as it likes. */
const MOST_ASKED = 200;
/** More roles than this are not looked at. */
const MOST_ROLES = 30;

/** Somebody who holds a role now. */
export interface RoleMember {
  readonly role: Hex;
  readonly address: Address;
  /** "getRoleMember", "event RoleGranted", or "hasRole" of an account that was asked about. */
  readonly how: string;
}

/** Who holds roles, and what is not known about it. */
export interface RoleMembers {
  readonly members: readonly RoleMember[];
  /** How it is known, in words. */
  readonly known: readonly string[];
  readonly unknown: readonly string[];
}

/**
 * AccessControl: who holds roles. From AccessControlEnumerable, else from the RoleGranted events of
 * accounts that still have the role.
 * @param roles undefined: every role that was ever granted.
 * @param also accounts to ask about in any case.
 */
export async function roleMembers(
  chain: Chain,
  target: Address,
  roles: readonly Hex[] | undefined,
  blockNumber: number,
  also: readonly Address[] = [],
): Promise<RoleMembers> {
  const listed = roles === undefined ? [] : await enumerated(chain, target, roles, blockNumber);
  const missing = roles?.filter((role) => !listed.some((list) => list.role === role));
  const members = listed.flatMap((list) => list.members);
  if (missing?.length === 0) {
    return { members, known: ["getRoleMember()"], unknown: [] };
  }
  const search = await findLogs(
    chain,
    target,
    missing === undefined ? [ROLE_GRANTED] : [ROLE_GRANTED, missing],
    blockNumber,
  );
  const granted = await grants(search);
  const seenRoles = missing ?? [...new Set(granted.map(({ role }) => role))].slice(0, MOST_ROLES);
  const pairs = distinct([
    ...granted.filter(({ role }) => seenRoles.includes(role)),
    ...seenRoles.flatMap((role) => also.map((address) => ({ role, address, how: "hasRole" }))),
  ]);
  const asked = pairs.slice(0, MOST_ASKED);
  const replies = await lookAt(
    chain,
    blockNumber,
    asked.map(({ role, address }) => getterCall(target, encodeCall(HAS_ROLE, role, address))),
  );
  const holding = asked.filter((_, index) => isTrue(hexResult(replies[index])));
  return {
    members: [...members, ...holding],
    known: [describeSearch(search, "RoleGranted")],
    unknown: [
      ...incomplete(search, "RoleGranted"),
      ...(pairs.length > asked.length
        ? [`only the first ${MOST_ASKED} of ${pairs.length} grants were looked at`]
        : []),
    ],
  };
}

/** The members of those roles that the contract can list. */
async function enumerated(
  chain: Chain,
  target: Address,
  roles: readonly Hex[],
  blockNumber: number,
): Promise<readonly { readonly role: Hex; readonly members: readonly RoleMember[] }[]> {
  const counts = await lookAt(
    chain,
    blockNumber,
    roles.map((role) => getterCall(target, encodeCall(GET_ROLE_MEMBER_COUNT, role))),
  );
  const countable = roles.flatMap((role, index) => {
    const count = wordIn(hexResult(counts[index]));
    return count === undefined || count > MOST_MEMBERS ? [] : [{ role, count: Number(count) }];
  });
  return await Promise.all(
    countable.map(async ({ role, count }) => {
      const replies = await lookAt(
        chain,
        blockNumber,
        Array.from({ length: count }, (_, index) =>
          getterCall(target, encodeCall(GET_ROLE_MEMBER, role, BigInt(index))),
        ),
      );
      const addresses = await Promise.all(
        replies.map(async (reply) => await addressIn(hexResult(reply))),
      );
      const members = addresses
        .filter((address) => address !== undefined)
        .map((address) => ({ role, address, how: "getRoleMember" }));
      return { role, members: distinct(members) };
    }),
  );
}

async function grants({ logs }: LogSearch): Promise<readonly RoleMember[]> {
  const all = await Promise.all(
    logs.map(async ({ topics: [, role, account] }): Promise<RoleMember[]> =>
      isWord(role) && isWord(account)
        ? [{ role, address: await topicAddress(account), how: "event RoleGranted" }]
        : [],
    ),
  );
  return distinct(all.flat());
}

function distinct(members: readonly RoleMember[]): readonly RoleMember[] {
  const byKey = new Map<string, RoleMember>();
  for (const member of members) {
    const key = `${member.role} ${member.address}`;
    if (!byKey.has(key)) {
      byKey.set(key, member);
    }
  }
  return [...byKey.values()];
}

/** Accounts that events of a contract name in one of their topics, each once. */
export async function accountsInLogs(
  search: LogSearch,
  topic: number,
): Promise<readonly Address[]> {
  const words = [...new Set(search.logs.map(({ topics }) => topics[topic]))].filter(isWord);
  return await Promise.all(words.slice(0, MOST_ASKED).map(topicAddress));
}

function isWord(topic: string | undefined): topic is Hex {
  return isHex(topic) && topic.length === 66;
}

/** "events RoleGranted from block 0": how far back a search reaches. */
export function describeSearch({ fromBlock }: LogSearch, event: string): string {
  return `events ${event} from block ${fromBlock}`;
}

/** What a search that does not reach back to the first block leaves unknown. */
export function incomplete({ fromBlock }: LogSearch, event: string): string[] {
  return fromBlock === 0
    ? []
    : [
        `the node gives ${event} events only from block ${fromBlock} on: holders from before are not known`,
      ];
}
