import type { Fork } from "../chain.js";
import { hexResult, storageAt } from "../reads.js";
import type { SlotChange } from "./trial.js";

/** Those of the words that a call has changed which are not, or not yet, as they were before it. */
export async function notRestored(
  fork: Fork,
  slots: readonly SlotChange[],
): Promise<readonly SlotChange[]> {
  const replies = await fork.rpc.batch(
    slots.map(({ address, slot }) =>
      storageAt(`0x${address.slice(2)}`, `0x${slot.slice(2)}`)("latest"),
    ),
  );
  return slots.filter(({ before }, index) => BigInt(hexResult(replies[index]) ?? "0x0") !== before);
}
