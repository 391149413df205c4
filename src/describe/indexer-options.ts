import type { NewTaskDefinitionBuilder, TaskArguments } from "hardhat/types/tasks";

import { JSON_FLAG, planning, withText } from "./options.js";

const INDEXER = "Name from the config; needed only where there are several";
const INDEXERS = "Names from the config, separated by commas; needed only where there are several";

/** What the tasks have that change indexers. */
export function changingIndexers<Arguments extends TaskArguments>(
  builder: NewTaskDefinitionBuilder<Arguments>,
) {
  return planning(
    withText(builder, "indexer", INDEXERS),
    "the indexers' names",
    "Let the API server try it first, and keep nothing",
  );
}

/** What the tasks have that look at one indexer. */
export function lookingAtIndexer<Arguments extends TaskArguments>(
  builder: NewTaskDefinitionBuilder<Arguments>,
) {
  return withText(builder, "indexer", INDEXER).addFlag(JSON_FLAG);
}
