import { task } from "hardhat/config";
import { definePlugin } from "hardhat/plugins";
import type { NewTaskDefinitionBuilder, TaskArguments } from "hardhat/types/tasks";

import { frontendTasks } from "./describe/frontend.js";
import { indexerTasks } from "./describe/indexer.js";
import { JSON_FLAG, planning, withText } from "./describe/options.js";
import "./type-extensions.js";

export type * from "./type-extensions.js";
export type * from "./config/types.js";

const CONTRACT = "Address, or a name from the config, Ignition or hardhat-deploy";
const CONTRACTS = `${CONTRACT}; several are separated by commas`;

/** What every task has that can write. */
function writing<Arguments extends TaskArguments>(builder: NewTaskDefinitionBuilder<Arguments>) {
  return planning(
    withText(builder, "from", "Account that signs; default: the first one that may"),
    "the network's name",
    "Run the plan on a fork of the network first",
  );
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
  ).addFlag(JSON_FLAG);
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
  .addFlag(JSON_FLAG)
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
  .addFlag(JSON_FLAG)
  .addFlag({ name: "prepare", description: "Only compile the drill's contracts" })
  .setAction(async () => await import("../tasks/drill.js"))
  .build();

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
