import { task } from "hardhat/config";
import type { NewTaskDefinitionBuilder, TaskArguments } from "hardhat/types/tasks";

import { changingIndexers, lookingAtIndexer } from "./indexer-options.js";
import { withText } from "./options.js";

/** What the tasks have that change what Argo CD, Flux or an operator would put back. */
export function withOwners<Arguments extends TaskArguments>(
  builder: NewTaskDefinitionBuilder<Arguments>,
) {
  return withText(
    builder,
    "owner",
    'What keeps the workload as it is: "suspend" it first, the default; or "ignore" it',
  ).addFlag({
    name: "resume",
    description: "Resume at the end what was suspended: its repository says the same already",
  });
}

/** `npx hardhat indexer owners`, `suspend`, `resume` */
export const indexerOwnerTasks = [
  lookingAtIndexer(
    task(
      ["indexer", "owners"],
      "Say what keeps an indexer as it is: Argo CD, Flux, Helm, operators",
    ),
  )
    .setAction(async () => await import("../../tasks/indexer/owners.js"))
    .build(),
  changingIndexers(
    task(["indexer", "suspend"], "Tell what keeps an indexer as it is to leave it alone"),
  )
    .setAction(async () => await import("../../tasks/indexer/suspend.js"))
    .build(),
  changingIndexers(
    task(
      ["indexer", "resume"],
      "Give back what was taken from it, so that it keeps the indexer again",
    ),
  )
    .setAction(async () => await import("../../tasks/indexer/resume.js"))
    .build(),
];
