import { randomUUID } from "node:crypto";

import { EmergencyError } from "../../errors.js";
import { isRecord } from "../../json.js";
import type { Progress } from "../../step.js";
import { checksummed, sameAddress } from "../address.js";
import { look, type Block, type Chain, type SignableTransaction } from "../chain.js";
import { isHex, nonceOf, pendingNonceOf, quantity, quantityResult } from "../reads.js";
import { invalid, type RpcFailure } from "../rpc.js";
import { feeFields, raisedOver } from "./fees.js";
import { receiptOfNonce } from "./mined.js";
import type { Outbox, OutboxState } from "./outbox.js";
import { quoteOf, quoteReads, type Quotable, type Quote } from "./quote.js";
import type { LoggedEvent, TransactionAction, TransactionEffect } from "./transaction.js";
import { loadRevert } from "../lazy.js";

/** What sending needs. */
export interface Sender {
  readonly chain: Chain;
  readonly outbox: Outbox;
  /** How long to wait for a transaction to be mined, in milliseconds. */
  readonly timeoutMs: number;
  readonly now: () => number;
  readonly wait: (milliseconds: number) => Promise<void>;
}

/**
 * Sends one planned transaction and waits until it is mined. If an earlier run wrote down the same
 * intention and its end is not known, that very transaction is taken up again instead of a new one,
 * so that it cannot happen twice.
 * @param fresh the quote of just this transaction, when the last look has read it; else it is read.
 * @throws EmergencyError OUT_OF_FUNDS, WOULD_REVERT, RPC_REFUSED (nothing was sent), NOT_MINED,
 * REVERTED, RPC_UNREACHABLE (sent, or not known to be sent).
 */
export async function sendTransaction(
  sender: Sender,
  stepId: string,
  action: TransactionAction,
  progress: Progress,
  fresh?: FreshQuote,
): Promise<TransactionEffect> {
  const begun = await findEarlier(sender, stepId, action, progress);
  const earlier = begun?.state;
  const { state: prepared, block } = await prepare(sender, action, earlier, fresh);
  const { outbox, chain } = sender;
  let state = prepared;
  if (earlier !== prepared) {
    await outbox.add(state.entry);
  } else {
    progress({ type: "resumed", step: stepId, reference: earlier.hash ?? "not sent yet" });
  }
  progress({ type: "sending", step: stepId, summary: action.summary });
  const reply = await chain.send(state.entry.transaction).catch((error: unknown) => {
    throw lostWhileSending(chain, error);
  });
  if (reply.ok) {
    if (!isHex(reply.result)) {
      throw invalid(chain.network, "eth_sendTransaction gave no hash");
    }
    state = { ...state, hash: reply.result };
    await outbox.markSent(state.entry.id, reply.result);
  } else if (!wasMined(reply.failure) && (earlier !== prepared || !mayBeUnderWay(reply.failure))) {
    // The node may hold an earlier transaction all the same: its entry stays open.
    if (earlier !== prepared) {
      await outbox.markSettled(state.entry.id);
    }
    throw refusedByNode(chain, action, reply.failure);
  }
  if (state.hash !== undefined) {
    progress({ type: "sent", step: stepId, reference: state.hash });
  }
  const effect = await waitUntilMined(sender, action, state, begun?.block ?? block);
  await outbox.markSettled(state.entry.id);
  progress({ type: "done", step: stepId, effect });
  return effect;
}

/** A transaction that was not mined yet in the block with this number. */
interface Unmined {
  readonly state: OutboxState;
  readonly block: number;
}

/**
 * An unfinished transaction of an earlier run with the same sender, target and data, if its nonce
 * is still free. Entries whose nonce is used up are closed. Others that are still open are warned of:
 * they stand in the queue before the new one.
 */
async function findEarlier(
  sender: Sender,
  stepId: string,
  action: TransactionAction,
  progress: Progress,
): Promise<Unmined | undefined> {
  const open = (await sender.outbox.all()).filter(
    ({ settled, entry }) => !settled && sameAddress(entry.transaction.from ?? "", action.from),
  );
  if (open.length === 0) {
    return undefined;
  }
  const { block, replies } = await look(sender.chain, [
    nonceOf(action.from),
    pendingNonceOf(action.from),
  ]);
  const mined = quantityResult(replies[0]) ?? 0n;
  const next = quantityResult(replies[1]) ?? mined;
  let same: OutboxState | undefined;
  for (const state of open) {
    const { transaction, id } = state.entry;
    const nonce = BigInt(transaction.nonce ?? "0x0");
    if (nonce < mined) {
      await sender.outbox.markSettled(id);
    } else if (nonce > next) {
      // The chain was reset, or forgot what came before: with a gap it could never be mined.
      continue;
    } else if (
      sameAddress(transaction.to ?? "", action.to ?? "") &&
      transaction.data === action.data
    ) {
      same = state;
    } else {
      progress({
        type: "warning",
        step: stepId,
        message: `an earlier transaction of ${action.from} (nonce ${nonce}) is not mined yet and may go first`,
      });
    }
  }
  return same === undefined ? undefined : { state: same, block: block.number };
}

