import type { Fork } from "../chain.js";
import { consultedBy, type SlotRead } from "../experiments/consulted.js";
import type { Exercise } from "../experiments/exercise.js";
import type { Laboratory } from "../experiments/laboratory.js";
import { STRANGER } from "../authority/holders.js";
import { isRecord } from "../../json.js";
import { isHex } from "../reads.js";
import { effectOf } from "./effect.js";
import type { ReadBack } from "./route.js";
import { stateOn } from "./state.js";
import { exercise, type Subject } from "./subject.js";

/** What a contract does when the word is cleared that says it is stopped. */
export interface Cleared {
  /** Its functions, running. */
  readonly running: readonly Exercise[];
  /** Whether the functions go by the word: otherwise the contract only says that it is stopped. */
  readonly obeyed: boolean;
}

/**
 * Starts a contract by force where nobody can start it for an experiment: the flag is turned in the
 * storage word that its read-back comes from. Stays on the fork until it is taken back.
 * @returns undefined where no such word is found: a getter that says so whatever happens.
 */
export async function clearFlag(
  laboratory: Laboratory,
  subject: Subject,
  readBack: ReadBack,
): Promise<Cleared | undefined> {
  const { fork } = laboratory;
  const words = await wordsOf(fork, readBack);
  for (const word of words) {
    // Where an answer comes from many words, one of them may be a length: nothing is set there.
    for (const value of words.length === 1 ? otherValues(word.value) : [0n]) {
      await setWord(fork, word, value);
      if ((await stateOn(fork, readBack)) === false) {
        const running = await exercise(laboratory, subject);
        await setWord(fork, word, word.value);
        const effects = await effectOf(laboratory, subject.named.address, running);
        await setWord(fork, word, value);
        return { running, obeyed: effects.some(({ guarded }) => guarded) };
      }
      await setWord(fork, word, word.value);
    }
  }
  return undefined;
}

/**
 * What a word may be when the contract runs: each of its bytes, which may hold a flag beside other
 * things, cleared or set; last of all nothing.
 */
function otherValues(value: bigint): readonly bigint[] {
  const bytes = Array.from({ length: 32 }, (_, index) => BigInt(index * 8));
  return [
    ...bytes.map((shift) => {
      const byte = (value >> shift) & 0xffn;
      return value - (byte << shift) + ((byte === 0n ? 1n : 0n) << shift);
    }),
    0n,
  ];
}

/** The storage words that the answers to a read-back come from. */
async function wordsOf(fork: Fork, { reads }: ReadBack): Promise<readonly SlotRead[]> {
  const words: SlotRead[] = [];
  for (const read of reads) {
    const { method, params } = read("latest");
    const [call] = params;
    if (method === "eth_call" && isRecord(call) && isHex(call.to) && isHex(call.data)) {
      const { slots } = await consultedBy(fork, { from: STRANGER, to: call.to, data: call.data });
      words.push(...slots);
    }
  }
  return words;
}

async function setWord(fork: Fork, { address, slot }: SlotRead, value: bigint): Promise<void> {
  await fork.rpc.batch([
    {
      method: "hardhat_setStorageAt",
      params: [
        address,
        `0x${BigInt(slot).toString(16)}`,
        `0x${value.toString(16).padStart(64, "0")}`,
      ],
    },
  ]);
}
