import { plainCall, strictBool, type PauseMechanism } from "./mechanism.js";

/**
 * OpenZeppelin's Pausable with the usual public `pause()` and `unpause()` in front of it, behind
 * Ownable, AccessControl or AccessManaged. Circle's FiatToken answers to the same three functions.
 */
export const openzeppelin: PauseMechanism = {
  id: "openzeppelin",
  title: "OpenZeppelin Pausable",
  pause: plainCall("pause()", "0x8456cb59"),
  unpause: plainCall("unpause()", "0x3f4ba83a"),
  readBack: { ...plainCall("paused()", "0x5c975abb"), decode: strictBool },
  limits: "it stops only the functions that check it (whenNotPaused)",
};