/** What a transaction would cost, as it was read a moment ago. */
export interface FreshQuote {
  readonly chainId: number;
  readonly block: Block;
  readonly quote: Quote;
}

async function readQuote(chain: Chain, request: Quotable): Promise<FreshQuote> {
  const { chainId, block, replies } = await look(chain, quoteReads(request));
  return { chainId, block, quote: quoteOf(chain, request, block, replies) };
}

/** The transaction with every field, or the earlier one as it was. */
async function prepare(
  sender: Sender,
  action: TransactionAction,
  earlier: OutboxState | undefined,
  fresh: FreshQuote | undefined,
): Promise<Unmined> {
  const { chain } = sender;
  const valueWei = BigInt(action.valueWei);
  const request = {
    from: action.from,
    ...(action.to === null ? {} : { to: action.to }),
    data: action.data,
    valueWei,
  };
  const { chainId, block, quote } = fresh ?? (await readQuote(chain, request));
  if (earlier !== undefined && stillGoodEnough(earlier.entry.transaction, block.baseFeePerGas)) {
    return { state: earlier, block: block.number };
  }
  if (!quote.ok) {
    throw await wouldFail(chain, action, quote.failure, quote.balanceWei);
  }
  if (action.nonce !== null && earlier === undefined && quote.nonce !== action.nonce) {
    throw new EmergencyError(
      "PRIOR_STATE_CHANGED",
      `${action.from} has sent other transactions meanwhile: its next nonce was ${action.nonce} and is ${quote.nonce}, so the new contract would get another address than planned`,
      "type the same command again without --plan, to make a new plan",
    );
  }
  const fee = quote.fee();
  const nonce = earlier?.entry.transaction.nonce ?? quantity(quote.nonce);
  const entry = {
    id: randomUUID(),
    chainId,
    atMs: sender.now(),
    transaction: {
      from: action.from,
      ...(action.to === null ? {} : { to: action.to }),
      data: action.data,
      value: quantity(valueWei),
      gas: quantity(quote.gasLimit),
      nonce,
      ...feeFields(earlier === undefined ? fee : raisedOver(fee, earlier.entry.transaction)),
    },
  };
  return { state: { entry, hash: undefined, settled: false }, block: block.number };
}

/** Whether an earlier transaction can still be mined at today's base fee. */
function stillGoodEnough(transaction: SignableTransaction, baseFee: bigint | undefined): boolean {
  const cap = transaction.maxFeePerGas ?? transaction.gasPrice;
  return baseFee === undefined || (cap !== undefined && BigInt(cap) >= baseFee);
}

/**
 * Waits until the transaction is mined, or its nonce is used by another one.
 * The receipt is the only proof; the time given for it is bounded.
 * @param since a block in which it was not mined yet.
 */
async function waitUntilMined(
  sender: Sender,
  action: TransactionAction,
  state: OutboxState,
  since: number,
): Promise<TransactionEffect> {
  const { chain } = sender;
  const nonce = BigInt(state.entry.transaction.nonce ?? "0x0");
  const deadline = sender.now() + sender.timeoutMs;
  for (let pauseMs = FIRST_POLL_MS; ; pauseMs = Math.min(pauseMs * 1.5, LONGEST_POLL_MS)) {
    const [receiptReply, nonceReply] = await chain.rpc.batch([
      { method: "eth_getTransactionReceipt", params: [state.hash ?? NO_HASH] },
      { method: "eth_getTransactionCount", params: [action.from, "latest"] },
    ]);
    if (receiptReply?.ok === true && isRecord(receiptReply.result)) {
      return await effectOf(chain, action, Number(nonce), receiptReply.result);
    }
    // The receipt was asked for first: the nonce is mined, but not under this hash.
    if ((quantityResult(nonceReply) ?? 0n) > nonce) {
      const receipt = await receiptOfNonce(sender, action, nonce, since);
      if (receipt !== undefined) {
        return await effectOf(chain, action, Number(nonce), receipt);
      }
      await sender.outbox.markSettled(state.entry.id);
      throw new EmergencyError(
        "NOT_MINED",
        `nonce ${nonce} of ${action.from} is used up, and not by this transaction as far as the node shows`,
        "type the same command again: it looks at the chain first, and does only what is left to do",
      );
    }
    if (sender.now() >= deadline) {
      throw new EmergencyError(
        "NOT_MINED",
        `transaction ${state.hash ?? `with nonce ${nonce}`} is sent, but was not mined within ${sender.timeoutMs / 1000} s`,
        "type the same command again: it goes on waiting for the same transaction, and raises its fee when it is too low",
      );
    }
    await sender.wait(pauseMs);
  }
}

