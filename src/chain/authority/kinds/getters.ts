import { getter } from "./kind.js";

/** Getters that more than one kind asks. */
export const OWNER = getter("owner()", "0x8da5cb5b");
export const ADMIN = getter("admin()", "0xf851a440");
export const GET_ADMIN = getter("getAdmin()", "0x6e9960c3");
export const PENDING_ADMIN = getter("pendingAdmin()", "0x26782247");
export const DELAY = getter("delay()", "0x6a42b8f8");
export const AUTHORITY = getter("authority()", "0xbf7e214f");
export const GUARDIAN = getter("guardian()", "0x452a9320");
export const TIMELOCK = getter("timelock()", "0xd33219b4");
export const GET_OWNERS = getter("getOwners()", "0xa0e67e2b");
export const KERNEL = getter("kernel()", "0xd4aae0c4");
