import { plainCall, strictBool, type PauseMechanism } from "./mechanism.js";

/** DappHub's DSStop: `stop()` and `start()` behind DSAuth. */
export const dsStop: PauseMechanism = {
  id: "ds-stop",
  title: "DSStop",
  pause: plainCall("stop()", "0x07da68f5"),
  unpause: plainCall("start()", "0xbe9a6555"),
  readBack: { ...plainCall("stopped()", "0x75f12b21"), decode: strictBool },
  limits: "it stops only the functions that check it (stoppable)",
};
