import type { Hex } from "../address.js";
import {
  LARGEST,
  callWith,
  plainCall,
  type PausedState,
  type PauseMechanism,
} from "./mechanism.js";

/**
 * EigenLayer's Pausable: one bit a group of functions. `paused()` has OpenZeppelin's selector but
 * answers with the whole bitmap. `pauseAll()` sets every bit.
 */
export const eigenlayer: PauseMechanism = {
  id: "eigenlayer",
  title: "EigenLayer's bitmap",
  pause: plainCall("pauseAll()", "0x595c6a67"),
  unpause: callWith("unpause(uint256)", "0xfabc1cbc", 0n),
  readBack: { ...plainCall("paused()", "0x5c975abb"), decode: bitmap },
  limits: "each function checks one bit; those that check none go on",
};

function bitmap(answer: Hex): PausedState | undefined {
  if (answer.length !== 66) {
    return undefined;
  }
  const bits = BigInt(answer);
  return bits === 0n ? false : bits === LARGEST ? true : "partly";
}
