import { addressInWord, type Address, type Hex } from "../address.js";

/**
 * A call, written by hand: the functions asked here take nothing but whole words.
 * @param selector the first four bytes of keccak256(signature).
 */
export function encodeCall(selector: Hex, ...args: readonly (bigint | Hex)[]): Hex {
  return `${selector}${args.map(wordOf).join("")}`;
}

/** 64 hex digits: a number or an address in the low bytes of a word. */
export function wordOf(value: bigint | Hex): string {
  const digits = typeof value === "bigint" ? value.toString(16) : value.slice(2).toLowerCase();
  return digits.padStart(64, "0");
}

/** The one word of an answer, or undefined when it is longer or shorter. */
export function wordIn(answer: Hex | undefined): bigint | undefined {
  return answer?.length === 66 ? BigInt(answer) : undefined;
}

/** A number that a person can read: what is larger than 2^53 - 1 becomes that. */
export function countIn(answer: Hex | undefined): number | undefined {
  const word = wordIn(answer);
  return word === undefined ? undefined : Number(word < LARGEST_COUNT ? word : LARGEST_COUNT);
}

const LARGEST_COUNT = BigInt(Number.MAX_SAFE_INTEGER);

/** The one address of an answer; undefined for the zero address and for everything else. */
export async function addressIn(answer: Hex | undefined): Promise<Address | undefined> {
  return await addressInWord(answer ?? "");
}

/** The address in one word of a longer answer. */
export async function addressAt(
  answer: Hex | undefined,
  index: number,
): Promise<Address | undefined> {
  return await addressInWord(`0x${answer?.slice(2 + index * 64, 2 + (index + 1) * 64) ?? ""}`);
}

/** Whether an answer is exactly the word 1. */
export function isTrue(answer: Hex | undefined): boolean {
  return wordIn(answer) === 1n;
}

/**
 * An ABI-encoded `address[]`.
 * @param head which word of the answer points at the list.
 * @returns undefined when the answer is anything else, and when the list is longer than `most`.
 */
export async function addressesIn(
  answer: Hex | undefined,
  most: number,
  head = 0,
): Promise<readonly Address[] | undefined> {
  const body = answer?.slice(2) ?? "";
  const offset = Number(`0x${body.slice(head * 64, head * 64 + 64) || "0"}`);
  if (offset % 32 !== 0 || offset > body.length / 2 || offset === 0) {
    return undefined;
  }
  const start = offset * 2 + 64;
  const count = Number(`0x${body.slice(offset * 2, start) || "0"}`);
  if (start > body.length || count > most || start + count * 64 > body.length) {
    return undefined;
  }
  const words = Array.from({ length: count }, (_, index) => {
    const from = start + index * 64;
    return `0x${body.slice(from, from + 64)}`;
  });
  const addresses = await Promise.all(words.map(addressInWord));
  const valid = addresses.filter((address) => address !== undefined);
  return valid.length === count ? valid : undefined;
}

/** A short ABI-encoded text of printable ASCII, such as a version; undefined for everything else. */
export function textIn(answer: Hex | undefined): string | undefined {
  if (answer?.length !== 2 + 3 * 64 || !/^0x0{62}20/.test(answer)) {
    return undefined;
  }
  const length = Number(`0x${answer.slice(66, 130)}`);
  if (length > 32) {
    return undefined;
  }
  const text = Buffer.from(answer.slice(130, 130 + length * 2), "hex").toString("latin1");
  return /^[ -~]+$/.test(text) ? text : undefined;
}
