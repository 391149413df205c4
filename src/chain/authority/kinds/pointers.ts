import { sameAddress } from "../../address.js";
import { lead } from "../node.js";
import { addressIn } from "../words.js";
import { ADMIN, AUTHORITY, GET_ADMIN, GUARDIAN, KERNEL, OWNER, TIMELOCK } from "./getters.js";
import { finding, getter, type Kind } from "./kind.js";

/** Getters by which contracts of any kind name who rules them. */
const POINTERS = [
  OWNER,
  getter("getOwner()", "0x893d20e8"),
  ADMIN,
  GET_ADMIN,
  getter("governance()", "0x5aa6e675"),
  getter("governor()", "0x0c340a24"),
  getter("gov()", "0x12d43a51"),
  getter("dao()", "0x4162169f"),
  getter("management()", "0x88a8d602"),
  getter("manager()", "0x481c6a75"),
  getter("controller()", "0xf77c4791"),
  getter("multisig()", "0x4783c35b"),
  TIMELOCK,
  AUTHORITY,
  GUARDIAN,
  getter("pauser()", "0x9fd0506d"),
  getter("operator()", "0x570ca735"),
  getter("executor()", "0xc34c08e5"),
  KERNEL,
  getter("accessControlManager()", "0xb4a0bdf3"),
  getter("roleManager()", "0x00435da5"),
  // Aave, Optimism, Arbitrum and mStable keep the authority one or two contracts further on.
  getter("ADDRESSES_PROVIDER()", "0x0542975c"),
  getter("getACLManager()", "0x707cd716"),
  getter("superchainConfig()", "0x35e80ab3"),
  getter("bridge()", "0xe78cea92"),
  getter("rollup()", "0xcb23bcb5"),
  getter("nexus()", "0xa3f5c1d2"),
  getter("ownership_admin()", "0x47c8715f"),
  getter("emergency_admin()", "0x680c7783"),
] as const;

/** A contract of no known kind: whoever its getters point at. What those may do through it is not known. */
export const pointers: Kind = {
  getters: POINTERS,
  async read({ address, answer }) {
    const named = await Promise.all(
      POINTERS.map(async (each) => ({ each, target: await addressIn(answer(each)) })),
    );
    const leads = named.flatMap(({ each, target }) =>
      target === undefined || sameAddress(target, address) ? [] : [lead(target, each.signature)],
    );
    return finding({
      kind: "contract",
      about: "a contract of an unknown kind",
      leads,
      known: leads.map(({ via }) => via),
      unknown: [
        leads.length === 0
          ? "what this contract obeys: none of the usual getters names anybody"
          : "what this contract lets those do whom its getters name",
      ],
    });
  },
};
