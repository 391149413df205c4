import { readFile } from "node:fs/promises";

import { EmergencyError, asError, messageOf } from "../../errors.js";
import { isRecord } from "../../json.js";
import { parseAddress, type Address, type Hex } from "../address.js";
import { required } from "../chain.js";
import { codeAt, hexResult, isHex, quantity } from "../reads.js";
import { gentleReads } from "./gentle-reads.js";
import type { Laboratory } from "./laboratory.js";
import {
  recorded,
  transactionOf,
  type RecordedCall,
  type RecordedCalls,
} from "./past-transaction.js";

/** What a person names: a transaction, or a call that need not have been made. */
type Named =
  | { readonly kind: "hash"; readonly hash: Hex; readonly source: string }
  | { readonly kind: "call"; readonly call: RecordedCall };

/**
 * The calls that `--calls` names: transaction hashes and file names, separated by commas. A file is
 * a JSON list of hashes and of objects `{ from, to, data, value? }`, with `value` in wei as a decimal
 * or hexadecimal text or a whole number. Transactions that failed when they were made are left out,
 * and said to be.
 * @throws EmergencyError BAD_ARGUMENTS when something cannot be used: a hash that the node does not
 * know, a file that is not there or not JSON, a call without `to` or of another chain.
 * @throws EmergencyError BAD_ADDRESS when an address in a file is mistyped.
 */
export async function namedCalls(laboratory: Laboratory, text: string): Promise<RecordedCalls> {
  const items = text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
  if (items.length === 0) {
    throw bad("--calls names nothing");
  }
  const named: Named[] = [];
  for (const item of items) {
    named.push(
      ...(/^0x/i.test(item) ? [hashIn(item, "--calls")] : await fromFile(laboratory, item)),
    );
  }
  await mustBeContracts(
    laboratory,
    named.flatMap((each) => (each.kind === "call" ? [each.call] : [])),
  );
  const { calls, unknown } = await looked(laboratory, named);
  return { calls, fromBlock: laboratory.block, unknown };
}

function hashIn(text: string, source: string): Named {
  if (!isHex(text) || text.length !== 66) {
    const reason = isHex(text)
      ? `it has ${text.length - 2} digits instead of 64`
      : "it holds characters that are not hexadecimal";
    throw bad(`${source}: "${text}" is not a transaction's hash: ${reason}`);
  }
  return { kind: "hash", hash: text, source };
}

async function fromFile(laboratory: Laboratory, name: string): Promise<readonly Named[]> {
  const entries = parsed(name, await contentOf(name));
  const named: Named[] = [];
  for (const [index, entry] of entries.entries()) {
    const source = `${name}, entry ${index + 1}`;
    named.push(
      typeof entry === "string"
        ? hashIn(entry, source)
        : { kind: "call", call: await callIn(laboratory, entry, source) },
    );
  }
  return named;
}

async function contentOf(name: string): Promise<string> {
  try {
    return await readFile(name, "utf8");
  } catch (error) {
    throw bad(`--calls: the file "${name}" cannot be read: ${messageOf(error)}`, asError(error));
  }
}

function parsed(name: string, content: string): readonly unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    throw bad(`--calls: the file "${name}" is not JSON: ${messageOf(error)}`, asError(error));
  }
  if (!Array.isArray(value) || value.length === 0) {
    throw bad(`--calls: the file "${name}" holds no list of calls`);
  }
  return value;
}

async function callIn(
  laboratory: Laboratory,
  entry: unknown,
  source: string,
): Promise<RecordedCall> {
  if (!isRecord(entry)) {
    throw bad(`${source}: neither a transaction's hash nor an object`);
  }
  const { data, value, chainId } = entry;
  if (chainId !== undefined) {
    await mustBeThisChain(laboratory, chainId, source);
  }
  if (!isHex(data) || data.length % 2 !== 0) {
    throw bad(`${source}: "data" is not hexadecimal text with whole bytes`);
  }
  const valueWei = weiIn(value, source);
  return {
    from: await addressIn(entry, "from", source),
    to: await addressIn(entry, "to", source),
    data,
    ...(valueWei === 0n ? {} : { valueWei }),
    origin: source,
  };
}

