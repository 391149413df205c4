import { checksummed, type Address, type Hex } from "../address.js";
import { lookAt, type Chain } from "../chain.js";
import { canDelegate } from "../inspection/opcodes.js";
import { PROXY_READS, proxyReads, readProxySigns, type ProxySigns } from "../inspection/proxies.js";
import { balanceOf, codeAt, hexResult, nonceOf, quantityResult } from "../reads.js";
import { getterCall, withinGas } from "./getter-call.js";
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

/** What a contract answered at first, before the code behind it is known. */
export interface Answers {
  readonly address: Address;
  readonly code: Hex;
  readonly proxy: ProxySigns | null;
  /** As it came, except what it answers to a question without a meaning. */
  readonly raw: (getter: Getter) => Hex | undefined;
  /** Its answer to that question; there is one when a fallback accepts every call. */
  readonly nonsense: Hex | undefined;
  /** Whether it spent all its gas on that question. It is not asked much more. */
  readonly spendsAll: boolean;
  readonly asked: readonly Getter[];
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

/**
 * Asks a contract what it is, in one round trip: its proxy slots, the getters that its own code has, and
 * those that are wanted in any case when other code may answer them.
 */
export async function readAnswers(
  chain: Chain,
  blockNumber: number,
  contract: { readonly address: Address; readonly code: Hex },
  getters: readonly Getter[],
  inAnyCase: readonly Getter[],
): Promise<Answers> {
  const { address, code } = contract;
  const forwards = canDelegate(code);
  const asked = getters.filter(
    (each) => hasSelector(code, each.selector) || (forwards && inAnyCase.includes(each)),
  );
  // Some proxies carry the address in their code, and what runs no other code is none.
  const told = await readProxySigns(code, []);
  const slots = forwards && (told === null || told.kind === "unknown") ? proxyReads(address) : [];
  const replies = await lookAt(chain, blockNumber, [
    ...slots.map(withinGas),
    getterCall(address, NOTHING),
    ...asked.map(({ selector }) => getterCall(address, selector)),
  ]);
  const rest = replies.slice(slots.length);
  const [nonsense, ...answers] = rest.map(hexResult);
  const [nothing] = rest;
  return {
    address,
    code,
    proxy: slots.length > 0 ? await readProxySigns(code, replies.slice(0, PROXY_READS)) : told,
    raw: lookUp(asked, answers, nonsense),
    nonsense,
    spendsAll: nothing?.ok === false && /out ?of ?gas/i.test(nothing.failure.message),
    asked,
  };
}

/** The code behind a proxy: one round trip, two behind a beacon, none behind what is no proxy. */
export async function readCodesBehind(
  chain: Chain,
  blockNumber: number,
  { proxy }: Answers,
): Promise<readonly Hex[]> {
  const behind = proxy === null ? [] : await addressesBehind(chain, blockNumber, proxy);
  const replies = await lookAt(chain, blockNumber, behind.map(codeAt));
  return replies.map((reply) => hexResult(reply) ?? "0x");
}

/** Asks what the code behind a proxy can answer besides: one round trip, or none. */
export async function readFurther(
  chain: Chain,
  blockNumber: number,
  answers: Answers,
  codes: readonly Hex[],
  getters: readonly Getter[],
): Promise<SeenContract> {
  const { address, code, proxy, asked } = answers;
  // A proxy whose code is not found, or is a proxy once more, may answer anything.
  const certain = proxy === null || (codes.length > 0 && codes.every(isWhole));
  const all = [code, ...codes];
  const mentions = (selector: Hex): boolean => all.some((each) => hasSelector(each, selector));
  const further = getters.filter(
    (each) => !asked.includes(each) && (certain ? mentions(each.selector) : !answers.spendsAll),
  );
  const replies = await lookAt(
    chain,
    blockNumber,
    further.map(({ selector }) => getterCall(address, selector)),
  );
  const more = lookUp(further, replies.map(hexResult), answers.nonsense);
  return {
    ...answers,
    mentions,
    answer: (getter) =>
      certain && !mentions(getter.selector) ? undefined : (answers.raw(getter) ?? more(getter)),
  };
}

/** @param nonsense what was answered to a question without a meaning: that is no answer. */
function lookUp(
  asked: readonly Getter[],
  answers: readonly (Hex | undefined)[],
  nonsense: Hex | undefined,
): (getter: Getter) => Hex | undefined {
  const bySelector = new Map(asked.map(({ selector }, index) => [selector, answers[index]]));
  return ({ selector }) => {
    const answer = bySelector.get(selector);
    return answer === nonsense ? undefined : shortAnswer(answer);
  };
}

/** `implementation()` of a beacon. */
const IMPLEMENTATION = "0x5c60da1b";

async function addressesBehind(
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
