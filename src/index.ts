import { emptyTask, task } from "hardhat/config";
import { definePlugin } from "hardhat/plugins";
import { ArgumentType } from "hardhat/types/arguments";
import type { NewTaskDefinitionBuilder, TaskArguments } from "hardhat/types/tasks";

import "./type-extensions.js";

export type * from "./type-extensions.js";
export type * from "./config/types.js";

type WithTexts<Arguments extends TaskArguments, Names extends string> = NewTaskDefinitionBuilder<
  Record<Names, string | undefined> & Arguments
>;

/** An option with a value, which may be left out: the task then gets `undefined`. */
function withText<Arguments extends TaskArguments, Name extends string>(
  builder: NewTaskDefinitionBuilder<Arguments>,
  name: Name,
  description: string,
): WithTexts<Arguments, Name> {
  return builder.addOption({
    name,
    description,
    type: ArgumentType.STRING_WITHOUT_DEFAULT,
    defaultValue: undefined,
  });
}

const CONTRACT = "Address, or a name from the config, Ignition or hardhat-deploy";
const CONTRACTS = `${CONTRACT}; several are separated by commas`;

/** What every task has that can write. */
function writing<Arguments extends TaskArguments>(builder: NewTaskDefinitionBuilder<Arguments>) {
  const withFrom = withText(builder, "from", "Account that signs; default: the first one that may");
  const withPlan = withText(
    withFrom,
    "plan",
    "Perform the plan in this file instead of making one",
  );
  return withText(withPlan, "savePlan", "Write the plan to this file")
    .addFlag({ name: "yes", description: "Do not ask for the network's name to be typed" })
    .addFlag({ name: "dryRun", description: "Show the plan and stop" })
    .addFlag({ name: "rehearse", description: "Run the plan on a fork of the network first" })
    .addFlag({ name: "json", description: "Print one JSON document and nothing else" });
}

const pause = writing(
  withText(
    task("pause", "Stop contracts, and read back that they are stopped"),
    "contract",
    CONTRACTS,
  ),
)
  .addFlag({ name: "irreversible", description: "Stop it even where that cannot be undone" })
  .setAction(async () => await import("../tasks/pause.js"))
  .build();

const unpause = writing(
  withText(task("unpause", "Start paused contracts again"), "contract", CONTRACTS),
)
  .setAction(async () => await import("../tasks/unpause.js"))
  .build();

/** What the tasks have that examine contracts. */
function examining<Arguments extends TaskArguments>(builder: NewTaskDefinitionBuilder<Arguments>) {
  const withContract = withText(builder, "contract", CONTRACTS);
  const withAbi = withText(withContract, "abi", "File with the contract's ABI, or an artifact");
  const withCalls = withText(
    withAbi,
    "calls",
    "Calls to make again on the fork: transaction hashes and files, separated by commas",
  );
  return withText(
    withCalls,
    "output",
    "Write a Markdown page for the runbook to this file",
  ).addFlag({ name: "json", description: "Print one JSON document and nothing else" });
}

const verifyPausable = withText(
  examining(
    task(
      "verify-pausable",
      "Find out whether contracts can be paused and by whom, and prove it on a fork",
    ),
  ),
  "failOn",
  '"open": fail when something that moves funds goes on in spite of the pause',
)
  .setAction(async () => await import("../tasks/verify-pausable.js"))
  .build();

const inspect = examining(
  task(
    "inspect",
    "Show what contracts are, how they are paused and upgraded, and who can do it now",
  ),
)
  .addFlag({ name: "all", description: "All contracts of the config that are on this network" })
  .setAction(async () => await import("../tasks/inspect.js"))
  .build();

const call = withText(
  withText(
    withText(
      withText(task("call", "Read a function of a contract; sends nothing"), "contract", CONTRACT),
      "function",
      'Signature, such as "paused()" or "balanceOf(address) returns (uint256)"',
    ),
    "args",
    "Arguments: a JSON list, or values separated by commas",
  ),
  "from",
  "Address to call as",
)
  .addFlag({ name: "json", description: "Print one JSON document and nothing else" })
  .setAction(async () => await import("../tasks/call.js"))
  .build();

const upgrade = writing(
  withText(
    withText(
      withText(
        withText(
          withText(
            withText(
              task("upgrade", "Put a new implementation behind a transparent or UUPS proxy"),
              "proxy",
              CONTRACT,
            ),
            "implementation",
            "Compiled contract to run from now on, or the address of an implementation that exists",
          ),
          "call",
          "Initialiser to call in the same transaction: its name or signature",
        ),
        "callArgs",
        "The initialiser's arguments: a JSON list, or values separated by commas",
      ),
      "constructorArgs",
      "Arguments of the implementation's constructor (immutables)",
    ),
    "previous",
    "Compiled contract that runs now; default: found by its bytecode",
  ),
)
  .addFlag({
    name: "skipLayoutCheck",
    description: "Upgrade without comparing the storage layouts",
  })
  .addFlag({ name: "skipRehearsal", description: "Do not rehearse on a fork first" })
  .setAction(async () => await import("../tasks/upgrade.js"))
  .build();

const deployFixed = writing(
  withText(
    withText(
      withText(
        withText(
          task("deploy-fixed", "Create the corrected contract at a new address"),
          "contract",
          "Compiled contract to create, by name",
        ),
        "replaces",
        "The old contract, whose constructor arguments are taken over: address or name",
      ),
      "args",
      "Constructor arguments: a JSON list, or values separated by commas",
    ),
    "creationTransaction",
    "Hash of the transaction that created the old contract",
  ),
)
  .addFlag({
    name: "again",
    description: "Create it even though an earlier run has created the same",
  })
  .addFlag({ name: "skipRehearsal", description: "Do not rehearse on a fork first" })
  .setAction(async () => await import("../tasks/deploy-fixed.js"))
  .build();

