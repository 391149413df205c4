import { LARGEST, callWith, plainCall, strictBool, type PauseMechanism } from "./mechanism.js";

/**
 * Lido's PausableUntil: a pause for a number of seconds, after which it ends by itself. The largest
 * number is its PAUSE_INFINITELY, which does not end.
 */
export const lido: PauseMechanism = {
  id: "lido",
  title: "Lido's PausableUntil",
  pause: callWith("pauseFor(uint256)", "0xf3f449c7", LARGEST),
  unpause: plainCall("resume()", "0x046f7da2"),
  readBack: { ...plainCall("isPaused()", "0xb187bd26"), decode: strictBool },
  limits: "it stops only the functions that check it (whenResumed)",
};
