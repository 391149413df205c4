import { counted, duration, lead } from "../node.js";
import { addressesIn, countIn } from "../words.js";
import { GET_OWNERS } from "./getters.js";
import { finding, getter, type Kind } from "./kind.js";

const REQUIRED = getter("required()", "0xdc8452cd");
/** `confirmTransaction(uint256)`, with which an owner of Gnosis' first wallet agrees. */
const CONFIRM_TRANSACTION = "0xc01a8c84";

/** `secondsTimeLocked()` of the variant that waits after the last confirmation (0x, bridges). */
const SECONDS_TIME_LOCKED = getter("secondsTimeLocked()", "0x37bd78a0");

const MOST_OWNERS = 50;

/** Gnosis' MultiSigWallet of 2016 and its many copies: `required()` of `getOwners()` must confirm. */
export const multisig: Kind = {
  getters: [GET_OWNERS, REQUIRED, SECONDS_TIME_LOCKED],
  async read({ answer, mentions }) {
    const needed = countIn(answer(REQUIRED));
    const owners = await addressesIn(answer(GET_OWNERS), MOST_OWNERS);
    if (needed === undefined || owners === undefined || !mentions(CONFIRM_TRANSACTION)) {
      return undefined;
    }
    const delaySeconds = countIn(answer(SECONDS_TIME_LOCKED)) ?? 0;
    const delay = delaySeconds === 0 ? "" : `, delay ${duration(delaySeconds)}`;
    return finding({
      kind: "multisig",
      about: `multi-signature wallet, ${needed} of ${counted(owners.length, "owner")}${delay}`,
      facts: { required: needed, owners, delaySeconds },
      delaySeconds,
      needed,
      leads: owners.map((owner) => lead(owner, "owner of the wallet")),
      known: ["getOwners(), required()"],
    });
  },
};
