import { checksummed, type Address } from "../../address.js";
import { lookAt } from "../../chain.js";
import { hexResult } from "../../reads.js";
import { getterCall } from "../getter-call.js";
import { findLogs, type LogSearch } from "../logs.js";
import { counted, lead } from "../node.js";
import { accountsInLogs, describeSearch, incomplete } from "../roles.js";
import { addressIn, encodeCall, isTrue } from "../words.js";
import { OWNER } from "./getters.js";
import { finding, getter, present, type Kind } from "./kind.js";

const UNPAUSER = getter("unpauser()", "0xeab66d7a");
/** `isPauser(address)` of EigenLayer's PauserRegistry. */
const IS_PAUSER = "0x46fbf68e";
/** keccak256("PauserStatusChanged(address,bool)"): nothing is indexed. */
const PAUSER_STATUS_CHANGED = "0x65d3a1fd4c13f05cba164f80d03ce90fb4b5e21946bfc3ab7dbd434c2d0b9152";

/** EigenLayer's PauserRegistry: many pausers, one unpauser who names them. */
export const pauserRegistry: Kind = {
  getters: [UNPAUSER],
  async read(seen, { chain, blockNumber, also }) {
    const unpauser = await addressIn(seen.answer(UNPAUSER));
    if (unpauser === undefined || !seen.mentions(IS_PAUSER)) {
      return undefined;
    }
    const search = await findLogs(chain, seen.address, [PAUSER_STATUS_CHANGED], blockNumber);
    const accounts = [...new Set([...(await namedInData(search)), ...also])];
    const replies = await lookAt(
      chain,
      blockNumber,
      accounts.map((account) => getterCall(seen.address, encodeCall(IS_PAUSER, account))),
    );
    const pausers = accounts.filter((_, index) => isTrue(hexResult(replies[index])));
    return finding({
      kind: "registry",
      about: `PauserRegistry, ${counted(pausers.length, "pauser")}`,
      facts: { pausers, unpauser },
      leads: [
        ...pausers.map((pauser) => lead(pauser, "isPauser(address): may pause")),
        lead(unpauser, "unpauser(): may unpause, and names the pausers", "alone"),
      ],
      known: [describeSearch(search, "PauserStatusChanged"), "unpauser()"],
      unknown: incomplete(search, "PauserStatusChanged"),
    });
  },
};

/** The first word of an event's data is the account. */
async function namedInData({ logs }: LogSearch): Promise<readonly Address[]> {
  const words = [...new Set(logs.map(({ data }) => data.slice(0, 66)))];
  const valid = words.filter((each) => /^0x0{24}[0-9a-f]{40}$/i.test(each)).slice(0, 200);
  return await Promise.all(valid.map(async (each) => await checksummed(`0x${each.slice(26)}`)));
}

/** `doesUserHaveRole(address,uint8)` of Solmate's RolesAuthority. */
const DOES_USER_HAVE_ROLE = "0xea7ca276";
/** keccak256("UserRoleUpdated(address,uint8,bool)"): user and role are indexed. */
const USER_ROLE_UPDATED = "0x4c9bdd0c8e073eb5eda2250b18d8e5121ff27b62064fbeeeed4869bb99bc5bf2";
/** `getUserRoles(address)`: a bit for each role. */
const GET_USER_ROLES = "0x06a36aee";

/** Solmate's RolesAuthority: the owner gives users roles, and roles functions. */
export const rolesAuthority: Kind = {
  getters: [OWNER],
  async read(seen, { chain, blockNumber, also }) {
    if (!seen.mentions(DOES_USER_HAVE_ROLE) || !seen.mentions(GET_USER_ROLES)) {
      return undefined;
    }
    const search = await findLogs(chain, seen.address, [USER_ROLE_UPDATED], blockNumber);
    const accounts = [...new Set([...(await accountsInLogs(search, 1)), ...also])];
    const replies = await lookAt(
      chain,
      blockNumber,
      accounts.map((account) => getterCall(seen.address, encodeCall(GET_USER_ROLES, account))),
    );
    const users = accounts.flatMap((address, index) => {
      const roles = rolesIn(hexResult(replies[index]));
      return roles.length === 0 ? [] : [{ address, roles }];
    });
    const owner = await addressIn(seen.answer(OWNER));
    return finding({
      kind: "registry",
      about: `RolesAuthority, ${counted(users.length, "user")} with roles`,
      facts: { owner: owner ?? null, users },
      leads: present([
        owner && lead(owner, "owner(): gives the roles"),
        ...users.map(({ address, roles }) =>
          lead(address, `has role ${roles.join(", ")}`, "aside"),
        ),
      ]),
      known: [describeSearch(search, "UserRoleUpdated"), "owner()"],
      unknown: incomplete(search, "UserRoleUpdated"),
    });
  },
};

/** The numbers of the bits that are set. */
function rolesIn(answer: `0x${string}` | undefined): readonly number[] {
  const bits = answer?.length === 66 ? BigInt(answer) : 0n;
  return Array.from({ length: 256 }, (_, role) => role).filter(
    (role) => ((bits >> BigInt(role)) & 1n) === 1n,
  );
}
