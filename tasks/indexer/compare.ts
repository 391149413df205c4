import type { NewTaskActionFunction } from "hardhat/types/tasks";
import type { Result } from "hardhat/types/utils";

import { EmergencyError } from "../../src/errors.js";
import { compareConfigured } from "../../src/recovery/indexer-compare.js";
import { openIndexers } from "../../src/recovery/indexer-place.js";
import { printComparison, type CompareResult } from "../../src/view/indexer-compare.js";
import { printLine } from "../../src/view/output.js";
import type { IndexerArguments } from "../shared/indexer-task.js";
import { answered } from "../shared/plugin-error.js";

interface CompareArguments extends Pick<IndexerArguments, "indexer" | "json"> {
  readonly only: string | undefined;
  readonly block: string | undefined;
  readonly most: string | undefined;
  readonly wait: string | undefined;
}

/** Exit code of rows that are not equal, or of which that cannot be told. */
const NOT_EQUAL = 3;

const MOST = 10;

const compare: NewTaskActionFunction<CompareArguments> = async (
  args,
  hre,
): Promise<Result<CompareResult, EmergencyError>> =>
  await answered("indexer compare", args.json, async () => {
    const indexers = openIndexers(hre, args.indexer);
    const [name, another] = indexers.names;
    if (name === undefined || another !== undefined) {
      throw new EmergencyError(
        "BAD_ARGUMENTS",
        '"indexer compare" looks at one indexer',
        "name one with --indexer",
      );
    }
    const options = {
      only: args.only,
      block: args.block === undefined ? null : numberOf(args.block, "--block"),
      most: args.most === undefined ? MOST : numberOf(args.most, "--most"),
      waitMs: args.wait === undefined ? null : numberOf(args.wait, "--wait") * 1000,
    };
    const comparisons = await compareConfigured(hre, indexers, name, options, (what, rows) => {
      if (!args.json && rows % 100_000 === 0) {
        printLine(`  ${what}: ${rows} rows`);
      }
    });
    const ok = comparisons.every(
      ({ checks }) => checks.length > 0 && checks.every(({ verdict }) => verdict === "equal"),
    );
    const result = { indexer: name, ok, comparisons };
    printComparison(printLine, args.json, result);
    if (!ok) {
      process.exitCode = NOT_EQUAL;
    }
    return { success: true, value: result };
  });

function numberOf(text: string, option: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number)) {
    throw new EmergencyError(
      "BAD_ARGUMENTS",
      `${option} cannot be "${text}"`,
      `name a whole number in decimal digits: ${option} 10`,
    );
  }
  return number;
}

export default compare;
