import { lead } from "../node.js";
import { addressIn, wordIn } from "../words.js";
import { OWNER } from "./getters.js";
import { finding, getter, present, type Kind } from "./kind.js";

const PENDING_OWNER = getter("pendingOwner()", "0xe30c3978");
/** `upgradeAndCall(address,address,bytes)`, which every version of OpenZeppelin's ProxyAdmin has. */
const UPGRADE_AND_CALL = "0x9623609d";

/** Ownable and Ownable2Step; a ProxyAdmin is one that may change the code of proxies. */
export const ownable: Kind = {
  getters: [OWNER, PENDING_OWNER],
  async read({ answer, mentions }) {
    if (wordIn(answer(OWNER)) === undefined) {
      return undefined;
    }
    const [owner, pending] = await Promise.all([
      addressIn(answer(OWNER)),
      addressIn(answer(PENDING_OWNER)),
    ]);
    const isProxyAdmin = mentions(UPGRADE_AND_CALL);
    const what = isProxyAdmin ? "ProxyAdmin" : "Ownable";
    return finding({
      kind: isProxyAdmin ? "proxy-admin" : "ownable",
      about: owner === undefined ? `${what}, without an owner` : what,
      facts: { owner: owner ?? null, pendingOwner: pending ?? null },
      leads: present([
        owner && lead(owner, "owner()"),
        pending && lead(pending, "pendingOwner(): may accept to become the owner", "aside"),
      ]),
      known: ["owner()"],
      unknown: [],
    });
  },
};
