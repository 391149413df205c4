import { isRecord } from "../../json.js";
import { sameAddress, type Address } from "../address.js";
import type { Chain } from "../chain.js";
import { quantity, quantityResult } from "../reads.js";
import type { TransactionAction } from "./transaction.js";

/** How often and how long to look for a transaction that a node must have, in milliseconds. */
const ATTEMPTS = 10;
const WAIT_MS = 500;

/**
 * The receipt of the transaction that was mined with a nonce, if it does what the action says. It is
 * found by its nonce, because its hash may not be known: a node that has a transaction already need
 * not tell its hash, and of two fees for the same nonce either may be mined.
 * @param since a block in which the nonce was not mined yet.
 * @returns undefined when it does something else, or no node shows it.
 */
export async function receiptOfNonce(
  {
    chain,
    wait,
  }: { readonly chain: Chain; readonly wait: (milliseconds: number) => Promise<void> },
  action: TransactionAction,
  nonce: bigint,
  since: number,
): Promise<Record<string, unknown> | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const mined = await minedWithNonce(chain, action.from, nonce, since);
    if (mined !== undefined && !doesTheSame(mined, action)) {
      return undefined;
    }
    const receipt = mined === undefined ? undefined : await receiptOf(chain, mined.hash);
    if (receipt !== undefined) {
      return receipt;
    }
    // A node behind a load balancer may know the nonce before the block.
    await wait(WAIT_MS);
  }
  return undefined;
}

/** Looks through the blocks since then, the newest first. */
async function minedWithNonce(
  chain: Chain,
  from: Address,
  nonce: bigint,
  since: number,
): Promise<Record<string, unknown> | undefined> {
  const [latest] = await chain.rpc.batch([{ method: "eth_blockNumber", params: [] }]);
  for (let number = Number(quantityResult(latest) ?? 0n); number > since; number--) {
    const [reply] = await chain.rpc.batch([
      { method: "eth_getBlockByNumber", params: [quantity(number), true] },
    ]);
    const block = reply?.ok === true ? reply.result : undefined;
    const found = transactionsOf(block).find(
      (transaction) =>
        sameAddress(String(transaction.from), from) && numberOf(transaction.nonce) === nonce,
    );
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}

function transactionsOf(block: unknown): Record<string, unknown>[] {
  return isRecord(block) && Array.isArray(block.transactions)
    ? block.transactions.filter(isRecord)
    : [];
}

function numberOf(value: unknown): bigint | undefined {
  return quantityResult({ ok: true, result: value });
}

function doesTheSame(
  { to, input, value }: Record<string, unknown>,
  action: TransactionAction,
): boolean {
  return (
    sameAddress(typeof to === "string" ? to : "", action.to ?? "") &&
    String(input).toLowerCase() === action.data.toLowerCase() &&
    numberOf(value) === BigInt(action.valueWei)
  );
}

async function receiptOf(
  chain: Chain,
  hash: unknown,
): Promise<Record<string, unknown> | undefined> {
  const [reply] = await chain.rpc.batch([{ method: "eth_getTransactionReceipt", params: [hash] }]);
  return reply?.ok === true && isRecord(reply.result) ? reply.result : undefined;
}
