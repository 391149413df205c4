import type { Address, Hex } from "../address.js";
import type { Fork } from "../chain.js";
import type { SlotChange } from "../experiments/trial.js";
import { speaksOfStopping, signaturesFor } from "../inspection/dictionary.js";
import type { ContractFunction } from "../inspection/functions.js";
import { hexResult, staticCall, storageAt } from "../reads.js";
import type { ReadBack } from "./route.js";

/** What getters without arguments answer at one moment: by contract and selector. */
export type Readings = ReadonlyMap<string, Reading>;

interface Reading {
  readonly address: Address;
  readonly fn: ContractFunction;
  readonly answer: Hex;
}

interface Place {
  readonly address: Address;
  readonly functions: readonly ContractFunction[];
}

/** Asks every getter that takes nothing and may be one. */
export async function takeReadings(fork: Fork, places: readonly Place[]): Promise<Readings> {
  const readings = new Map<string, Reading>();
  for (const { address, functions } of places) {
    const getters = functions.filter(
      ({ mutability, inputs }) =>
        (mutability === "view" || mutability === "unknown") &&
        (inputs === undefined || inputs.length === 0),
    );
    const replies = await fork.rpc.batch(
      getters.map(({ selector }) => staticCall(address, selector)("latest")),
    );
    for (const [index, fn] of getters.entries()) {
      const answer = hexResult(replies[index]);
      if (answer !== undefined && answer !== "0x") {
        readings.set(`${address} ${fn.selector}`, { address, fn, answer });
      }
    }
  }
  return readings;
}

/**
 * What tells stopped from running: a getter that answers one thing before and after the stop and
 * another while it lasts, the best named first; else a word of storage that the stop has changed.
 * @param after undefined when the stop cannot be undone.
 */
export function readBackFrom(
  before: Readings,
  during: Readings,
  after: Readings | undefined,
  slots: readonly SlotChange[],
): ReadBack | undefined {
  const telling = [...before.entries()]
    .filter(([key, { answer }]) => {
      const now = during.get(key)?.answer;
      const then = after === undefined ? answer : after.get(key)?.answer;
      return now !== undefined && now !== answer && then === answer;
    })
    .map(([key, reading]) => ({ ...reading, stopped: during.get(key)?.answer ?? "0x" }))
    .sort((a, b) => rank(a) - rank(b));
  const [best] = telling;
  if (best !== undefined && rank(best) < PLAIN) {
    return {
      text: nameOf(best.fn),
      reads: [staticCall(best.address, best.fn.selector)],
      decode: ([reply]) => tell(hexResult(reply), best.stopped, best.answer),
    };
  }
  return storageReadBack(slots);
}

/** A getter that is neither a flag nor speaks of stopping is no better than the storage word itself. */
const PLAIN = 3;

function rank({ fn, answer }: Reading): number {
  const speaks = speaksOfStopping(nameOf(fn)) !== undefined;
  const flag = /^0x0{63}[01]$/.test(answer);
  return speaks && flag ? 0 : speaks ? 1 : flag ? 2 : PLAIN;
}

function nameOf(fn: ContractFunction): string {
  return fn.signature ?? signaturesFor(fn.selector)[0] ?? fn.selector;
}

function tell(answer: string | undefined, stopped: string, running: string): boolean | undefined {
  return answer === stopped ? true : answer === running ? false : undefined;
}

/** The bits of a storage word that the stop has changed. */
function storageReadBack(slots: readonly SlotChange[]): ReadBack | undefined {
  const [change] = slots;
  if (change === undefined) {
    return undefined;
  }
  const mask = change.before ^ change.after;
  const bits = mask.toString(2);
  const lowest = bits.length - 1 - bits.lastIndexOf("1");
  const address: Address = `0x${change.address.slice(2)}`;
  const slot: Hex = `0x${change.slot.slice(2)}`;
  return {
    text: `storage word ${slot} of ${address}, bits ${lowest} to ${bits.length - 1}`,
    reads: [storageAt(address, slot)],
    decode: ([reply]) => {
      const word = hexResult(reply);
      if (word === undefined || word === "0x") {
        return undefined;
      }
      const now = BigInt(word) & mask;
      return now === (change.after & mask)
        ? true
        : now === (change.before & mask)
          ? false
          : undefined;
    },
  };
}
