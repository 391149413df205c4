import type { Owner, Owners } from "../indexer/owners/find-owners.js";
import { inWords } from "../indexer/owners/owners-step.js";
import type { Companion } from "../indexer/owners/scalers.js";
import { printDocument } from "./json.js";
import { emphasise, type Print } from "./output.js";

/** What keeps a workload as it is, as a person is shown it. */
export interface OwnerList {
  readonly indexer: string;
  readonly place: string;
  /** "Deployment market/api". */
  readonly workload: string;
  readonly owners: readonly (Pick<Owner, "title" | "keeps" | "heals" | "state" | "advice"> & {
    /** Who has suspended it, and when; null: nobody with this plugin. */
    readonly suspended: { readonly by: string; readonly at: string } | null;
    /** Whether this plugin can suspend it. */
    readonly canBeSuspended: boolean;
  })[];
  readonly companions: readonly Companion[];
}

const EMPHASIS = {
  active: "warning",
  suspended: "good",
  idle: "quiet",
  unknown: "bad",
} as const;

/** What was found, without the objects it was found in. */
export function ownerList(
  indexer: string,
  place: string,
  { workload, owners }: Owners,
  companions: readonly Companion[],
): OwnerList {
  return {
    indexer,
    place,
    workload,
    owners: owners.map(({ title, keeps, heals, state, advice, handle, mark }) => ({
      title,
      keeps,
      heals,
      state,
      advice,
      suspended: mark === null ? null : { by: mark.by, at: mark.at },
      canBeSuspended: handle !== null,
    })),
    companions,
  };
}

/** Prints what keeps a workload as it is, the nearest first. */
export function printOwners(
  print: Print,
  json: boolean,
  list: OwnerList,
  owners: readonly Owner[],
): void {
  if (json) {
    printDocument(print, { schema: "hardhat-emergency/indexer-owners@1", ...list });
    return;
  }
  print(`Indexer ${list.indexer}, ${list.workload} in ${list.place}`);
  if (owners.length === 0) {
    print("  nothing keeps it as it is: it bears no marks of Argo CD, Flux, Helm or an operator");
  }
  for (const owner of [...owners].reverse()) {
    print(`  ${emphasise(EMPHASIS[owner.state], inWords(owner))}`);
    if (owner.keeps !== list.workload) {
      print(emphasise("quiet", `    it keeps ${owner.keeps}`));
    }
    if (owner.state === "active" && owner.handle !== null) {
      print(emphasise("quiet", "    suspended before the workload is changed"));
    }
    if (owner.state === "suspended") {
      print(emphasise("quiet", `    npx hardhat indexer resume --indexer ${list.indexer}`));
    }
  }
  for (const { title, does } of list.companions) {
    print(`  ${title} ${does}`);
  }
}