const FIRST_POLL_MS = 30;
const LONGEST_POLL_MS = 1000;
/** A hash that no transaction has, for a transaction whose hash is not known. */
const NO_HASH = `0x${"0".repeat(64)}`;

async function effectOf(
  chain: Chain,
  action: TransactionAction,
  nonce: number,
  receipt: Record<string, unknown>,
): Promise<TransactionEffect> {
  const { transactionHash, blockNumber, gasUsed, effectiveGasPrice, status, contractAddress } =
    receipt;
  if (!isHex(transactionHash) || !isHex(blockNumber) || !isHex(gasUsed)) {
    throw invalid(chain.network, "a receipt lacks its hash, block or gas");
  }
  if (status !== "0x1") {
    throw new EmergencyError(
      "REVERTED",
      `transaction ${transactionHash} was mined in block ${Number(blockNumber)}, but failed: ${action.summary}. It changed nothing`,
      "type the same command again: it looks at the chain first, and says what stands in the way now",
    );
  }
  const price = isHex(effectiveGasPrice) ? BigInt(effectiveGasPrice) : 0n;
  return {
    type: "transaction",
    hash: transactionHash,
    block: Number(blockNumber),
    nonce,
    from: action.from,
    contractAddress: isHex(contractAddress) ? await checksummed(contractAddress) : null,
    gasUsed: Number(gasUsed),
    feeWei: (BigInt(gasUsed) * price).toString(),
    events: eventsOf(receipt.logs),
    storage: null,
  };
}

function eventsOf(logs: unknown): LoggedEvent[] {
  if (!Array.isArray(logs)) {
    return [];
  }
  return logs.filter(isRecord).map((log) => ({
    address: String(log.address).toLowerCase(),
    topics: Array.isArray(log.topics) ? log.topics.map(String) : [],
    data: String(log.data),
  }));
}

/**
 * Hardhat's own node and Ganache mine a transaction that reverts, and answer with the revert in place
 * of its hash.
 */
function wasMined(failure: RpcFailure): boolean {
  return failure.message.startsWith("VM Exception while processing transaction");
}

/** The node may know the transaction already: it was taken before the kill. */
function mayBeUnderWay(failure: RpcFailure): boolean {
  return /already ?known|known transaction|already imported|nonce too low|already exists|underpriced/i.test(
    failure.message,
  );
}

function lostWhileSending(chain: Chain, error: unknown): EmergencyError {
  const reason = error instanceof EmergencyError ? error.what : String(error);
  return new EmergencyError(
    "RPC_UNREACHABLE",
    `the connection was lost while the transaction was sent, so it is not known whether the node of network "${chain.network}" took it: ${reason}`,
    "type the same command again: it looks first, and offers the very same transaction, which can be mined only once",
  );
}

/** The estimate failed: the transaction would fail, or the account cannot pay. */
async function wouldFail(
  chain: Chain,
  action: TransactionAction,
  failure: RpcFailure,
  balanceWei: bigint,
): Promise<EmergencyError> {
  if (
    /insufficient funds|enough funds|exceeds allowance|gas required exceeds/i.test(
      failure.message,
    ) ||
    balanceWei === 0n
  ) {
    return new EmergencyError(
      "OUT_OF_FUNDS",
      `${action.from} cannot pay for the transaction on network "${chain.network}": its balance is ${balanceWei} wei`,
      `send ETH to ${action.from}, or choose another account with --from`,
    );
  }
  // Only a refusal needs it; it loads slowly.
  const { describeFailure } = await loadRevert();
  return new EmergencyError(
    "WOULD_REVERT",
    `the transaction would fail (${action.summary}): ${await describeFailure(failure)}. Nothing was sent`,
    "type the same command again: it looks at the chain first, and says what stands in the way now",
  );
}

function refusedByNode(
  chain: Chain,
  action: TransactionAction,
  failure: RpcFailure,
): EmergencyError {
  if (/insufficient funds|enough funds/i.test(failure.message)) {
    return new EmergencyError(
      "OUT_OF_FUNDS",
      `${action.from} cannot pay for the transaction on network "${chain.network}"`,
      `send ETH to ${action.from}, or choose another account with --from`,
    );
  }
  return new EmergencyError(
    "RPC_REFUSED",
    `the node of network "${chain.network}" refused the transaction: ${failure.message}. It was not sent`,
    "type the same command again, or use another node",
  );
}
