import { task } from "hardhat/config";

import { changingIndexers, lookingAtIndexer } from "./indexer-options.js";
import { withText } from "./options.js";

/** `npx hardhat indexer promote` and what there is to promote. */
export const indexerPromoteTasks = [
  changingIndexers(
    withText(
      withText(
        withText(
          task(
            ["indexer", "promote"],
            "Let readers get another version, all of it at once, and only when it is ready",
          ),
          "to",
          "The schema of a deployment of Ponder's; \"previous\": where readers came from; default: the only other one that runs. A subgraph's label, IPFS hash or version",
        ),
        "accept",
        "What is no reason to refuse, separated by commas: behind, stopped, empty, types",
      ),
      "from",
      "At Alchemy: the version that is live now, to know the way back",
    ),
  )
    .addFlag({ name: "wait", description: "Wait until that version is ready" })
    .setAction(async () => await import("../../tasks/indexer/promote.js"))
    .build(),
  lookingAtIndexer(
    task(["indexer", "deployments"], "List the deployments of a Ponder app, and which readers see"),
  )
    .setAction(async () => await import("../../tasks/indexer/deployments.js"))
    .build(),
];
