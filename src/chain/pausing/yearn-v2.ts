import { callWith, plainCall, strictBool, type PauseMechanism } from "./mechanism.js";

/** Yearn's v2 vaults: the guardian may shut down, only governance may start again. */
export const yearnV2: PauseMechanism = {
  id: "yearn-v2",
  title: "Yearn v2 emergency shutdown",
  pause: callWith("setEmergencyShutdown(bool)", "0x14c64402", true),
  unpause: callWith("setEmergencyShutdown(bool)", "0x14c64402", false),
  readBack: { ...plainCall("emergencyShutdown()", "0x3403c2fc"), decode: strictBool },
  limits: "it stops deposits and new debt; users may still withdraw",
};
