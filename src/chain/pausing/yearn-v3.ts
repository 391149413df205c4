import { plainCall, strictBool, type PauseMechanism } from "./mechanism.js";

/** Yearn's v3 vaults: a shutdown is for ever. */
export const yearnV3: PauseMechanism = {
  id: "yearn-v3",
  title: "Yearn v3 shutdown",
  pause: plainCall("shutdown_vault()", "0x36a55450"),
  unpause: null,
  readBack: { ...plainCall("isShutdown()", "0xbf86d690"), decode: strictBool },
  limits: "it stops deposits and new debt; users may still withdraw",
};
