import { task } from "hardhat/config";
import type { NewTaskDefinitionBuilder, TaskArguments } from "hardhat/types/tasks";

import { lookingAtIndexer } from "./indexer-options.js";
import { withText } from "./options.js";

/** What only matters to an indexer that is a Helm release. */
export function withHelm<Arguments extends TaskArguments>(
  builder: NewTaskDefinitionBuilder<Arguments>,
) {
  return builder
    .addFlag({ name: "noHooks", description: "Helm: do not run the release's hooks" })
    .addFlag({
      name: "takeOver",
      description: "Helm: a pending revision has been left by a run that has ended",
    });
}

/** `npx hardhat indexer diff` */
export const indexerHelmTasks = [
  lookingAtIndexer(
    withText(
      withText(
        task(["indexer", "diff"], "Say how two revisions of a Helm release differ"),
        "from",
        "A revision; default: the newest one",
      ),
      "to",
      "A revision; default: the one that a rollback would go back to",
    ),
  )
    .setAction(async () => await import("../../tasks/indexer/diff.js"))
    .build(),
];
