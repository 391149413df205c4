import { duration, lead } from "../node.js";
import { addressIn, countIn } from "../words.js";
import { ADMIN, DELAY, PENDING_ADMIN } from "./getters.js";
import { finding, getter, present, type Kind } from "./kind.js";

const GRACE_PERIOD = getter("GRACE_PERIOD()", "0xc1a287e2");

/** Compound's Timelock, which Uniswap and many others use: the admin queues, waits, and executes. */
export const compoundTimelock: Kind = {
  getters: [ADMIN, DELAY, PENDING_ADMIN, GRACE_PERIOD],
  async read({ answer }) {
    const [delaySeconds, graceSeconds] = [countIn(answer(DELAY)), countIn(answer(GRACE_PERIOD))];
    if (delaySeconds === undefined || graceSeconds === undefined) {
      return undefined;
    }
    const [admin, pending] = await Promise.all([
      addressIn(answer(ADMIN)),
      addressIn(answer(PENDING_ADMIN)),
    ]);
    return finding({
      kind: "timelock",
      about: `Compound's Timelock, delay ${duration(delaySeconds)}, to be executed within ${duration(graceSeconds)} after it`,
      facts: { delaySeconds, graceSeconds, admin: admin ?? null, pendingAdmin: pending ?? null },
      delaySeconds,
      leads: present([
        admin && lead(admin, "admin()"),
        pending && lead(pending, "pendingAdmin(): may accept to become the admin", "aside"),
      ]),
      known: ["delay(), GRACE_PERIOD(), admin()"],
      unknown: admin === undefined ? ["who its admin is: admin() names nobody"] : [],
    });
  },
};
