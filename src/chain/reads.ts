import type { Address, Hex } from "./address.js";
import type { RpcCall, RpcReply } from "./rpc.js";

/**
 * A read that can be pinned to a block: given the block as JSON-RPC wants it ("latest" or a
 * number in hex), the call to make.
 */
export type Read = (block: string) => RpcCall;

/** The runtime code at an address. */
export function codeAt(address: Address): Read {
  return (block) => ({ method: "eth_getCode", params: [address, block] });
}

/** One 32-byte storage word. */
export function storageAt(address: Address, slot: Hex): Read {
  return (block) => ({ method: "eth_getStorageAt", params: [address, slot, block] });
}

/** A call that changes nothing. Gas is capped so that a hostile contract cannot hold the node. */
export function staticCall(to: Address, data: Hex, from?: Address): Read {
  return (block) => ({
    method: "eth_call",
    params: [{ to, data, gas: STATIC_CALL_GAS, ...(from === undefined ? {} : { from }) }, block],
  });
}

/**
 * What a transaction would do, as far as returning goes. No `gas`: a sender who cannot pay for the
 * cap would be refused for that and not for what we ask.
 */
export function simulation(transaction: {
  readonly from: Address;
  readonly to?: Address;
  readonly data: Hex;
  readonly valueWei?: bigint;
}): Read {
  return (block) => ({ method: "eth_call", params: [callObject(transaction), block] });
}

/** How much gas a transaction needs, as the node estimates it. */
export function gasEstimate(transaction: {
  readonly from: Address;
  readonly to?: Address;
  readonly data: Hex;
  readonly valueWei?: bigint;
}): Read {
  return (block) => ({ method: "eth_estimateGas", params: [callObject(transaction), block] });
}

/** An account's balance in wei. */
export function balanceOf(address: Address): Read {
  return (block) => ({ method: "eth_getBalance", params: [address, block] });
}

/** How many transactions of an account are mined. */
export function nonceOf(address: Address): Read {
  return (block) => ({ method: "eth_getTransactionCount", params: [address, block] });
}

/** The nonce that a new transaction of the account would have. */
export function pendingNonceOf(address: Address): Read {
  return () => ({ method: "eth_getTransactionCount", params: [address, "pending"] });
}

/** A call that takes no block. */
export function unpinned(method: string, params: readonly unknown[] = []): Read {
  return () => ({ method, params });
}

/**
 * 10 million gas: more than any honest getter needs, little enough for a node to answer at once
 * when the contract loops for ever.
 */
const STATIC_CALL_GAS = "0x989680";

function callObject(transaction: {
  readonly from: Address;
  readonly to?: Address;
  readonly data: Hex;
  readonly valueWei?: bigint;
}): Record<string, string> {
  return {
    from: transaction.from,
    ...(transaction.to === undefined ? {} : { to: transaction.to }),
    data: transaction.data,
    ...(transaction.valueWei === undefined || transaction.valueWei === 0n
      ? {}
      : { value: `0x${transaction.valueWei.toString(16)}` }),
  };
}

/** The hex text of a reply, or undefined when the call failed or gave anything else. */
export function hexResult(reply: RpcReply | undefined): Hex | undefined {
  if (reply?.ok !== true || !isHex(reply.result)) {
    return undefined;
  }
  return reply.result;
}

/** The number in a reply, or undefined. */
export function quantityResult(reply: RpcReply | undefined): bigint | undefined {
  const hex = hexResult(reply);
  return hex === undefined || hex === "0x" ? undefined : BigInt(hex);
}

/** Whether a value from outside is hex text, with any number of digits. */
export function isHex(value: unknown): value is Hex {
  return typeof value === "string" && /^0x[0-9a-f]*$/i.test(value);
}

/** A quantity as JSON-RPC wants it. */
export function quantity(value: bigint | number): Hex {
  return `0x${value.toString(16)}`;
}
