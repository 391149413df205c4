import { emptyTask, task } from "hardhat/config";

import { changingIndexers, lookingAtIndexer } from "./indexer-options.js";
import { indexerHelmTasks, withHelm } from "./indexer-helm.js";
import { indexerConfigurationTasks, withConfiguration } from "./indexer-configuration.js";
import { indexerOwnerTasks, withOwners } from "./indexer-owners.js";
import { indexerPromoteTasks } from "./indexer-promote.js";
import { indexerRepointTasks } from "./indexer-repoint.js";
import { indexerPodTasks } from "./indexer-pods.js";
import { indexerSubgraphTasks } from "./indexer-subgraph.js";
import { withText } from "./options.js";

/** `npx hardhat indexer …` */
export const indexerTasks = [
  emptyTask("indexer", "Roll back indexers and APIs, and see whether they run").build(),
  changingIndexers(
    withConfiguration(
      withHelm(
        withOwners(
          withText(
            task(["indexer", "rollback"], "Run an earlier revision again, and wait until it is up"),
            "to",
            'Revision, image or digest; "healthy": the newest other one that works, or did; default: "previous"',
          ),
        ),
      ),
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
  ...indexerHelmTasks,
  ...indexerConfigurationTasks,
  ...indexerOwnerTasks,
  ...indexerPromoteTasks,
  ...indexerRepointTasks,
  ...indexerPodTasks,
  ...indexerSubgraphTasks,
];
