import type { NewTaskActionFunction } from "hardhat/types/tasks";

import { parseAddress } from "../../src/chain/address.js";
import { EmergencyError } from "../../src/errors.js";
import type { SecondSource } from "../../src/indexer/repoint/intent.js";
import { repointWork } from "../../src/recovery/indexer-repoint.js";
import {
  runIndexerTask,
  type IndexerArguments,
  type IndexerResult,
  type OwnerArguments,
} from "../shared/indexer-task.js";
import { needed } from "../shared/writing-task.js";

interface RepointArguments extends IndexerArguments, OwnerArguments {
  readonly contract: string | undefined;
  readonly to: string | undefined;
  readonly from: string | undefined;
  readonly startBlock: string | undefined;
  readonly endBlock: string | undefined;
  readonly schema: string | undefined;
  readonly second: string | undefined;
  readonly forgetOld: boolean;
}

const EXAMPLE = "npx hardhat indexer repoint --contract vault --to 0x…";

const repoint: NewTaskActionFunction<RepointArguments> = async (
  args,
  hre,
): Promise<IndexerResult> =>
  await runIndexerTask(
    hre,
    "indexer repoint",
    args,
    {
      prepare: async (indexers) =>
        await repointWork(hre, indexers, {
          contract: needed(args.contract, "--contract", EXAMPLE),
          to: await parseAddress(needed(args.to, "--to", EXAMPLE), "--to"),
          from: args.from === undefined ? null : await parseAddress(args.from, "--from"),
          startBlock: blockOf(args.startBlock, "--start-block"),
          endBlock: blockOf(args.endBlock, "--end-block"),
          schema: args.schema ?? null,
          forgetOld: args.forgetOld,
          second: await secondOf(args.second),
        }),
    },
    args,
  );

function blockOf(text: string | undefined, option: string): number | null {
  if (text === undefined) {
    return null;
  }
  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number)) {
    throw new EmergencyError(
      "BAD_ARGUMENTS",
      `${option} cannot be "${text}"`,
      `name a block in decimal digits: ${option} 19000000`,
    );
  }
  return number;
}

/** "none", "0x…", "0x…@19000000", "0x…@19000000-21000000". */
async function secondOf(text: string | undefined): Promise<"old" | SecondSource | null> {
  if (text === undefined) {
    return "old";
  }
  if (text === "none") {
    return null;
  }
  const [address = "", start, end] = text.split(/[@-]/);
  return {
    address: await parseAddress(address, "--second"),
    startBlock: blockOf(start, "--second"),
    endBlock: blockOf(end, "--second"),
  };
}

export default repoint;
