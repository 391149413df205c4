import { emptyTask, task } from "hardhat/config";
import type { NewTaskDefinitionBuilder, TaskArguments } from "hardhat/types/tasks";

import { JSON_FLAG, planning, withText } from "./options.js";

/** What the tasks have that change a frontend. */
function changing<Arguments extends TaskArguments>(builder: NewTaskDefinitionBuilder<Arguments>) {
  return planning(
    withText(builder, "frontend", FRONTEND),
    "the frontend's name",
    "Run the plan on a copy of the frontend first",
  );
}

const FRONTEND = "Name from the config; needed only where there are several";

/** What the tasks have that look at a frontend. */
function lookingAt<Arguments extends TaskArguments>(builder: NewTaskDefinitionBuilder<Arguments>) {
  return withText(builder, "frontend", FRONTEND).addFlag(JSON_FLAG);
}

const ACCEPT_OLD_ADDRESS = {
  name: "acceptOldAddress",
  description: "Serve it even though it talks to an old address of a contract",
} as const;

/** `npx hardhat frontend …` */
export const frontendTasks = [
  emptyTask("frontend", "Deploy, roll back and repoint websites").build(),
  changing(
    withText(
      task(["frontend", "deploy"], "Serve a built site, and read back what is served"),
      "from",
      "Folder that the build writes",
    ),
  )
    .addFlag(ACCEPT_OLD_ADDRESS)
    .setAction(async () => await import("../../tasks/frontend/deploy.js"))
    .build(),
  changing(
    withText(
      withText(
        withText(
          withText(
            withText(
              withText(
                task(
                  ["frontend", "rollback"],
                  "Serve an earlier release, or an earlier state, again",
                ),
                "to",
                "Release, by its id or number; default: the one before the present one",
              ),
              "toTag",
              "Tag in git that is built again, with the addresses of now",
            ),
            "toCommit",
            "The same of a commit",
          ),
          "toTime",
          'What a bucket showed then: "2026-11-20T12:00:00Z", "90m", "2 hours ago"',
        ),
        "toVersion",
        "Versions of objects in a bucket: KEY@VERSIONID, separated by commas",
      ),
      "undo",
      "Restore of a bucket, by its id: what it changed becomes what it was before",
    ),
  )
    .addFlag(ACCEPT_OLD_ADDRESS)
    .addFlag({
      name: "acceptExpired",
      description: "Leave objects as they are whose older versions the bucket may have removed",
    })
    .addFlag({
      name: "keepNewAssets",
      description: "Leave new files whose name holds their hash: open pages may ask for them",
    })
    .setAction(async () => await import("../../tasks/frontend/rollback.js"))
    .build(),
  changing(
    withText(
      withText(
        withText(
          withText(
            withText(
              withText(
                withText(
                  task(["frontend", "repoint"], "Make the site talk to a contract's new address"),
                  "contract",
                  "Name of the contract in the config",
                ),
                "address",
                "The new address",
              ),
              "replaces",
              "The address in the site now; default: as recorded when it was deployed",
            ),
            "by",
            "How: build, config (the runtime configuration) or bundle (the built files); default: by looking",
          ),
          "chainId",
          "The new chain id; default: as it is",
        ),
        "startBlock",
        "The block that the contract was deployed in; default: as it is",
      ),
      "ref",
      "With --by build: the commit or tag to build; default: the one that was deployed",
    ),
  )
    .setAction(async () => await import("../../tasks/frontend/repoint.js"))
    .build(),
  changing(
    withText(
      task(["frontend", "invalidate"], "Let the caches in front of a site forget what they hold"),
      "paths",
      'Paths in the site, separated by commas; "*": all; default: what is known to be old',
    ),
  )
    .setAction(async () => await import("../../tasks/frontend/invalidate.js"))
    .build(),
  lookingAt(task(["frontend", "releases"], "List the releases of a frontend"))
    .setAction(async () => await import("../../tasks/frontend/releases.js"))
    .build(),
  lookingAt(task(["frontend", "status"], "Show what a frontend serves, and whether it is whole"))
    .setAction(async () => await import("../../tasks/frontend/status.js"))
    .build(),
  lookingAt(
    withText(
      withText(
        task(["frontend", "diff"], "Compare what is served with a folder or another release"),
        "from",
        "Folder with a built site",
      ),
      "to",
      "Release; default: the one before the present one",
    ),
  )
    .setAction(async () => await import("../../tasks/frontend/diff.js"))
    .build(),
  lookingAt(
    withText(
      withText(
        withText(
          withText(
            task(
              ["frontend", "verify"],
              "Prove what users are served: by HTTP, in a real browser, and against the chain",
            ),
            "url",
            "Where to look; default: url of the frontend in the config",
          ),
          "old",
          "Addresses that should be nowhere any more, separated by commas; default: as releases record",
        ),
        "browser",
        'Executable of Chromium, Chrome or Edge; "none": without a browser; default: looked for',
      ),
      "wallet",
      'Account that the page sees in a wallet that signs nothing; "none": no wallet',
    ),
  )
    .setAction(async () => await import("../../tasks/frontend/verify.js"))
    .build(),
];
