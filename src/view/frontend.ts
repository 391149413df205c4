import type { RestoreTarget } from "../frontend/s3/restore/intent.js";
import { counted } from "../numbers.js";
import type { ReleaseList, SiteComparison, SiteStatus } from "../frontend/overview.js";
import { printDocument } from "./json.js";
import { emphasise, type Print } from "./output.js";

/** Of many files, so many are listed; all of them with --json. */
const MOST_LINES = 20;

/** Prints a site's releases, oldest first. */
export function printReleases(print: Print, json: boolean, list: ReleaseList): void {
  if (json) {
    printDocument(print, { schema: "hardhat-emergency/releases@1", ...list });
    return;
  }
  print(`Frontend ${list.frontend} in ${list.place}: ${list.releases.length} releases`);
  for (const release of list.releases) {
    const { id, kind, at, by, files, restores, repoint, commit, built } = release;
    const what =
      restores !== null
        ? `rollback to ${restores}`
        : repoint !== null
          ? `repoint of ${repoint.contract} to ${repoint.to}`
          : kind;
    const mark = release.current
      ? emphasise("good", "* served")
      : release.previous
        ? "  previous"
        : "";
    print(`  ${id}  ${at}  ${by}  ${files} files  ${what}  ${mark}`.trimEnd());
    for (const [name, { address }] of Object.entries(release.contracts)) {
      print(`    ${name} ${address}`);
    }
    if (commit !== null) {
      const how =
        built === undefined
          ? ""
          : `, built again${commit === built.reference ? "" : ` as ${built.reference}`} with ${Object.keys(built.variables).join(", ")}`;
      print(`    commit ${commit}${how}`);
    }
  }
  for (const id of list.unfinished) {
    print(emphasise("warning", `  ${id} was begun and not finished`));
  }
  for (const { id, by, at, finishedAt, target, objects } of list.restores) {
    const end = finishedAt === null ? emphasise("warning", "  not finished") : "";
    print(
      `  restore ${id}  ${at}  ${by}  ${counted(objects, "object")} to ${restored(target)}${end}`,
    );
  }
}

function restored(target: RestoreTarget): string {
  if ("time" in target) {
    return `what was shown at ${target.time}`;
  }
  return "before" in target
    ? `what was before restore ${target.before}`
    : target.versions.map(({ key, versionId }) => `${key}@${versionId}`).join(", ");
}

/** Prints how a site is. */
export function printStatus(print: Print, json: boolean, status: SiteStatus): void {
  if (json) {
    const ok = status.problems.length === 0;
    printDocument(print, { schema: "hardhat-emergency/frontend-status@1", ok, ...status });
    return;
  }
  const { release } = status;
  print(`Frontend ${status.frontend} in ${status.place}`);
  if (release !== null) {
    print(`  serves release ${release.id} (${release.kind}, by ${release.by} at ${release.at})`);
  }
  for (const { name, configured, inSite } of status.contracts) {
    const same = inSite === configured;
    print(
      same
        ? `  ${name} ${configured}`
        : emphasise(
            "warning",
            `  ${name} is ${configured} in the configuration, and ${inSite ?? "not found"} in the site`,
          ),
    );
  }
  for (const id of status.unfinished) {
    print(emphasise("warning", `  ${id} was begun and not finished`));
  }
  for (const problem of status.problems) {
    print(emphasise("bad", `  ${problem}`));
  }
  if (status.problems.length === 0) {
    print(emphasise("good", "  all files are as they were deployed"));
  }
}

/** Prints how what is served differs from something else. */
export function printComparison(print: Print, json: boolean, comparison: SiteComparison): void {
  if (json) {
    printDocument(print, { schema: "hardhat-emergency/frontend-diff@1", ...comparison });
    return;
  }
  const { from, to, added, changed, removed, same } = comparison;
  print(`From ${from ?? "nothing"} to ${to}: ${same} files are the same`);
  const lines = [
    ...changed.map((path) => `changed  ${path}`),
    ...added.map((path) => `new      ${path}`),
    ...removed.map((path) => `gone     ${path}`),
  ];
  for (const line of lines.slice(0, MOST_LINES)) {
    print(`  ${line}`);
  }
  if (lines.length > MOST_LINES) {
    print(`  and ${lines.length - MOST_LINES} more (all of them with --json)`);
  }
}
