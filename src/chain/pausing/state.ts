import type { Fork } from "../chain.js";
import type { PausedState } from "./mechanism.js";
import type { ReadBack } from "./route.js";

/** What a read-back says in the state in which the fork is now. */
export async function stateOn(fork: Fork, readBack: ReadBack): Promise<PausedState | undefined> {
  return readBack.decode(await fork.rpc.batch(readBack.reads.map((read) => read("latest"))));
}
