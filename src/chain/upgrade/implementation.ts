import { checksummed, sameAddress, type Address, type Hex } from "../address.js";
import { lookAt, type Chain } from "../chain.js";
import { sameRuntimeCode } from "../inspection/bytecode.js";
import { codeAt, hexResult, nonceOf, quantityResult } from "../reads.js";
import type { Outbox, OutboxState } from "../transactions/outbox.js";
import type { CompiledContract } from "./project.js";

/** The address that a contract gets when an account creates it with this nonce. */
export async function creationAddress(from: Address, nonce: number): Promise<Address> {
  const { getCreateAddress } = await import("ethers");
  return await checksummed(getCreateAddress({ from, nonce }));
}

/**
 * The nonce for a creation: that of an earlier run's unfinished one, which will be taken up again,
 * or the next free one.
 */
export async function creationNonce(
  chain: Chain,
  outbox: Outbox,
  from: Address,
  creation: Hex,
  nextNonce: number,
): Promise<number> {
  const open = (await createdBefore(outbox, from, creation)).filter(({ settled }) => !settled);
  if (open.length === 0) {
    return nextNonce;
  }
  const [reply] = await chain.rpc.batch([nonceOf(from)("latest")]);
  const mined = Number(quantityResult(reply) ?? 0n);
  const nonces = open.map(({ entry }) => Number(entry.transaction.nonce));
  return nonces.find((nonce) => nonce >= mined) ?? nextNonce;
}

async function createdBefore(
  outbox: Outbox,
  from: Address,
  creation: Hex,
): Promise<readonly OutboxState[]> {
  return (await outbox.all()).filter(
    ({ entry: { transaction } }) =>
      transaction.to === undefined &&
      transaction.data === creation &&
      sameAddress(transaction.from ?? "", from),
  );
}

/**
 * A contract that an earlier run has already created with the very same creation code, and which
 * the outbox remembers. It is used again instead of being created twice.
 */
export async function alreadyCreated(
  chain: Chain,
  outbox: Outbox,
  from: Address,
  creation: Hex,
  compiled: CompiledContract,
  blockNumber: number,
): Promise<Address | undefined> {
  const entries = await createdBefore(outbox, from, creation);
  const addresses = await Promise.all(
    entries.map(async ({ entry }) => await creationAddress(from, Number(entry.transaction.nonce))),
  );
  const codes = await lookAt(chain, blockNumber, addresses.map(codeAt));
  const index = codes.findLastIndex((reply) => {
    const code = hexResult(reply);
    return code !== undefined && sameRuntimeCode(code, compiled);
  });
  return addresses[index];
}
