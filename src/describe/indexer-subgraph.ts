import { task } from "hardhat/config";
import type { NewTaskDefinitionBuilder, TaskArguments } from "hardhat/types/tasks";

import { changingIndexers } from "./indexer-options.js";
import { withText } from "./options.js";

function withVersion<Arguments extends TaskArguments>(
  builder: NewTaskDefinitionBuilder<Arguments>,
) {
  return withText(
    withText(builder, "deployment", "The IPFS hash that graph build has printed: Qm…"),
    "label",
    "The label that it has beside the subgraph's name: v2",
  );
}

/** `npx hardhat indexer rewind`, `deploy`, `remove`: what only subgraphs on a graph-node know. */
export const indexerSubgraphTasks = [
  changingIndexers(
    withText(
      task(
        ["indexer", "rewind"],
        "Take a subgraph back to a block, and let it index again from there",
      ),
      "block",
      "The last block that is kept: the one before what went wrong",
    ),
  )
    .setAction(async () => await import("../../tasks/indexer/rewind.js"))
    .build(),
  changingIndexers(
    withVersion(
      task(["indexer", "deploy"], "Deploy a version of a subgraph beside the one that readers get"),
    ),
  )
    .setAction(async () => await import("../../tasks/indexer/deploy.js"))
    .build(),
  changingIndexers(
    withVersion(
      task(
        ["indexer", "remove"],
        "Remove a version of a subgraph that was deployed beside the other",
      ),
    ),
  )
    .setAction(async () => await import("../../tasks/indexer/remove.js"))
    .build(),
];
