import { sameAddress, type Address, type Hex } from "../../address.js";
import { lookAt } from "../../chain.js";
import { hexResult } from "../../reads.js";
import { getterCall } from "../getter-call.js";
import { findLogs, type LogSearch } from "../logs.js";
import { counted, duration, lead, type Part } from "../node.js";
import { usualRoleName } from "../role-names.js";
import { describeSearch, incomplete } from "../roles.js";
import { addressIn, countIn, encodeCall, isTrue } from "../words.js";
import { KERNEL } from "./getters.js";
import { finding, getter, present, type Kind, type View } from "./kind.js";

/** `acl()` of a kernel. */
const ACL = "0xde287359";
/** `hasPermission(address,address,bytes32)` of its ACL: who, where, what. */
const HAS_PERMISSION = "0x6d6712d8";
/** keccak256("SetPermission(address,address,bytes32,bool)"): entity, app and role are indexed. */
const SET_PERMISSION = "0x759b9a74d5354b5801710a0c1b283cc9f0d32b607ac8ced10c83ac8e75c77d52";

/** keccak256("EXECUTE_ROLE") and keccak256("RUN_SCRIPT_ROLE"): who has one lets an Agent make any call. */
const AGENT_ROLES: readonly string[] = [
  "0xcebf517aa4440d1d125e0355aae64401211d0848a23c02cc5d29a14822580ba4",
  "0xb421f7ad7646747f3051c50c0b8e2377839296cd4973e27f63821d73e390338f",
];

/** More permissions of one app than this are not looked at. */
const MOST = 200;

interface Permission {
  readonly entity: Address;
  readonly role: Hex;
}

/** An app of an Aragon organisation: its kernel's ACL says who may do what. */
export const aragonApp: Kind = {
  getters: [KERNEL],
  async read({ address, answer }, view) {
    const kernel = await addressIn(answer(KERNEL));
    if (kernel === undefined) {
      return undefined;
    }
    const { chain, blockNumber } = view;
    const [reply] = await lookAt(chain, blockNumber, [getterCall(kernel, ACL)]);
    const acl = await addressIn(hexResult(reply));
    if (acl === undefined) {
      return undefined;
    }
    const search = await findLogs(chain, acl, [SET_PERMISSION], blockNumber);
    const permissions = await stillHeld(acl, address, await everGiven(search, address), view);
    const part = ({ role }: Permission): Part => (AGENT_ROLES.includes(role) ? "decides" : "aside");
    return finding({
      kind: "access-control",
      about: `Aragon app, ${counted(permissions.length, "permission")}`,
      facts: { kernel, acl, permissions: permissions.map((each) => ({ ...each })) },
      leads: permissions.map((each) =>
        lead(each.entity, `holds role ${usualRoleName(each.role) ?? each.role}`, part(each)),
      ),
      known: [`${describeSearch(search, "SetPermission")} of ACL ${acl}`],
      unknown: incomplete(search, "SetPermission"),
    });
  },
};

async function everGiven({ logs }: LogSearch, app: Address): Promise<readonly Permission[]> {
  const own = logs.filter(({ topics }) => {
    const where = topics[2] ?? "";
    return where.length === 66 && sameAddress(`0x${where.slice(26)}`, app);
  });
  const all = await Promise.all(
    own.map(async ({ topics: [, entity, , role] }) => ({
      entity: await addressIn(wordOrNothing(entity)),
      role: wordOrNothing(role),
    })),
  );
  const byKey = new Map<string, Permission>();
  for (const { entity, role } of all) {
    if (entity !== undefined && role !== undefined) {
      byKey.set(`${entity} ${role}`, { entity, role });
    }
  }
  return [...byKey.values()].slice(0, MOST);
}

function wordOrNothing(topic: string | undefined): Hex | undefined {
  return topic !== undefined && /^0x[0-9a-f]{64}$/i.test(topic) ? `0x${topic.slice(2)}` : undefined;
}

async function stillHeld(
  acl: Address,
  app: Address,
  permissions: readonly Permission[],
  { chain, blockNumber }: View,
): Promise<readonly Permission[]> {
  const replies = await lookAt(
    chain,
    blockNumber,
    permissions.map(({ entity, role }) =>
      getterCall(acl, encodeCall(HAS_PERMISSION, entity, app, role)),
    ),
  );
  return permissions.filter((_, index) => isTrue(hexResult(replies[index])));
}

const VOTE_TIME = getter("voteTime()", "0xbcf93dd6");
const SUPPORT_REQUIRED = getter("supportRequiredPct()", "0xfad167ab");
const TOKEN = getter("token()", "0xfc0c546a");

/** Aragon's Voting app, in which the holders of a token decide. */
export const aragonVoting: Kind = {
  getters: [VOTE_TIME, SUPPORT_REQUIRED, TOKEN, KERNEL],
  async read({ answer }) {
    const delaySeconds = countIn(answer(VOTE_TIME));
    if (delaySeconds === undefined || answer(SUPPORT_REQUIRED) === undefined) {
      return undefined;
    }
    const [token, kernel] = await Promise.all([
      addressIn(answer(TOKEN)),
      addressIn(answer(KERNEL)),
    ]);
    return finding({
      kind: "governor",
      about: `Aragon Voting: a vote of the holders of token ${token ?? "(not known)"}, which takes ${duration(delaySeconds)}; most versions end it as soon as more than half of all votes agree`,
      facts: { voteSeconds: delaySeconds, token: token ?? null },
      delaySeconds,
      leads: present([kernel && lead(kernel, "kernel()", "aside")]),
      known: ["voteTime(), supportRequiredPct(), token()"],
      unknown: [`who holds enough votes${token === undefined ? "" : ` of token ${token}`}`],
    });
  },
};
