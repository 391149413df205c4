import type { Hex } from "../../address.js";
import { CONTRACT, call, firstOf, valueOf, words, type Idiom } from "./idiom.js";

/** The pause window in the second word of (paused, windowEnd, bufferEnd, …), in seconds since 1970. */
function windowClosed(count: number): (answer: Hex, timestamp: number) => string | undefined {
  return (answer, timestamp) => {
    const end = words(answer, count)?.[1];
    return end === undefined || BigInt(timestamp) < end
      ? undefined
      : `its pause window closed on ${day(end)}`;
  };
}

function day(seconds: bigint): string {
  return seconds > 8_640_000_000_000n
    ? `second ${seconds}`
    : new Date(Number(seconds) * 1000).toISOString().slice(0, 10);
}

const UNTIL_BUFFER = "at the end of the buffer period, by itself";
const PAUSED_STATE = call("getPausedState()", "0x1c0de051");

const v2 = {
  to: CONTRACT,
  readBacks: [{ reads: [{ of: CONTRACT, call: PAUSED_STATE }], decode: firstOf(3) }],
  closed: { of: CONTRACT, call: PAUSED_STATE, why: windowClosed(3) },
  expires: UNTIL_BUFFER,
} as const;

/** Balancer V2's Vault, and its oldest pools. */
export const balancerV2SetPaused: Idiom = {
  ...v2,
  id: "balancer-v2",
  title: "Balancer V2 temporary pause",
  pause: call("setPaused(bool)", "0x16c38b3c", [true]),
  unpause: call("setPaused(bool)", "0x16c38b3c", [false]),
  limits: "proportional exits may go on",
};

/** Balancer V2's newer pools. */
export const balancerV2Pool: Idiom = {
  ...v2,
  id: "balancer-v2-pool",
  title: "Balancer V2 pool pause",
  pause: call("pause()", "0x8456cb59"),
  unpause: call("unpause()", "0x3f4ba83a"),
  limits: "exits in recovery mode go on",
};

const EXTENSION = call("getVaultExtension()", "0xb9a8effa");
const ADMIN = call("getVaultAdmin()", "0x1ba0ae45");
const POOL_STATE = call("getPoolPausedState(address)", "0x15e32046", [valueOf(CONTRACT)]);

/** A pool of Balancer V3. The Vault's administration is code of another contract, which it delegates to. */
export const balancerV3Pool: Idiom = {
  id: "balancer-v3-pool",
  title: "Balancer V3 pool pause",
  values: {
    vault: { paths: [[call("getVault()", "0x8d928af8")], [call("vault()", "0xfbfa77cf")]] },
    admin: { from: "vault", paths: [[EXTENSION, ADMIN]] },
  },
  to: "vault",
  code: "admin",
  pause: call("pausePool(address)", "0x55aca1ec", [valueOf(CONTRACT)]),
  unpause: call("unpausePool(address)", "0xf21c38cd", [valueOf(CONTRACT)]),
  readBacks: [{ reads: [{ of: "vault", call: POOL_STATE }], decode: firstOf(4) }],
  closed: { of: "vault", call: POOL_STATE, why: windowClosed(4) },
  limits: "withdrawals in recovery mode go on; the pool's token can still be transferred",
  expires: UNTIL_BUFFER,
};

const VAULT_STATE = call("getVaultPausedState()", "0x85c8c015");

/** Balancer V3's Vault. */
export const balancerV3Vault: Idiom = {
  id: "balancer-v3-vault",
  title: "Balancer V3 Vault pause",
  values: { admin: { paths: [[EXTENSION, ADMIN]] } },
  to: CONTRACT,
  code: "admin",
  pause: call("pauseVault()", "0x9e0879c2"),
  unpause: call("unpauseVault()", "0x0b7562be"),
  readBacks: [{ reads: [{ of: CONTRACT, call: VAULT_STATE }], decode: firstOf(3) }],
  closed: { of: CONTRACT, call: VAULT_STATE, why: windowClosed(3) },
  limits: "withdrawals in recovery mode go on",
  expires: UNTIL_BUFFER,
};
