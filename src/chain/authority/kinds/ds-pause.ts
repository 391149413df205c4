import { duration, lead } from "../node.js";
import { addressIn, countIn } from "../words.js";
import { AUTHORITY, DELAY, OWNER } from "./getters.js";
import { finding, getter, present, type Kind } from "./kind.js";

const PROXY = getter("proxy()", "0xec556889");
/** `plot(address,bytes32,bytes,uint256)`: announces what shall be executed. */
const PLOT = "0x46d2fbbb";

/** MakerDAO's DSPause: who its authority allows plots, waits, and then anybody executes. */
export const dsPause: Kind = {
  getters: [DELAY, OWNER, AUTHORITY, PROXY],
  async read({ answer, mentions }) {
    const delaySeconds = countIn(answer(DELAY));
    if (delaySeconds === undefined || !mentions(PLOT)) {
      return undefined;
    }
    const [owner, authority, proxy] = await Promise.all([
      addressIn(answer(OWNER)),
      addressIn(answer(AUTHORITY)),
      addressIn(answer(PROXY)),
    ]);
    return finding({
      kind: "timelock",
      about: `DSPause, delay ${duration(delaySeconds)}, then anybody executes`,
      facts: { delaySeconds, proxy: proxy ?? null },
      delaySeconds,
      leads: present([
        owner && lead(owner, "owner()"),
        authority && lead(authority, "authority()"),
      ]),
      known: ["delay(), owner(), authority()"],
    });
  },
};
