import type { Hex } from "../address.js";

const PUSH1 = 0x60;
const PUSH32 = 0x7f;
const DELEGATECALL = 0xf4;

/**
 * Whether code can run another contract's code in its own place. What a PUSH carries is data and is
 * skipped, so an address that happens to hold the byte does not count.
 */
export function canDelegate(code: Hex): boolean {
  const bytes = Buffer.from(code.slice(2), "hex");
  for (let at = 0; at < bytes.length; at++) {
    const opcode = bytes[at] ?? 0;
    if (opcode === DELEGATECALL) {
      return true;
    }
    if (opcode >= PUSH1 && opcode <= PUSH32) {
      at += opcode - PUSH1 + 1;
    }
  }
  return false;
}
