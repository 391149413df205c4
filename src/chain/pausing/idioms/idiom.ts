import { addressInWord, type Address, type Hex } from "../../address.js";
import { strictBool, type FixedCall, type PausedState } from "../mechanism.js";

/** The contract that is to stop, in the values of an idiom. */
export const CONTRACT = "contract";
/** Each member of a list in turn, in the reads of {@link EachRead}. */
export const ITEM = "item";

/** Stands for a value by its name: an address or a number that is read from the chain first. */
export interface ValueOf {
  readonly valueOf: string;
}

/** Stands for a value. */
export function valueOf(name: string): ValueOf {
  return { valueOf: name };
}

/** What an argument may be: one 32-byte word, a list of such, or a text. */
export type Argument = bigint | boolean | string | ValueOf | readonly (bigint | ValueOf)[];

/** What is known of the contract and of those around it, by name. */
export type Values = Readonly<Record<string, Value>>;

/** A checksummed address, a number in hex (32 bytes), or a list of addresses. */
export type Value = Address | readonly Address[];

/** A call whose arguments may depend on what is read from the chain. */
export interface CallTemplate {
  readonly signature: string;
  /** The first four bytes of keccak256(signature). */
  readonly selector: Hex;
  /** Undefined when a value that it needs is not known. */
  readonly fill: (values: Values) => FixedCall | undefined;
}

/** A call of an idiom. */
export function call(
  signature: string,
  selector: Hex,
  args: readonly Argument[] = [],
): CallTemplate {
  return { signature, selector, fill: (values) => filled(signature, selector, args, values) };
}

/** How a value is found: getters, one after the other, that lead from a contract to it. */
export interface Lookup {
  /** Where it begins: a value by name; the contract itself as a rule. */
  readonly from?: string;
  /** The ways to it; the first that leads somewhere is taken. Each is a chain of getters. */
  readonly paths: readonly (readonly CallTemplate[])[];
  /** What the last getter answers with; an address as a rule. */
  readonly kind?: "list" | "number";
}

/** One read of a read-back. */
export interface StateRead {
  /** The contract that is asked, by name. */
  readonly of: string;
  readonly call: CallTemplate;
}

/** What an answer says; undefined when it is not this idiom's answer. */
export type DecodeState = (answer: Hex) => PausedState | undefined;

/**
 * How one sees whether it is stopped. Several reads are several parts: all of them stopped is
 * stopped, some of them is "partly".
 */
export interface StateTemplate {
  readonly reads: readonly StateRead[];
  /** The name of a list: every read is repeated for each member, which is called "item". */
  readonly each?: string;
  readonly decode: DecodeState;
}

/** Something that makes it useless for now. */
export interface ClosedWhen {
  readonly of: string;
  readonly call: CallTemplate;
  /** Why it cannot stop anything now; undefined when it can. `timestamp`: seconds since 1970. */
  readonly why: (answer: Hex, timestamp: number) => string | undefined;
}

/**
 * A way in which contracts are stopped that takes more than three functions of the contract itself.
 * It only declares.
 */
export interface Idiom {
  /** Stable, for JSON: "aave-v3-pool". */
  readonly id: string;
  /** For people. */
  readonly title: string;
  /** Functions that the code of the contract itself must have or call. */
  readonly marks?: readonly Hex[];
  /** What must be known before, by name. In their order; all must be found. */
  readonly values?: Readonly<Record<string, Lookup>>;
  /** Pairs of values that must be the same address: a helper that points back to the contract. */
  readonly same?: readonly (readonly [string, string])[];
  /** The contract that is called, by name. */
  readonly to: string;
  /** The contract that is called to start it again, where that is another one. */
  readonly unpauseTo?: string;
  /** Whose code must have the functions, where that is another one than the contract that is called. */
  readonly code?: string;
  readonly pause: CallTemplate;
  /** Null when it cannot be started again. */
  readonly unpause: CallTemplate | null;
  /** The first whose functions are there and which answers in its own form is used. */
  readonly readBacks: readonly StateTemplate[];
  readonly closed?: ClosedWhen;
  /** What it does not stop. */
  readonly limits: string;
  /** When it ends by itself, in words. */
  readonly expires?: string;
  /** It stops one of several sections, each of which has a call of its own. */
  readonly section?: boolean;
}

