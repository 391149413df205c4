import type { Address } from "../address.js";

/**
 * Addresses that people send to so that nobody has it any more. No key can be found for an address
 * that was chosen by its looks.
 */
const BURN_ADDRESSES: ReadonlySet<string> = new Set([
  "0x000000000000000000000000000000000000dead",
  "0xdead000000000000000000000000000000000000",
  "0xdead000000000000000042069420694206942069",
  "0xdeaddeaddeaddeaddeaddeaddeaddeaddeaddead",
  "0xdeadbeefdeadbeefdeadbeefdeadbeefdeadbeef",
  "0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee",
  "0xffffffffffffffffffffffffffffffffffffffff",
]);

/** The zero address, and the small numbers: precompiled contracts, Safe's sentinel, and typing errors. */
const SMALL = 0xffffn;

/** Why nobody can act as an address without code, or undefined when somebody may have its key. */
export function whyNobody(address: Address): string | undefined {
  if (BigInt(address) === 0n) {
    return "the zero address: nobody";
  }
  if (BURN_ADDRESSES.has(address.toLowerCase()) || BigInt(address) <= SMALL) {
    return "a burn address: nobody has its key";
  }
  return undefined;
}
