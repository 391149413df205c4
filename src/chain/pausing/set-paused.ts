import { callWith, plainCall, strictBool, type PauseMechanism } from "./mechanism.js";

/** One setter for both directions, with OpenZeppelin's getter. */
export const setPaused: PauseMechanism = {
  id: "set-paused",
  title: "setPaused(bool)",
  pause: callWith("setPaused(bool)", "0x16c38b3c", true),
  unpause: callWith("setPaused(bool)", "0x16c38b3c", false),
  readBack: { ...plainCall("paused()", "0x5c975abb"), decode: strictBool },
  limits: "it stops only the functions that check the flag",
};
