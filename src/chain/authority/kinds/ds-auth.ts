import type { Hex } from "../../address.js";
import { lookAt } from "../../chain.js";
import { hexResult } from "../../reads.js";
import { getterCall } from "../getter-call.js";
import { findLogs } from "../logs.js";
import { counted, lead, type Finding } from "../node.js";
import { accountsInLogs, describeSearch, incomplete } from "../roles.js";
import { addressIn, encodeCall, isTrue, wordIn } from "../words.js";
import { AUTHORITY, OWNER } from "./getters.js";
import { finding, getter, present, type Kind, type View } from "./kind.js";

/** `wards(address)` and `rely(address)` of MakerDAO's core contracts. */
const WARDS = "0xbf353dbb";
const RELY = "0x65fae35e";
/** keccak256("Rely(address)"); before it, `LogNote` is anonymous and its first topic is the selector. */
const RELY_EVENT = "0xdd0e34038ac38b2a1ce960229778ac48a8719bc900b6c4f8d0475c6e8b385a60";
const RELY_NOTE: Hex = `0x${RELY.slice(2).padEnd(64, "0")}`;
/** `canCall(address,address,bytes4)`, which an authority answers. */
const CAN_CALL = "0xb7009613";

const HAT = getter("hat()", "0xfe95a5ce");

/** DSAuth and what grew from it: `wards` of MakerDAO, and `owner()` with an `authority()` (DappHub, Solmate). */
export const dsAuth: Kind = {
  getters: [OWNER, AUTHORITY, HAT],
  async read(seen, view) {
    if (seen.mentions(WARDS) && seen.mentions(RELY)) {
      return await readWards(seen.address, view);
    }
    const [owner, authority, hat] = await Promise.all(
      [OWNER, AUTHORITY, HAT].map(async (each) => await addressIn(seen.answer(each))),
    );
    if (wordIn(seen.answer(AUTHORITY)) === undefined && !seen.mentions(CAN_CALL)) {
      return undefined;
    }
    // A contract that obeys an authority mentions `canCall` as well: it calls it.
    const obeys = wordIn(seen.answer(AUTHORITY)) !== undefined;
    const what = obeys ? "obeys an authority" : "an authority that says who may call what";
    return finding({
      kind: "ds-auth",
      about: `${what}${hat === undefined ? "" : ", whose hat is chosen by votes"}`,
      facts: { owner: owner ?? null, authority: authority ?? null },
      leads: present([
        owner && lead(owner, "owner()"),
        authority && lead(authority, "authority(): says who else may"),
        hat && lead(hat, "hat(): what most votes were given to"),
      ]),
      known: ["owner(), authority()"],
    });
  },
};

async function readWards(address: Hex, { chain, blockNumber, also }: View): Promise<Finding> {
  const search = await findLogs(chain, address, [[RELY_EVENT, RELY_NOTE]], blockNumber);
  // The argument is the first or the second topic after the event's name, by the version of LogNote.
  const named = await Promise.all([accountsInLogs(search, 1), accountsInLogs(search, 2)]);
  const accounts = [...new Set([...named.flat(), ...also])];
  const replies = await lookAt(
    chain,
    blockNumber,
    accounts.map((account) => getterCall(address, encodeCall(WARDS, account))),
  );
  const wards = accounts.filter((_, index) => isTrue(hexResult(replies[index])));
  return finding({
    kind: "ds-auth",
    about: `relies on ${counted(wards.length, "ward")}`,
    facts: { wards },
    leads: wards.map((ward) => lead(ward, "wards(address)")),
    known: [describeSearch(search, "Rely and LogNote")],
    unknown: [
      ...incomplete(search, "Rely"),
      // Before 2021 the constructor made the deployer a ward without an event.
      ...(wards.length === 0 ? ["who its wards are: no event names one that still is"] : []),
    ],
  });
}
