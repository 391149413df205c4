import { task } from "hardhat/config";

import { changingIndexers, lookingAtIndexer } from "./indexer-options.js";
import { withOwners } from "./indexer-owners.js";
import { withText } from "./options.js";

/** `npx hardhat indexer repoint`, `compare` */
export const indexerRepointTasks = [
  changingIndexers(
    withOwners(
      withText(
        withText(
          withText(
            withText(
              withText(
                withText(
                  withText(
                    task(
                      ["indexer", "repoint"],
                      "Let an indexer follow a contract's new address, and keep the old one for its history",
                    ),
                    "contract",
                    "Name of the contract in the config",
                  ),
                  "to",
                  "The new address",
                ),
                "from",
                "The address that it follows now; default: that of the config",
              ),
              "startBlock",
              "The block that the new contract was deployed in; default: as the chain says",
            ),
            "endBlock",
            "The last block that is read of the old contract; default: the newest one",
          ),
          "schema",
          "Name of the database schema that it writes to from now on; default: as it is",
        ),
        "second",
        'What stays as the second source: "0x…@START-END", "none"; default: the contract that it follows now',
      ),
    ),
  )
    .addFlag({ name: "forgetOld", description: "Go on where the history of a contract is lost" })
    .setAction(async () => await import("../../tasks/indexer/repoint.js"))
    .build(),
  lookingAtIndexer(
    withText(
      withText(
        withText(
          withText(
            task(
              ["indexer", "compare"],
              "Compare rows of the old and the new indexer at one block, and with the chain",
            ),
            "only",
            "Names of comparisons from the config, separated by commas; default: all",
          ),
          "block",
          "The block to compare at; default: the newest one that both have",
        ),
        "most",
        "So many differences are listed; default: 10",
      ),
      "wait",
      "For how many seconds both are waited for until they are at one block; default: 30",
    ),
  )
    .setAction(async () => await import("../../tasks/indexer/compare.js"))
    .build(),
];
