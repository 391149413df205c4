import type { SnapshotList } from "../indexer/configuration/list.js";
import { titleOf } from "../indexer/configuration/references.js";
import type { Why } from "../indexer/configuration/snapshots.js";
import { printDocument } from "./json.js";
import { emphasise, type Print } from "./output.js";

const WHY: Record<Why, string> = {
  deploy: "as it was deployed",
  left: "as a rollback left it",
  restored: "as it was brought back",
  before: "as it was before it was brought back",
};

/** Prints the snapshots of a workload's configuration, oldest first, and what the present revision reads. */
export function printSnapshots(print: Print, json: boolean, list: SnapshotList): void {
  if (json) {
    printDocument(print, { schema: "hardhat-emergency/indexer-snapshots@1", ...list });
    return;
  }
  print(`Indexer ${list.indexer}, ${list.workload} in ${list.place}`);
  for (const reference of list.reads) {
    const { keys, uses } = reference;
    const which = keys === "all" ? "all of it" : keys.join(", ");
    print(`  reads ${titleOf(reference)}: ${which}, as ${uses.join(", ")}`);
  }
  for (const { number, revision, why, at, by, objects, present } of list.snapshots) {
    const mark = present ? emphasise("good", "* present") : "";
    const of = revision === null ? "of a revision that is gone" : `of revision ${revision}`;
    print(
      `  ${number}  ${at}  ${of}, ${WHY[why]}, by ${by}: ${objects.join(", ")}  ${mark}`.trimEnd(),
    );
  }
  if (list.snapshots.length === 0) {
    print("  no snapshots: npx hardhat indexer snapshot takes one, after each deploy");
  }
}
