import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { Result } from "hardhat/types/utils";

import type { Chain } from "../../src/chain/chain.js";
import { openChain } from "../../src/chain/connect.js";
import type { EmergencyError } from "../../src/errors.js";
import { answered } from "./plugin-error.js";

/** Runs a command that only reads, on the network of `--network`, and prints a refusal as asked. */
export async function runReadingTask<T>(
  hre: HardhatRuntimeEnvironment,
  command: string,
  json: boolean,
  read: (chain: Chain) => Promise<T>,
): Promise<Result<T, EmergencyError>> {
  return await answered(command, json, async () => {
    const chain = await openChain(hre);
    try {
      return { success: true, value: await read(chain) };
    } finally {
      await chain.close();
    }
  });
}
