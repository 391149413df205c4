import { duration, lead } from "../node.js";
import { addressIn, countIn } from "../words.js";
import { ADMIN, DELAY, GET_ADMIN, PENDING_ADMIN } from "./getters.js";
import { finding, getter, present, type Kind } from "./kind.js";

/** Aave's names for the same. */
const GET_DELAY = getter("getDelay()", "0xcebc9a82");
const GET_PENDING_ADMIN = getter("getPendingAdmin()", "0xd0468156");

const GRACE_PERIOD = getter("GRACE_PERIOD()", "0xc1a287e2");

/**
 * Compound's Timelock, which Uniswap and many others use, and Aave's ExecutorWithTimelock: the admin
 * queues, waits, and executes.
 */
export const compoundTimelock: Kind = {
  getters: [ADMIN, DELAY, PENDING_ADMIN, GET_ADMIN, GET_DELAY, GET_PENDING_ADMIN, GRACE_PERIOD],
  async read({ answer }) {
    const delaySeconds = countIn(answer(DELAY) ?? answer(GET_DELAY));
    const graceSeconds = countIn(answer(GRACE_PERIOD));
    if (delaySeconds === undefined || graceSeconds === undefined) {
      return undefined;
    }
    const [admin, pending] = await Promise.all([
      addressIn(answer(ADMIN) ?? answer(GET_ADMIN)),
      addressIn(answer(PENDING_ADMIN) ?? answer(GET_PENDING_ADMIN)),
    ]);
    return finding({
      kind: "timelock",
      about: `timelock of an admin (Compound's kind), delay ${duration(delaySeconds)}, to be executed within ${duration(graceSeconds)} after it`,
      facts: { delaySeconds, graceSeconds, admin: admin ?? null, pendingAdmin: pending ?? null },
      delaySeconds,
      leads: present([
        admin && lead(admin, "admin of the timelock"),
        pending && lead(pending, "pending admin: may accept to become the admin", "aside"),
      ]),
      known: ["its getters of delay, grace period and admin"],
      unknown: admin === undefined ? ["who its admin is"] : [],
    });
  },
};
