import { keccak256 } from "@nomicfoundation/hardhat-utils/crypto";
import { bytesToHexString, hexStringToBytes } from "@nomicfoundation/hardhat-utils/hex";

import { isRecord } from "../../json.js";
import type { Hex } from "../address.js";

/** keccak256 of code, as `extcodehash` gives it. */
export async function codeHash(code: Hex): Promise<Hex> {
  const hash = bytesToHexString(await keccak256(hexStringToBytes(code)));
  return `0x${hash.slice(2)}`;
}

/**
 * Whether code compares against a function selector. Compilers write a selector as PUSH4 (0x63), or
 * as PUSH3 (0x62) where it begins with a zero byte.
 * @param selector four bytes: "0x8456cb59".
 */
export function mentionsSelector(code: Hex, selector: Hex): boolean {
  const digits = selector.slice(2).toLowerCase();
  const needle = digits.startsWith("00") ? `62${digits.slice(2)}` : `63${digits}`;
  const text = code.toLowerCase();
  for (let at = text.indexOf(needle, 2); at !== -1; at = text.indexOf(needle, at + 1)) {
    if (at % 2 === 0) {
      return true;
    }
  }
  return false;
}

/** Where an artifact's runtime code holds values that are only known after deployment. */
export type ImmutableReferences = Readonly<
  Record<string, readonly { readonly start: number; readonly length: number }[]>
>;

/**
 * Whether code on a chain is what an artifact compiles to. Immutables, linked libraries and a
 * library's own address are left out of the comparison, and so is the CBOR metadata, which changes with
 * comments and paths but not with behaviour: at the end, and in the code of contracts that this one
 * creates.
 */
export function sameRuntimeCode(
  onChain: Hex,
  artifact: {
    readonly deployedBytecode: string;
    readonly immutableReferences?: ImmutableReferences;
    readonly deployedLinkReferences?: unknown;
  },
): boolean {
  const compiled = withoutMetadata(artifact.deployedBytecode);
  const found = withoutMetadata(onChain);
  if (compiled.length !== found.length || compiled.length <= 2) {
    return false;
  }
  const holes = [
    ...Object.values(artifact.immutableReferences ?? {}).flat(),
    ...linkHoles(artifact.deployedLinkReferences),
    ...(LIBRARY.test(compiled) ? [{ start: 1, length: 20 }] : []),
  ];
  return masked(compiled, holes) === masked(found, holes);
}

/** A library begins by comparing its own address with where it runs: PUSH20, zero until it is deployed; ADDRESS; EQ. */
const LIBRARY = /^0x730{40}3014/;

/** The hash in the metadata of a contract whose creation code is part of this code: of IPFS, or of Swarm. */
const INNER_METADATA = /(?:a264697066735822|a265627a7a723[12]58|a165627a7a723058)[0-9a-f]{68}/g;

/**
 * The code without the CBOR metadata that solc puts at the end. The last two bytes are its length
 * (https://docs.soliditylang.org/en/v0.8.30/metadata.html).
 */
export function withoutMetadata(code: string): string {
  const length = Number.parseInt(code.slice(-4), 16);
  const start = code.length - 4 - length * 2;
  // A CBOR map of one to four entries begins with 0xa1 to 0xa4.
  return start > 2 && /^a[1-4]$/i.test(code.slice(start, start + 2)) ? code.slice(0, start) : code;
}

function masked(
  code: string,
  holes: readonly { readonly start: number; readonly length: number }[],
): string {
  let text = code.toLowerCase().replace(INNER_METADATA, (match) => "0".repeat(match.length));
  for (const { start, length } of holes) {
    const from = 2 + start * 2;
    const to = from + length * 2;
    if (to <= text.length) {
      text = text.slice(0, from) + "0".repeat(length * 2) + text.slice(to);
    }
  }
  return text;
}

function linkHoles(references: unknown): { start: number; length: number }[] {
  if (!isRecord(references)) {
    return [];
  }
  return Object.values(references)
    .flatMap((libraries) => (isRecord(libraries) ? Object.values(libraries) : []))
    .flatMap((places): unknown[] => (Array.isArray(places) ? places : []))
    .filter(isRecord)
    .map((place) => ({ start: Number(place.start), length: Number(place.length) }));
}
