import type { Hex } from "../address.js";

/** A function that takes no argument, by its signature and selector. */
export interface PlainFunction {
  readonly signature: string;
  /** The first four bytes of keccak256(signature). */
  readonly selector: Hex;
}

/**
 * A way in which contracts are stopped. One file an idiom; it only declares. How it is recognised,
 * called and read back is decided from these fields.
 */
export interface PauseMechanism {
  /** Stable, for JSON: "openzeppelin". */
  readonly id: string;
  /** For people. */
  readonly title: string;
  readonly pause: PlainFunction;
  readonly unpause: PlainFunction;
  readonly readBack: PlainFunction & {
    /** Whether the answer says "paused"; undefined when it is not this idiom's answer. */
    readonly decode: (answer: Hex) => boolean | undefined;
  };
  /** What it does not stop, as far as the idiom itself tells. */
  readonly limits: string;
}

/** A strict ABI bool: 32 bytes, 0 or 1. Anything else is another idiom's answer. */
export function strictBool(answer: Hex): boolean | undefined {
  if (!/^0x0{63}[01]$/.test(answer)) {
    return undefined;
  }
  return answer.endsWith("1");
}
