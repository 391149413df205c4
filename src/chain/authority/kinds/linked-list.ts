import { keccak256 } from "@nomicfoundation/hardhat-utils/crypto";
import { bytesToHexString, hexStringToBytes } from "@nomicfoundation/hardhat-utils/hex";

import type { Address, Hex } from "../../address.js";
import { hexResult } from "../../reads.js";
import type { RpcReply } from "../../rpc.js";
import { addressIn, wordOf } from "../words.js";

/**
 * A Safe keeps its owners and modules as `mapping(address => address)`, each pointing at the next. The
 * slot of a key is keccak256(key, slot of the mapping), by Solidity's storage layout.
 */
export async function linkSlots(
  mapping: bigint,
  keys: readonly Address[],
): Promise<readonly Hex[]> {
  return await Promise.all(
    keys.map(async (key): Promise<Hex> => {
      const bytes = hexStringToBytes(`0x${wordOf(key)}${wordOf(mapping)}`);
      return `0x${bytesToHexString(await keccak256(bytes)).slice(2)}`;
    }),
  );
}

/** What each of the words at those slots points at. */
export async function readLinks(
  replies: readonly (RpcReply | undefined)[],
): Promise<readonly (Address | undefined)[]> {
  return await Promise.all(replies.map(async (reply) => await addressIn(hexResult(reply))));
}
