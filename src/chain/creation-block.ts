import { isRecord } from "../json.js";
import { sameAddress, type Address } from "./address.js";
import { lookAt, type Chain } from "./chain.js";
import { codeAt, hexResult, isHex, quantityResult } from "./reads.js";

/**
 * The block in which a contract's code appeared, by halving. Needs old state; a node without it
 * gives an error, and then the block is not known.
 */
export async function firstBlockWithCode(
  chain: Chain,
  address: Address,
): Promise<number | undefined> {
  const [latest] = await chain.rpc.batch([{ method: "eth_blockNumber", params: [] }]);
  let high = Number(quantityResult(latest) ?? 0n);
  let low = 0;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [reply] = await lookAt(chain, middle, [codeAt(address)]);
    const code = hexResult(reply);
    if (code === undefined) {
      return undefined;
    }
    if (code === "0x") {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/** The block of the transaction that created a contract; undefined when it did not, or is not known. */
export async function blockOfCreation(
  chain: Chain,
  address: Address,
  transaction: string,
): Promise<number | undefined> {
  const [reply] = await chain.rpc.batch([
    { method: "eth_getTransactionReceipt", params: [transaction] },
  ]);
  const receipt = reply?.ok === true ? reply.result : undefined;
  return isRecord(receipt) &&
    typeof receipt.contractAddress === "string" &&
    sameAddress(receipt.contractAddress, address) &&
    isHex(receipt.blockNumber)
    ? Number(receipt.blockNumber)
    : undefined;
}
