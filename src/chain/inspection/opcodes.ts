import type { Hex } from "../address.js";
import { withoutMetadata } from "./bytecode.js";

const PUSH1 = 0x60;
const PUSH32 = 0x7f;
const CALL = 0xf1;
const CALLCODE = 0xf2;
const DELEGATECALL = 0xf4;

/** Whether code can run another contract's code in its own place. */
export function canDelegate(code: Hex): boolean {
  return hasOpcode(code, [DELEGATECALL]);
}

/**
 * Whether code can call another contract and change something there. Code that cannot has no power that
 * needs a call, whoever gave it that power.
 */
export function canCall(code: Hex): boolean {
  return hasOpcode(code, [CALL, CALLCODE, DELEGATECALL]);
}

/**
 * What a PUSH carries is data and is skipped, so an address that happens to hold the byte does not
 * count; nor does the hash in the metadata.
 */
function hasOpcode(code: Hex, wanted: readonly number[]): boolean {
  const bytes = Buffer.from(withoutMetadata(code).slice(2), "hex");
  for (let at = 0; at < bytes.length; at++) {
    const opcode = bytes[at] ?? 0;
    if (wanted.includes(opcode)) {
      return true;
    }
    if (opcode >= PUSH1 && opcode <= PUSH32) {
      at += opcode - PUSH1 + 1;
    }
  }
  return false;
}
