import { strictBool } from "../mechanism.js";
import { CONTRACT, call, type Idiom } from "./idiom.js";

const PAUSE = "pause(bool,bool,bool,bool,bool)";

/** Compound v3. One call sets all five flags. */
export const comet: Idiom = {
  id: "comet",
  title: "Compound v3 (Comet)",
  to: CONTRACT,
  pause: call(PAUSE, "0x44c35d07", [true, true, true, true, true]),
  unpause: call(PAUSE, "0x44c35d07", [false, false, false, false, false]),
  readBacks: [
    {
      reads: [
        { of: CONTRACT, call: call("isSupplyPaused()", "0x0bc47ad1") },
        { of: CONTRACT, call: call("isTransferPaused()", "0xa1a1ef43") },
        { of: CONTRACT, call: call("isWithdrawPaused()", "0x67800b5f") },
        { of: CONTRACT, call: call("isAbsorbPaused()", "0x8d5d814c") },
        { of: CONTRACT, call: call("isBuyPaused()", "0xd8e5f611") },
      ],
      decode: strictBool,
    },
  ],
  limits: "it overwrites all five flags; approvals and the rewards contract go on",
};
