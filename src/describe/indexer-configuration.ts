import { task } from "hardhat/config";
import type { NewTaskDefinitionBuilder, TaskArguments } from "hardhat/types/tasks";

import { changingIndexers, lookingAtIndexer } from "./indexer-options.js";
import { withOwners } from "./indexer-owners.js";
import { withText } from "./options.js";

const SOURCES = 'a file, "git:<ref>:<path>", "secrets-manager"';

/** What a rollback has besides. */
export function withConfiguration<Arguments extends TaskArguments>(
  builder: NewTaskDefinitionBuilder<Arguments>,
) {
  return withText(
    builder,
    "configuration",
    `Where its ConfigMaps and Secrets come from: "snapshot", the default where there is one; "keep"; ${SOURCES}`,
  );
}

/** `npx hardhat indexer configure`, `snapshot`, `snapshots` */
export const indexerConfigurationTasks = [
  changingIndexers(
    withOwners(
      withText(
        task(
          ["indexer", "configure"],
          "Bring back the ConfigMaps and Secrets of an indexer, and restart what reads them",
        ),
        "from",
        `"snapshot", "snapshot:<number>", ${SOURCES}, "manifest"`,
      ),
    ),
  )
    .setAction(async () => await import("../../tasks/indexer/configure.js"))
    .build(),
  changingIndexers(
    task(
      ["indexer", "snapshot"],
      "After a deploy: keep a copy of the ConfigMaps and Secrets that an indexer reads",
    ),
  )
    .setAction(async () => await import("../../tasks/indexer/snapshot.js"))
    .build(),
  lookingAtIndexer(
    task(["indexer", "snapshots"], "List what an indexer reads, and the copies kept of it"),
  )
    .setAction(async () => await import("../../tasks/indexer/snapshots.js"))
    .build(),
];
