import { emptyTask, task } from "hardhat/config";
import type { NewTaskDefinitionBuilder, TaskArguments } from "hardhat/types/tasks";

import { withText } from "./options.js";

const INDEXER = "Name from the config; needed only where there are several";
const INDEXERS = "Names from the config, separated by commas; needed only where there are several";

/** What the tasks have that change indexers. */
export function changingIndexers<Arguments extends TaskArguments>(
  builder: NewTaskDefinitionBuilder<Arguments>,
) {
  const withIndexer = withText(builder, "indexer", INDEXERS);
  const withPlan = withText(
    withIndexer,
    "plan",
    "Perform the plan in this file instead of making one",
  );
  return withText(withPlan, "savePlan", "Write the plan to this file")
    .addFlag({ name: "yes", description: "Do not ask for the indexers' names to be typed" })
    .addFlag({ name: "dryRun", description: "Show the plan and stop" })
    .addFlag({ name: "rehearse", description: "Let the API server try it first, and keep nothing" })
    .addFlag({ name: "json", description: "Print one JSON document and nothing else" });
}

/** What the tasks have that look at one indexer. */
export function lookingAtIndexer<Arguments extends TaskArguments>(
  builder: NewTaskDefinitionBuilder<Arguments>,
) {
  return withText(builder, "indexer", INDEXER).addFlag({
    name: "json",
    description: "Print one JSON document and nothing else",
  });
}

/** `npx hardhat indexer …` */
export const indexerTasks = [
  emptyTask("indexer", "Roll back indexers and APIs, and see whether they run").build(),
  changingIndexers(
    withText(
      task(["indexer", "rollback"], "Run an earlier revision again, and wait until it is up"),
      "to",
      'Revision, image or digest; "healthy": the newest other one with a pod that works; default: "previous"',
    ),
  )
    .setAction(async () => await import("../../tasks/indexer/rollback.js"))
    .build(),
  lookingAtIndexer(task(["indexer", "history"], "List the revisions of an indexer"))
    .setAction(async () => await import("../../tasks/indexer/history.js"))
    .build(),
  lookingAtIndexer(
    task(["indexer", "status"], "Wait until an indexer is up, and say why it is not"),
  )
    .addFlag({ name: "noWait", description: "Say how it is now" })
    .setAction(async () => await import("../../tasks/indexer/status.js"))
    .build(),
];
