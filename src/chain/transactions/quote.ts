import { withCommas } from "../../numbers.js";
import type { Address, Hex } from "../address.js";
import type { Block, Chain } from "../chain.js";
import {
  balanceOf,
  gasEstimate,
  nonceOf,
  pendingNonceOf,
  quantityResult,
  unpinned,
  type Read,
} from "../reads.js";
import { invalid, type RpcFailure, type RpcReply } from "../rpc.js";
import { decideFee, formatEth, gasLimitFor, mostWei, type Fee } from "./fees.js";

/** A transaction to be priced. */
export interface Quotable {
  readonly from: Address;
  readonly to?: Address;
  readonly data: Hex;
  readonly valueWei?: bigint;
}

/** What a transaction would cost, or why it would fail. */
export type Quote =
  | {
      readonly ok: true;
      readonly gas: bigint;
      readonly gasLimit: bigint;
      readonly balanceWei: bigint;
      readonly nonce: number;
      /** Transactions of the same account that are not mined yet, and go first. */
      readonly waiting: number;
      /** Decides the fee. Throws OUT_OF_FUNDS. */
      readonly fee: () => Fee;
    }
  | { readonly ok: false; readonly failure: RpcFailure; readonly balanceWei: bigint };

/** The reads a quote needs, to go into a batch with others. */
export function quoteReads(transaction: Quotable): readonly Read[] {
  return [
    gasEstimate(transaction),
    pendingNonceOf(transaction.from),
    balanceOf(transaction.from),
    unpinned("eth_gasPrice"),
    unpinned("eth_maxPriorityFeePerGas"),
    nonceOf(transaction.from),
  ];
}

/** How many replies {@link quoteReads} gives. */
export const QUOTE_READS = 6;

/** The quote from the replies to {@link quoteReads}. */
export function quoteOf(
  chain: Chain,
  transaction: Quotable,
  block: Block,
  replies: readonly RpcReply[],
): Quote {
  const [estimate, pending, balance, gasPrice, tip, mined] = replies;
  const balanceWei = quantityResult(balance);
  const nonce = quantityResult(pending);
  if (balanceWei === undefined || nonce === undefined) {
    throw invalid(chain.network, `the balance or nonce of ${transaction.from} is not a number`);
  }
  const gas = quantityResult(estimate);
  if (estimate === undefined || !estimate.ok || gas === undefined) {
    const failure =
      estimate?.ok === false ? estimate.failure : { code: 0, message: "no gas estimate was given" };
    return { ok: false, failure, balanceWei };
  }
  const gasLimit = gasLimitFor(gas, block);
  return {
    ok: true,
    gas,
    gasLimit,
    balanceWei,
    nonce: Number(nonce),
    waiting: Math.max(0, Number(nonce - (quantityResult(mined) ?? nonce))),
    fee: () =>
      decideFee({
        network: chain.network,
        from: transaction.from,
        block,
        suggestedTipWei: quantityResult(tip),
        gasPriceWei: quantityResult(gasPrice) ?? 0n,
        fixedGasPriceWei: chain.fixedGasPriceWei,
        gasLimit,
        valueWei: transaction.valueWei ?? 0n,
        balanceWei,
      }),
  };
}

/** A quote in words. Throws OUT_OF_FUNDS when it cannot be paid. */
export function describeQuote(quote: Quote & { ok: true }): string {
  const most = mostWei(quote.fee(), quote.gasLimit);
  const queue =
    quote.waiting === 0
      ? ""
      : `; BEHIND ${quote.waiting} earlier transaction(s) of this account that are not mined yet`;
  return `about ${withCommas(quote.gas)} gas, at most ${formatEth(most)} ETH${queue}`;
}