async function addressIn(
  entry: Record<string, unknown>,
  field: "from" | "to",
  source: string,
): Promise<Address> {
  const text = entry[field];
  if (typeof text !== "string") {
    throw bad(`${source}: it has no "${field}"`);
  }
  return await parseAddress(text, `${source}, "${field}"`);
}

function weiIn(value: unknown, source: string): bigint {
  if (value === undefined) {
    return 0n;
  }
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) {
    return BigInt(value);
  }
  if (typeof value === "string" && /^(0x[0-9a-f]+|\d+)$/i.test(value)) {
    return BigInt(value);
  }
  throw bad(`${source}: "value" is not a whole number of wei; write a large one as text`);
}

async function mustBeThisChain(
  { chain }: Laboratory,
  given: unknown,
  source: string,
): Promise<void> {
  const chainId = await chain.chainId();
  if (Number(given) !== chainId) {
    throw bad(
      `${source}: it is of chain ${String(given)}, and network "${chain.network}" is chain ${chainId}`,
    );
  }
}

/** A call from another chain is known by this: here nothing is at its address. */
async function mustBeContracts(
  { chain, block }: Laboratory,
  calls: readonly RecordedCall[],
): Promise<void> {
  const distinct = [...new Map(calls.map((call) => [call.to, call])).values()];
  const codes = await gentleReads(chain.rpc).read(
    distinct.map(({ to }) => codeAt(to)(quantity(block))),
  );
  for (const [index, { origin, to }] of distinct.entries()) {
    if (hexResult(codes[index]) === "0x") {
      throw bad(
        `${origin}: there is no contract at ${to} on network "${chain.network}"; is the call of another chain?`,
      );
    }
  }
}

/** The named calls in their order, with the transactions of the hashes. */
async function looked(
  { chain }: Laboratory,
  named: readonly Named[],
): Promise<{ calls: readonly RecordedCall[]; unknown: readonly string[] }> {
  const calls: RecordedCall[] = [];
  const unknown: string[] = [];
  const replies = await gentleReads(chain.rpc).read(
    named.flatMap((each) =>
      each.kind === "hash"
        ? [
            { method: "eth_getTransactionByHash", params: [each.hash] },
            { method: "eth_getTransactionReceipt", params: [each.hash] },
          ]
        : [],
    ),
  );
  const answers = replies.values();
  for (const each of named) {
    if (each.kind === "call") {
      calls.push(each.call);
      continue;
    }
    const { hash, source } = each;
    const reply = answers.next().value;
    const receipt = answers.next().value;
    const transaction = required(chain.network, reply, "eth_getTransactionByHash");
    if (!isRecord(transaction)) {
      throw bad(
        `${source}: the node of network "${chain.network}" does not know transaction ${hash}; is it of another chain?`,
      );
    }
    const past = transactionOf(transaction);
    if (past === undefined) {
      const reason = isHex(transaction.blockNumber)
        ? "creates a contract and calls none"
        : "is not mined yet";
      throw bad(`${source}: transaction ${hash} ${reason}`);
    }
    if (receipt?.ok === true && isRecord(receipt.result) && receipt.result.status === "0x0") {
      unknown.push(`transaction ${hash} failed when it was made, and is not replayed`);
      continue;
    }
    calls.push(await recorded(past));
  }
  return { calls, unknown };
}

function bad(what: string, cause?: Error): EmergencyError {
  return new EmergencyError(
    "BAD_ARGUMENTS",
    what,
    "give --calls transaction hashes of this network and files with a JSON list of hashes and { from, to, data, value } objects, separated by commas",
    cause,
  );
}