/** A strict ABI bool that is false when it is stopped. */
export function inverted(answer: Hex): boolean | undefined {
  const running = strictBool(answer);
  return running === undefined ? undefined : !running;
}

/** The words of an answer of exactly so many. */
export function words(answer: Hex, count: number): readonly bigint[] | undefined {
  if (answer.length !== 2 + count * 64) {
    return undefined;
  }
  return Array.from({ length: count }, (_, index) =>
    BigInt(`0x${answer.slice(2 + index * 64, 66 + index * 64)}`),
  );
}

/** A strict ABI bool in the first of so many words. */
export function firstOf(count: number): DecodeState {
  return (answer) =>
    words(answer, count) === undefined ? undefined : strictBool(`0x${answer.slice(2, 66)}`);
}

/** The addresses in an ABI-encoded `address[]`, or undefined when it is none. */
export async function addressList(answer: Hex): Promise<readonly Address[] | undefined> {
  const digits = answer.slice(2);
  const length = Number.parseInt(digits.slice(64, 128), 16);
  const whole = digits.length === 128 + length * 64;
  if (!/^0{62}20$/.test(digits.slice(0, 64)) || !whole || length > MOST_ITEMS) {
    return undefined;
  }
  const items = await Promise.all(
    Array.from({ length }, async (_, index) => {
      const from = 128 + index * 64;
      return await addressInWord(`0x${digits.slice(from, from + 64)}`);
    }),
  );
  return items.filter((item) => item !== undefined);
}

/** A protocol with more markets than this is read no further: a hostile list would not end. */
const MOST_ITEMS = 1_000;

function filled(
  signature: string,
  selector: Hex,
  args: readonly Argument[],
  values: Values,
): FixedCall | undefined {
  const heads: string[] = [];
  const tails: string[] = [];
  const texts: string[] = [];
  let tailAt = args.length * 32;
  for (const arg of args) {
    const encoded = encode(arg, values);
    if (encoded === undefined) {
      return undefined;
    }
    texts.push(encoded.text);
    if (encoded.tail === undefined) {
      heads.push(encoded.head);
    } else {
      heads.push(word(BigInt(tailAt)));
      tails.push(encoded.tail);
      tailAt += encoded.tail.length / 2;
    }
  }
  return { signature, args: texts, data: `${selector}${heads.join("")}${tails.join("")}` };
}

interface Encoded {
  readonly head: string;
  /** Set for what has no fixed size. */
  readonly tail?: string;
  readonly text: string;
}

function encode(arg: Argument, values: Values): Encoded | undefined {
  if (typeof arg === "bigint" || typeof arg === "boolean") {
    return { head: word(BigInt(arg)), text: String(arg) };
  }
  if (typeof arg === "string") {
    const bytes = Buffer.from(arg, "utf8");
    const padded = bytes.toString("hex").padEnd(Math.ceil(bytes.length / 32) * 64, "0");
    return { head: "", tail: word(BigInt(bytes.length)) + padded, text: JSON.stringify(arg) };
  }
  if ("valueOf" in arg && typeof arg.valueOf === "string") {
    const value = values[arg.valueOf];
    if (value === undefined) {
      return undefined;
    }
    return typeof value === "string"
      ? { head: word(BigInt(value)), text: value.length === 42 ? value : String(BigInt(value)) }
      : listOf(value.map((item) => ({ head: word(BigInt(item)), text: item })));
  }
  return Array.isArray(arg) ? encodeList(arg, values) : undefined;
}

function encodeList(items: readonly (bigint | ValueOf)[], values: Values): Encoded | undefined {
  const encoded = items.map((item) => encode(item, values));
  return encoded.every((item) => item !== undefined) ? listOf(encoded) : undefined;
}

function listOf(items: readonly Encoded[]): Encoded {
  return {
    head: "",
    tail: word(BigInt(items.length)) + items.map(({ head }) => head).join(""),
    text: `[${items.map(({ text }) => text).join(", ")}]`,
  };
}

function word(value: bigint): string {
  return value.toString(16).padStart(64, "0");
}
