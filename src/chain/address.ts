import {
  isAddress,
  isValidChecksumAddress,
  toChecksumAddress,
} from "@nomicfoundation/hardhat-utils/eth";

import { EmergencyError } from "../errors.js";

/** A checksummed address (EIP-55). Made once, at the edge. */
export type Address = `0x${string}`;

/** Hex data, with an even number of digits. */
export type Hex = `0x${string}`;

/** Where "nobody" is written as an address. */
export const ZERO_ADDRESS: Address = "0x0000000000000000000000000000000000000000";

/** Whether a text looks like an address at all, rather than like a name. */
export function looksLikeAddress(text: string): boolean {
  return /^0x/i.test(text);
}

/**
 * An address as a person typed it. Mixed case must match its checksum: that is what catches a typo.
 * @param source how the person gave it, for the error: "--contract".
 * @throws EmergencyError BAD_ADDRESS
 */
export async function parseAddress(text: string, source: string): Promise<Address> {
  if (!isAddress(text)) {
    const length = /^0x[0-9a-f]*$/i.test(text)
      ? `it has ${text.length - 2} digits instead of 40`
      : "it holds characters that are not hexadecimal";
    throw new EmergencyError(
      "BAD_ADDRESS",
      `${source}: "${text}" is not an address: ${length}`,
      "copy the address again, whole",
    );
  }
  const digits = text.slice(2);
  const oneCase = digits === digits.toLowerCase() || digits === digits.toUpperCase();
  if (!oneCase && !(await isValidChecksumAddress(text))) {
    throw new EmergencyError(
      "BAD_ADDRESS",
      `${source}: the checksum of ${text} is wrong, so at least one character is mistyped`,
      "copy the address again; all lower case is accepted without a checksum",
    );
  }
  return await checksummed(text);
}

/** An address that was read from a chain, in its one spelling. */
export async function checksummed(address: string): Promise<Address> {
  return await toChecksumAddress(address.toLowerCase());
}

/** The address in the low 20 bytes of a 32-byte word, or undefined when the word holds more or nothing. */
export async function addressInWord(word: string): Promise<Address | undefined> {
  if (!/^0x0{24}[0-9a-f]{40}$/i.test(word) || /^0x0+$/.test(word)) {
    return undefined;
  }
  return await checksummed(`0x${word.slice(26)}`);
}

/** An address in an event's topic. */
export async function topicAddress(topic: string): Promise<Address> {
  return await checksummed(`0x${topic.slice(-40)}`);
}

/** Whether two spellings are the same address. */
export function sameAddress(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
