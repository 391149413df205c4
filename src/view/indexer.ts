import type { Revision } from "../indexer/kubernetes/history.js";
import { isUp, type WorkloadStatus } from "../indexer/kubernetes/status.js";
import { printDocument } from "./json.js";
import { emphasise, type Print } from "./output.js";

/** The revisions of a workload, as a person is shown them. */
export interface RevisionList {
  readonly indexer: string;
  readonly place: string;
  /** "Deployment api". */
  readonly workload: string;
  readonly revisions: readonly Omit<Revision, "template" | "annotations">[];
}

const HEALTH = {
  healthy: "good",
  failing: "bad",
  "rolled-back": "bad",
  unknown: "quiet",
} as const;

const RECORDED = {
  healthy: "worked",
  failing: "did not work",
  "rolled-back": "was rolled back",
} as const;

/** Prints a workload's revisions, oldest first. */
export function printHistory(print: Print, json: boolean, list: RevisionList): void {
  if (json) {
    printDocument(print, { schema: "hardhat-emergency/indexer-history@1", ...list });
    return;
  }
  print(`Indexer ${list.indexer}, ${list.workload} in ${list.place}`);
  for (const revision of list.revisions) {
    const { number, createdAt, images, health, present, changeCause } = revision;
    const mark = present ? emphasise("good", "* present") : "";
    const works = emphasise(HEALTH[health], healthInWords(revision));
    print(`  ${number}  ${createdAt}  ${images.join(", ")}  ${works}  ${mark}`.trimEnd());
    if (changeCause !== null) {
      print(`     ${emphasise("quiet", changeCause)}`);
    }
  }
}

/** What its pods say now, and what was recorded of it when it ran. */
function healthInWords({
  pods,
  available,
  recorded,
}: Pick<Revision, "pods" | "available" | "recorded">): string {
  const now = pods === 0 ? "has no pods" : `${available} of ${pods} pods work`;
  return recorded === null ? now : `${now}, ${RECORDED[recorded.health]} at ${recorded.at}`;
}

/** Prints how a workload is, and why it does not come up. */
export function printIndexerStatus(print: Print, json: boolean, status: WorkloadStatus): void {
  const up = isUp(status);
  if (json) {
    printDocument(print, { schema: "hardhat-emergency/indexer-status@1", ok: up, ...status });
    return;
  }
  print(`Indexer ${status.indexer}, ${status.workload} in ${status.place}`);
  print(
    emphasise(
      up ? "good" : "bad",
      status.stopped === null
        ? `  ${up ? "is up" : "is not up"}: ${status.rollout.what}`
        : `  is stopped: ${status.stopped}`,
    ),
  );
  for (const { what, pods, passing, lastLines } of status.causes) {
    print(
      emphasise(passing ? "warning" : "bad", `  ${pods === 1 ? "1 pod" : `${pods} pods`}: ${what}`),
    );
    for (const line of lastLines?.split("\n") ?? []) {
      print(`    | ${line}`);
    }
  }
}
