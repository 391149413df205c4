import { look, type Fork } from "../../src/chain/chain.js";
import { openChain } from "../../src/chain/connect.js";
import { Laboratory } from "../../src/chain/experiments/laboratory.js";
import { openFork } from "../../src/chain/fork.js";
import type { TestChain, ProjectWishes } from "./chain.js";

/** A laboratory of a test's own, on a fork of the test's chain as it is now. Closed after the test. */
export interface Laboratories {
  open(wishes?: ProjectWishes): Promise<Laboratory>;
}

/** Laboratories on a chain, for all tests of a `describe`. */
export function useLaboratories(chain: TestChain): Laboratories {
  const opened: { close: () => Promise<void> }[] = [];
  afterEach(async () => {
    for (const { close } of opened.splice(0)) {
      await close();
    }
  });
  return {
    async open(wishes = {}) {
      const project = await chain.project(wishes);
      const original = await openChain(project.hre);
      const { chainId, block } = await look(original, []);
      const fork: Fork = await openFork(project.hre, original, chainId, block.number);
      opened.push({
        close: async () => {
          await fork.close();
          await original.close();
        },
      });
      return new Laboratory(original, block.number, fork);
    },
  };
}
