import type { NewTaskActionFunction } from "hardhat/types/tasks";
import { errorResult, successfulResult } from "hardhat/utils/result";
import type { Result } from "hardhat/types/utils";

import { runDrill, type DrillReport } from "../src/drill/drill.js";
import type { NodeKind } from "../src/drill/node.js";
import { compileExamples, drillProject } from "../src/drill/project.js";
import { EmergencyError } from "../src/errors.js";
import { humanDrillView, printDrill, silentDrillView } from "../src/view/drill.js";
import { printFailure } from "../src/view/json.js";
import { muted, printLine } from "../src/view/output.js";
import { keyPress } from "./shared/key-press.js";
import { asCodedError, asPluginError } from "./shared/plugin-error.js";

interface DrillArguments {
  readonly node: string | undefined;
  readonly prepare: boolean;
  readonly json: boolean;
}

const drill: NewTaskActionFunction<DrillArguments> = async (
  args,
  hre,
): Promise<Result<DrillReport | undefined, EmergencyError | DrillReport>> => {
  const startedMs = keyPress().atMs;
  try {
    if (args.prepare) {
      await compileExamples(await drillProject(undefined));
      return { success: true, value: undefined };
    }
    const kind = nodeKind(args.node);
    // The tasks of the drill print for people; with --json only the drill's own document is wanted.
    const report = args.json
      ? await muted(async () => await runDrill(hre, kind, silentDrillView, startedMs))
      : await runDrill(hre, kind, humanDrillView(printLine), startedMs);
    printDrill(printLine, args.json, report);
    return report.proofs.every(({ holds }) => holds)
      ? successfulResult(report)
      : errorResult(report);
  } catch (thrown) {
    if (args.json) {
      const error = asCodedError(thrown);
      printFailure(printLine, "drill", error);
      return errorResult(error);
    }
    throw asPluginError(thrown);
  }
};

function nodeKind(node: string | undefined): NodeKind {
  if (node === undefined || node === "hardhat" || node === "anvil") {
    return node ?? "hardhat";
  }
  throw new EmergencyError(
    "BAD_ARGUMENTS",
    `--node "${node}" is not a node that the drill can start`,
    "npx hardhat drill --node hardhat, or --node anvil",
  );
}

export default drill;
