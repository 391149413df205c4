import { sameAddress } from "../../address.js";
import { counted, duration, lead } from "../node.js";
import { usualRoleName } from "../role-names.js";
import { roleMembers } from "../roles.js";
import { addressAt, addressIn, countIn } from "../words.js";
import { finding, getter, present, type Kind } from "./kind.js";

/** `hasRole(bytes32,address)` and `getRoleAdmin(bytes32)`, which every AccessControl has. */
const HAS_ROLE = "0x91d14854";
const GET_ROLE_ADMIN = "0x248a9ca3";

const DEFAULT_ADMIN = getter("defaultAdmin()", "0x84ef8ffc");
const PENDING_DEFAULT_ADMIN = getter("pendingDefaultAdmin()", "0xcf6eefb7");
const DEFAULT_ADMIN_DELAY = getter("defaultAdminDelay()", "0xcc8463c8");

const DEFAULT_ADMIN_ROLE = `0x${"0".repeat(64)}` as const;

/**
 * AccessControl: the holders of every role that was ever granted. DEFAULT_ADMIN_ROLE decides, because it
 * gives the others; what they may do is the contract's own affair.
 */
export const accessControl: Kind = {
  getters: [DEFAULT_ADMIN, PENDING_DEFAULT_ADMIN, DEFAULT_ADMIN_DELAY],
  async read(seen, { chain, blockNumber, also }) {
    if (!seen.mentions(HAS_ROLE) || !seen.mentions(GET_ROLE_ADMIN)) {
      return undefined;
    }
    const [admins, all, defaultAdmin, pending] = await Promise.all([
      roleMembers(chain, seen.address, [DEFAULT_ADMIN_ROLE], blockNumber, also),
      roleMembers(chain, seen.address, undefined, blockNumber),
      addressIn(seen.answer(DEFAULT_ADMIN)),
      addressAt(seen.answer(PENDING_DEFAULT_ADMIN), 0),
    ]);
    const others = all.members.filter(({ role }) => role !== DEFAULT_ADMIN_ROLE);
    const adminDelay = countIn(seen.answer(DEFAULT_ADMIN_DELAY));
    const rules = adminDelay === undefined ? "" : `, a new admin after ${duration(adminDelay)}`;
    return finding({
      kind: "access-control",
      about: `AccessControl, ${counted(admins.members.length, "admin")}${rules}`,
      facts: {
        ...(defaultAdmin === undefined ? {} : { defaultAdmin }),
        ...(pending === undefined ? {} : { pendingDefaultAdmin: pending }),
        ...(adminDelay === undefined ? {} : { adminDelaySeconds: adminDelay }),
      },
      leads: present([
        ...admins.members.map(({ address }) => lead(address, "holds role DEFAULT_ADMIN_ROLE")),
        ...others.map(({ role, address }) =>
          sameAddress(address, seen.address)
            ? undefined
            : lead(address, `holds role ${usualRoleName(role) ?? role}`, "aside"),
        ),
        pending && lead(pending, "pendingDefaultAdmin(): may accept to become the admin", "aside"),
      ]),
      known: [...new Set([...admins.known, ...all.known])],
      unknown: [...new Set([...admins.unknown, ...all.unknown])],
    });
  },
};
