import type { ReleaseDiff, ReleaseList, ReleaseStatus } from "../indexer/helm/look.js";
import type { ObjectChange } from "../indexer/helm/manifest-diff.js";
import { printIndexerStatus } from "./indexer.js";
import { printDocument } from "./json.js";
import { emphasise, type Print } from "./output.js";

/** Prints a release's revisions, oldest first. */
export function printReleases(print: Print, json: boolean, list: ReleaseList): void {
  if (json) {
    printDocument(print, { schema: "hardhat-emergency/indexer-helm-history@1", ...list });
    return;
  }
  print(`Indexer ${list.indexer}, Helm release ${list.release} in ${list.place}`);
  for (const revision of list.revisions) {
    const { number, status, wasDeployed, present, chart, appVersion, updatedAt } = revision;
    const colour = status === "deployed" ? "good" : wasDeployed ? "quiet" : "bad";
    const version = appVersion === "" ? "" : ` (app ${appVersion})`;
    const mark = present ? emphasise("good", "* present") : "";
    print(
      `  ${number}  ${updatedAt.slice(0, 19)}  ${emphasise(colour, status)}  ${chart}${version}  ${revision.images.join(", ")}  ${mark}`.trimEnd(),
    );
    print(`     ${emphasise("quiet", revision.description)}`);
  }
  for (const { number, why } of list.unreadable) {
    print(emphasise("bad", `  ${number}  its record cannot be read: ${why}`));
  }
}

/** Prints how two revisions of a release differ. */
export function printReleaseDiff(print: Print, json: boolean, diff: ReleaseDiff): void {
  if (json) {
    printDocument(print, { schema: "hardhat-emergency/indexer-helm-diff@1", ...diff });
    return;
  }
  const { from, to, objects, hooks } = diff;
  print(`Indexer ${diff.indexer}, Helm release ${diff.release} in ${diff.place}`);
  print(`From revision ${from.number} (${from.chart}) to ${to.number} (${to.chart})`);
  objects.forEach((change) => {
    printChange(print, change, "");
  });
  hooks.forEach((change) => {
    printChange(print, change, "hook ");
  });
  if (objects.length === 0 && hooks.length === 0) {
    print("  their objects are the same");
  }
}

const SIGNS = { added: "+", removed: "-", changed: "~" } as const;

function printChange(print: Print, { object, change, fields }: ObjectChange, what: string): void {
  print(`  ${SIGNS[change]} ${what}${object}`);
  for (const { path, before, after } of fields) {
    const values =
      before === null && after === null
        ? "is different"
        : `${before ?? "none"} -> ${after ?? "none"}`;
    print(`      ${path}: ${values}`);
  }
}

/** Prints how a release is, and why its workloads do not come up. */
export function printReleaseStatus(print: Print, json: boolean, status: ReleaseStatus): void {
  if (json) {
    printDocument(print, { schema: "hardhat-emergency/indexer-helm-status@1", ...status });
    return;
  }
  const { revision, workloads } = status;
  print(`Indexer ${status.indexer}, Helm release ${status.release} in ${status.place}`);
  print(
    emphasise(
      revision.status === "deployed" ? "good" : "bad",
      `  revision ${revision.number} (${revision.chart}) is ${revision.status}: ${revision.description}`,
    ),
  );
  for (const workload of workloads) {
    printIndexerStatus(print, false, workload);
  }
}
