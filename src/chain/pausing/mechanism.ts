import type { Hex } from "../address.js";

/** A function with all its arguments fixed, so that what is sent is known beforehand. */
export interface FixedCall {
  readonly signature: string;
  /** As texts, for people and for JSON. */
  readonly args: readonly string[];
  /** The selector and the encoded arguments. */
  readonly data: Hex;
}

/** What a read-back says: all of it is stopped, none of it, or some of its parts. */
export type PausedState = boolean | "partly";

/**
 * A way in which contracts are stopped. One file an idiom; it only declares. How it is recognised,
 * called and read back is decided from these fields.
 */
export interface PauseMechanism {
  /** Stable, for JSON: "openzeppelin". */
  readonly id: string;
  /** For people. */
  readonly title: string;
  readonly pause: FixedCall;
  /** Null when it cannot be started again. */
  readonly unpause: FixedCall | null;
  readonly readBack: FixedCall & {
    /** What the answer says; undefined when it is not this idiom's answer. */
    readonly decode: (answer: Hex) => PausedState | undefined;
  };
  /** What it does not stop, as far as the idiom itself tells. */
  readonly limits: string;
}

/** A call without arguments. `selector`: the first four bytes of keccak256(signature). */
export function plainCall(signature: string, selector: Hex): FixedCall {
  return { signature, args: [], data: selector };
}

/** A call with one 32-byte argument. */
export function callWith(signature: string, selector: Hex, value: bigint | boolean): FixedCall {
  const word = BigInt(value).toString(16).padStart(64, "0");
  return { signature, args: [String(value)], data: `${selector}${word}` };
}

/** The function that a call is made to, as code compares it. */
export function selectorOf(call: FixedCall): Hex {
  return `0x${call.data.slice(2, 10)}`;
}

/** "setPaused(true)", as a person would write it. */
export function describeCall({ signature, args }: FixedCall): string {
  return args.length === 0
    ? signature
    : `${signature.slice(0, signature.indexOf("("))}(${args.map(shortArgument).join(", ")})`;
}

/** 2^256 - 1 is what people call "the largest number". */
function shortArgument(argument: string): string {
  return argument === LARGEST.toString() ? "the largest number" : argument;
}

/** 2^256 - 1. */
export const LARGEST = 2n ** 256n - 1n;

/** A strict ABI bool: 32 bytes, 0 or 1. Anything else is another idiom's answer. */
export function strictBool(answer: Hex): boolean | undefined {
  if (!/^0x0{63}[01]$/.test(answer)) {
    return undefined;
  }
  return answer.endsWith("1");
}
