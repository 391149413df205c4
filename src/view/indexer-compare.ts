import type { Check, CompareReport } from "../indexer/compare/compare.js";
import { withCommas } from "../numbers.js";
import { printDocument } from "./json.js";
import { emphasise, type Print } from "./output.js";

/** What `indexer compare` has found. */
export interface CompareResult {
  readonly indexer: string;
  /** Whether everything is equal. */
  readonly ok: boolean;
  readonly comparisons: readonly CompareReport[];
}

const LOOKS = { equal: "good", different: "bad", "cannot tell": "warning" } as const;

/** Prints what came of comparing rows. */
export function printComparison(print: Print, json: boolean, result: CompareResult): void {
  if (json) {
    printDocument(print, { schema: "hardhat-emergency/indexer-compare@1", ...result });
    return;
  }
  for (const { name, old, new: fresh, checks } of result.comparisons) {
    print(`${name}: ${old === null ? fresh : `${old} (old), ${fresh} (new)`}`);
    for (const check of checks) {
      printCheck(print, check);
    }
    if (checks.length === 0) {
      print(emphasise("warning", "  nothing is compared: there is neither an old one nor a chain"));
    }
  }
}

function printCheck(print: Print, { what, verdict, block, why, tally }: Check): void {
  const at = block === null ? "" : ` at block ${withCommas(block)}`;
  print(`  ${what}: ${emphasise(LOOKS[verdict], verdict)}${at}${why === null ? "" : `: ${why}`}`);
  if (tally === null) {
    return;
  }
  const { rows, missing, extra, different, first } = tally;
  print(
    `    ${withCommas(rows)} rows: ${withCommas(missing)} missing, ${withCommas(extra)} too many, ${withCommas(different)} different`,
  );
  for (const { key, kind, columns } of first) {
    const details = columns.map(
      ({ name, first: one, second: other }) => `${name} ${one ?? "none"} -> ${other ?? "none"}`,
    );
    const words =
      kind === "missing" ? "missing" : kind === "extra" ? "too many" : details.join(", ");
    print(`    ${key}: ${words}`);
  }
  const left = missing + extra + different - first.length;
  if (left > 0) {
    print(`    and ${withCommas(left)} more`);
  }
}
