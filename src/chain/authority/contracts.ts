import { checksummed, type Address, type Hex } from "../address.js";
import { lookAt, type Chain } from "../chain.js";
import { canDelegate } from "../inspection/opcodes.js";
import { PROXY_READS, proxyReads, readProxySigns, type ProxySigns } from "../inspection/proxies.js";
import { balanceOf, codeAt, hexResult, nonceOf, quantityResult } from "../reads.js";
import type { RpcReply } from "../rpc.js";
import { getterCall } from "./getter-call.js";
import { addressIn } from "./words.js";

/** A function without arguments that tells something about authority. */
export interface Getter {
  readonly signature: string;
  /** The first four bytes of keccak256(signature). */
  readonly selector: Hex;
}

/** What every address has. */
export interface Account {
  readonly address: Address;
  /** Undefined when the node did not say. */
  readonly code: Hex | undefined;
  /** Transactions sent, or contracts created. */
  readonly nonce: bigint | undefined;
  readonly balanceWei: bigint | undefined;
}

/** Looks at addresses, all in one round trip. */
export async function readAccounts(
  chain: Chain,
  blockNumber: number,
  addresses: readonly Address[],
): Promise<readonly Account[]> {
  const replies = await lookAt(
    chain,
    blockNumber,
    addresses.flatMap((address) => [codeAt(address), nonceOf(address), balanceOf(address)]),
  );
  return addresses.map((address, index) => ({
    address,
    code: hexResult(replies[index * 3]),
    nonce: quantityResult(replies[index * 3 + 1]),
    balanceWei: quantityResult(replies[index * 3 + 2]),
  }));
}

/** The account of a contract's code that an EIP-7702 account runs, or undefined for anything else. */
export async function delegateOf(code: Hex): Promise<Address | undefined> {
  const digits = /^0xef0100([0-9a-f]{40})$/i.exec(code)?.[1];
  return digits === undefined ? undefined : await checksummed(`0x${digits}`);
}

/** What a contract answered, before it is known what it is. */
export interface Answers {
  readonly address: Address;
  readonly code: Hex;
  readonly proxy: ProxySigns | null;
  /** As it came, except what it answers to a question without a meaning. */
  readonly raw: (getter: Getter) => Hex | undefined;
  /** Whether it also answered a question without a meaning: a fallback that accepts every call. */
  readonly answersAll: boolean;
}

/** The same, with the code that its answers come from. */
export interface SeenContract extends Answers {
  /** Whether its code, or that behind it, compares against this selector. */
  readonly mentions: (selector: Hex) => boolean;
  /** The answer of a getter that the code really has, as far as the code is known. */
  readonly answer: (getter: Getter) => Hex | undefined;
}

/** The first four bytes of keccak256("hardhat-emergency.nothing()"): a function that no contract has. */
const NOTHING = "0xd2e63e0e";

/** Asks a contract what it is: its proxy slots and the given getters, in one round trip. */
export async function readAnswers(
  chain: Chain,
  blockNumber: number,
  contract: { readonly address: Address; readonly code: Hex },
  getters: readonly Getter[],
): Promise<Answers> {
  const { address, code } = contract;
  // What runs no other code has no other functions: a getter that it lacks need not be asked.
  const asked = canDelegate(code)
    ? getters
    : getters.filter(({ selector }) => hasSelector(code, selector));
  const replies = await lookAt(chain, blockNumber, [
    ...proxyReads(address),
    getterCall(address, NOTHING),
    ...asked.map(({ selector }) => getterCall(address, selector)),
  ]);
  const nonsense = hexResult(replies[PROXY_READS]);
  const bySelector = new Map<Hex, RpcReply | undefined>(
    asked.map(({ selector }, index) => [selector, replies[PROXY_READS + 1 + index]]),
  );
  return {
    address,
    code,
    proxy: await readProxySigns(code, replies.slice(0, PROXY_READS)),
    raw: ({ selector }) => {
      const answer = hexResult(bySelector.get(selector));
      return answer === nonsense ? undefined : shortAnswer(answer);
    },
    answersAll: nonsense !== undefined && nonsense !== "0x",
  };
}

/** Reads the code behind a proxy: one round trip, two behind a beacon. */
export async function readLogic(
  chain: Chain,
  blockNumber: number,
  answers: Answers,
): Promise<SeenContract> {
  const { proxy } = answers;
  const behind = proxy === null ? [] : await codeBehind(chain, blockNumber, proxy);
  const replies = await lookAt(chain, blockNumber, behind.map(codeAt));
  const codes = replies.map((reply) => hexResult(reply) ?? "0x");
  // A proxy whose code is not found, or is a proxy once more, may answer anything.
  const certain = proxy === null || (codes.length > 0 && codes.every(isWhole));
  const all = [answers.code, ...codes];
  const mentions = (selector: Hex): boolean => all.some((code) => hasSelector(code, selector));
  return {
    ...answers,
    mentions,
    answer: (getter) => (certain && !mentions(getter.selector) ? undefined : answers.raw(getter)),
  };
}

/** `implementation()` of a beacon. */
const IMPLEMENTATION = "0x5c60da1b";

async function codeBehind(
  chain: Chain,
  blockNumber: number,
  { facets, implementation, beacon }: ProxySigns,
): Promise<readonly Address[]> {
  if (beacon === null) {
    return implementation === null ? facets : [implementation];
  }
  const [reply] = await lookAt(chain, blockNumber, [getterCall(beacon, IMPLEMENTATION)]);
  const named = await addressIn(hexResult(reply));
  return named === undefined ? [] : [named];
}

/** Forwarders are small: 700 bytes hold every usual one. */
function isWhole(code: Hex): boolean {
  return code.length > 2 + 2 * 700 || (code !== "0x" && !canDelegate(code));
}

/**
 * Whether the four bytes occur in code at all. Vyper keeps its selectors in a table and not behind a
 * PUSH4, so where they stand does not matter here: an answer must still be of the right form.
 */
function hasSelector(code: Hex, selector: Hex): boolean {
  // solc writes a selector that begins with zeros without them.
  const digits = selector
    .slice(2)
    .toLowerCase()
    .replace(/^(00)+/, "");
  const text = code.toLowerCase();
  for (let at = text.indexOf(digits, 2); at !== -1; at = text.indexOf(digits, at + 1)) {
    if (at % 2 === 0) {
      return true;
    }
  }
  return false;
}

/** No getter here honestly answers with more than a list of some hundred addresses. */
const LONGEST_ANSWER = 2 + 64 * 600;

function shortAnswer(answer: Hex | undefined): Hex | undefined {
  return answer === undefined || answer.length > LONGEST_ANSWER ? undefined : answer;
}
