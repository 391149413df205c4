import { task } from "hardhat/config";

import { changingIndexers } from "./indexer-options.js";
import { withOwners } from "./indexer-owners.js";
import { withText } from "./options.js";

/** `npx hardhat indexer scale`, `stop`, `start`, `restart`, `record` */
export const indexerPodTasks = [
  changingIndexers(
    withOwners(
      withText(
        withText(
          task(["indexer", "scale"], "Let an indexer have another number of pods"),
          "to",
          "How many pods",
        ),
        "autoscaler",
        'Bounds of its autoscaler: "keep" (default), "widen" as far as needed, "pin" to the number, or 2..5',
      ),
    ),
  )
    .setAction(async () => await import("../../tasks/indexer/scale.js"))
    .build(),
  changingIndexers(
    withText(
      task(["indexer", "stop"], "Let an indexer have no pods, and wait until none is left"),
      "owner",
      'What would start it again: "suspend" it first, the default; or "ignore" it',
    ),
  )
    .setAction(async () => await import("../../tasks/indexer/stop.js"))
    .build(),
  changingIndexers(
    withText(
      task(["indexer", "start"], "Let a stopped indexer have its pods again, and wait for them"),
      "to",
      "How many pods; needed only where nobody remembers",
    ),
  )
    .setAction(async () => await import("../../tasks/indexer/start.js"))
    .build(),
  changingIndexers(task(["indexer", "restart"], "Make all pods of an indexer anew, and wait"))
    .addFlag({ name: "again", description: "Even if it was restarted in the last ten minutes" })
    .setAction(async () => await import("../../tasks/indexer/restart.js"))
    .build(),
  changingIndexers(
    task(["indexer", "record"], "After a deploy: write down that the revision which runs works"),
  )
    .setAction(async () => await import("../../tasks/indexer/record.js"))
    .build(),
];
