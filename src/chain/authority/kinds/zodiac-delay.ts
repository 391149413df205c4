import { lookAt } from "../../chain.js";
import { hexResult } from "../../reads.js";
import { getterCall } from "../getter-call.js";
import { duration, lead } from "../node.js";
import { addressIn, addressesIn, countIn, encodeCall } from "../words.js";
import { OWNER } from "./getters.js";
import { finding, getter, present, type Kind } from "./kind.js";

const TX_COOLDOWN = getter("txCooldown()", "0xdcafac09");
const TX_EXPIRATION = getter("txExpiration()", "0x605df59c");
/** `getModulesPaginated(address,uint256)`. */
const GET_MODULES_PAGINATED = "0xcc2f8452";
const MOST_MODULES = 50;

/** Zodiac's Delay modifier, in front of a Safe: its modules queue, and after the cooldown anybody executes. */
export const zodiacDelay: Kind = {
  getters: [TX_COOLDOWN, TX_EXPIRATION, OWNER],
  async read({ address, answer }, { chain, blockNumber }) {
    const delaySeconds = countIn(answer(TX_COOLDOWN));
    const expirySeconds = countIn(answer(TX_EXPIRATION));
    if (delaySeconds === undefined || expirySeconds === undefined) {
      return undefined;
    }
    const [reply] = await lookAt(chain, blockNumber, [
      getterCall(address, encodeCall(GET_MODULES_PAGINATED, 1n, BigInt(MOST_MODULES))),
    ]);
    const modules = await addressesIn(hexResult(reply), MOST_MODULES);
    const owner = await addressIn(answer(OWNER));
    return finding({
      kind: "timelock",
      about: `Zodiac Delay, cooldown ${duration(delaySeconds)}, then anybody executes`,
      facts: { delaySeconds, expirySeconds, modules: modules ?? null },
      delaySeconds,
      leads: present([
        ...(modules ?? []).map((each) => lead(each, "module: may queue")),
        owner && lead(owner, "owner(): may make itself a module", "alone"),
      ]),
      known: ["txCooldown(), getModulesPaginated(), owner()"],
      unknown: modules === undefined ? ["who may queue: its modules could not be read"] : [],
    });
  },
};
