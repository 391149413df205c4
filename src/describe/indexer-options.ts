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
