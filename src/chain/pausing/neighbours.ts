import { addressInWord, checksummed, sameAddress, type Address } from "../address.js";
import { STRANGER } from "../authority/holders.js";
import { consultedBy } from "../experiments/consulted.js";
import type { Exercise } from "../experiments/exercise.js";
import type { Laboratory } from "../experiments/laboratory.js";
import { codeAt, hexResult } from "../reads.js";
import { takeReadings } from "./readings.js";
import type { Subject } from "./subject.js";

/** More contracts around one than this are not searched. */
const MOST_NEIGHBOURS = 16;

/**
 * The contracts that one depends on, because its functions ask them, its getters name them, or its
 * restricted functions obey them. Its pause may be there. The nearest first.
 */
export async function neighboursOf(
  laboratory: Laboratory,
  { named, functions }: Subject,
  exercises: readonly Exercise[],
): Promise<readonly Address[]> {
  const { fork } = laboratory;
  const own = named.address;
  const met = new Map<string, number>();
  const meet = (address: string, weight: number): void => {
    if (
      BigInt(address) > 2n ** 32n &&
      !sameAddress(address, own) &&
      !sameAddress(address, STRANGER)
    ) {
      const key = address.toLowerCase();
      met.set(key, (met.get(key) ?? 0) + weight);
    }
  };
  for (const { before } of exercises) {
    for (const { type, to } of before.frames) {
      if ((type === "CALL" || type === "STATICCALL") && to !== "") {
        meet(to, 2);
      }
    }
  }
  const readings = await takeReadings(fork, [{ address: own, functions }]);
  for (const { answer } of readings.values()) {
    const address = await addressInWord(answer);
    if (address !== undefined) {
      meet(address, 3);
    }
  }
  for (const { call, before } of exercises.filter(({ before: trial }) => !trial.ok)) {
    if (before.gasUsed > 0) {
      const { addresses, contracts } = await consultedBy(fork, call);
      for (const address of [...addresses, ...contracts]) {
        meet(address, 1);
      }
    }
  }
  const ranked = [...met.entries()].sort((a, b) => b[1] - a[1]).map(([address]) => address);
  const addresses = await Promise.all(ranked.map(checksummed));
  const codes = await fork.rpc.batch(addresses.map((address) => codeAt(address)("latest")));
  return addresses
    .filter((_, index) => (hexResult(codes[index]) ?? "0x").length > 2)
    .slice(0, MOST_NEIGHBOURS);
}