const drill = withText(
  task("drill", "Rehearse a whole recovery against a chain of its own; nothing to set up"),
  "node",
  "The chain's node: hardhat (default) or anvil",
)
  .addFlag({ name: "json", description: "Print one JSON document and nothing else" })
  .addFlag({ name: "prepare", description: "Only compile the drill's contracts" })
  .setAction(async () => await import("../tasks/drill.js"))
  .build();

/** What the tasks have that change a frontend. */
function changing<Arguments extends TaskArguments>(builder: NewTaskDefinitionBuilder<Arguments>) {
  const withFrontend = withText(builder, "frontend", FRONTEND);
  const withPlan = withText(
    withFrontend,
    "plan",
    "Perform the plan in this file instead of making one",
  );
  return withText(withPlan, "savePlan", "Write the plan to this file")
    .addFlag({ name: "yes", description: "Do not ask for the frontend's name to be typed" })
    .addFlag({ name: "dryRun", description: "Show the plan and stop" })
    .addFlag({ name: "rehearse", description: "Run the plan on a copy of the frontend first" })
    .addFlag({ name: "json", description: "Print one JSON document and nothing else" });
}

const FRONTEND = "Name from the config; needed only where there are several";

/** What the tasks have that look at a frontend. */
function lookingAt<Arguments extends TaskArguments>(builder: NewTaskDefinitionBuilder<Arguments>) {
  return withText(builder, "frontend", FRONTEND).addFlag({
    name: "json",
    description: "Print one JSON document and nothing else",
  });
}

const ACCEPT_OLD_ADDRESS = {
  name: "acceptOldAddress",
  description: "Serve it even though it talks to an old address of a contract",
} as const;

const frontendTasks = [
  emptyTask("frontend", "Deploy, roll back and repoint websites").build(),
  changing(
    withText(
      task(["frontend", "deploy"], "Serve a built site, and read back what is served"),
      "from",
      "Folder that the build writes",
    ),
  )
    .addFlag(ACCEPT_OLD_ADDRESS)
    .setAction(async () => await import("../tasks/frontend/deploy.js"))
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
    .setAction(async () => await import("../tasks/frontend/rollback.js"))
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
    .setAction(async () => await import("../tasks/frontend/repoint.js"))
    .build(),
  changing(
    withText(
      task(["frontend", "invalidate"], "Let the caches in front of a site forget what they hold"),
      "paths",
      'Paths in the site, separated by commas; "*": all; default: what is known to be old',
    ),
  )
    .setAction(async () => await import("../tasks/frontend/invalidate.js"))
    .build(),
  lookingAt(task(["frontend", "releases"], "List the releases of a frontend"))
    .setAction(async () => await import("../tasks/frontend/releases.js"))
    .build(),
  lookingAt(task(["frontend", "status"], "Show what a frontend serves, and whether it is whole"))
    .setAction(async () => await import("../tasks/frontend/status.js"))
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
    .setAction(async () => await import("../tasks/frontend/diff.js"))
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
    .setAction(async () => await import("../tasks/frontend/verify.js"))
    .build(),
];

const INDEXER = "Name from the config; needed only where there are several";

const indexerTasks = [
  emptyTask("indexer", "Roll back indexers and APIs, and see whether they run").build(),
  withText(
    withText(
      withText(
        withText(
          task(["indexer", "rollback"], "Run an earlier revision again, and wait until it is up"),
          "indexer",
          INDEXER,
        ),
        "to",
        'Revision, image or digest; "healthy": the newest other one with a pod that works; default: "previous"',
      ),
      "plan",
      "Perform the plan in this file instead of making one",
    ),
    "savePlan",
    "Write the plan to this file",
  )
    .addFlag({ name: "yes", description: "Do not ask for the indexer's name to be typed" })
    .addFlag({ name: "dryRun", description: "Show the plan and stop" })
    .addFlag({ name: "rehearse", description: "Let the API server try it first, and keep nothing" })
    .addFlag({ name: "json", description: "Print one JSON document and nothing else" })
    .setAction(async () => await import("../tasks/indexer/rollback.js"))
    .build(),
  withText(task(["indexer", "history"], "List the revisions of an indexer"), "indexer", INDEXER)
    .addFlag({ name: "json", description: "Print one JSON document and nothing else" })
    .setAction(async () => await import("../tasks/indexer/history.js"))
    .build(),
  withText(
    task(["indexer", "status"], "Wait until an indexer is up, and say why it is not"),
    "indexer",
    INDEXER,
  )
    .addFlag({ name: "noWait", description: "Say how it is now" })
    .addFlag({ name: "json", description: "Print one JSON document and nothing else" })
    .setAction(async () => await import("../tasks/indexer/status.js"))
    .build(),
];

/** The plugin's description. It acts only when a task runs. */
const hardhatEmergency = definePlugin({
  id: "hardhat-emergency",
  npmPackage: "hardhat-emergency",
  hookHandlers: {
    config: async () => await import("./config/hooks.js"),
  },
  tasks: [
    inspect,
    verifyPausable,
    pause,
    unpause,
    call,
    deployFixed,
    upgrade,
    drill,
    ...frontendTasks,
    ...indexerTasks,
  ],
});

export default hardhatEmergency;
