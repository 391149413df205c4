import type { NewTaskActionFunction } from "hardhat/types/tasks";
import type { Result } from "hardhat/types/utils";

import type { EmergencyError } from "../../src/errors.js";
import { statusOfRelease, type ReleaseStatus } from "../../src/indexer/helm/look.js";
import {
  isUp,
  lookAtWorkload,
  waitForRollout,
  type WorkloadStatus,
} from "../../src/indexer/kubernetes/status.js";
import type { SubgraphStatus } from "../../src/indexer/subgraph-status.js";
import { statusOfSubgraph } from "../../src/recovery/subgraph-status.js";
import { printReleaseStatus } from "../../src/view/indexer-helm.js";
import { printIndexerStatus } from "../../src/view/indexer.js";
import { printSubgraphStatus } from "../../src/view/indexer-subgraph.js";
import { printLine } from "../../src/view/output.js";
import { lookAtOne, type IndexerArguments } from "../shared/indexer-task.js";

interface StatusArguments extends Pick<IndexerArguments, "indexer" | "json"> {
  readonly noWait: boolean;
}

/** Exit code of an indexer that is not up. */
const NOT_UP = 3;

const status: NewTaskActionFunction<StatusArguments> = async (
  args,
  hre,
): Promise<Result<WorkloadStatus | ReleaseStatus | SubgraphStatus, EmergencyError>> =>
  await lookAtOne(hre, "indexer status", args, async (name, { config, live, liveOthers }) => {
    const tell = (what: string): void => {
      if (!args.json) {
        printLine(`  ${what}`);
      }
    };
    const { kubernetes, helm, graphNode, hosted } = config(name);
    if (graphNode !== undefined || hosted !== undefined) {
      const found = await statusOfSubgraph(
        name,
        { config, liveOthers },
        args.noWait ? undefined : tell,
      );
      printSubgraphStatus(printLine, args.json, found);
      return exitingWith(found.up, found);
    }
    if (kubernetes === undefined && helm !== undefined) {
      const release = await liveOthers.helm(name);
      const found = await statusOfRelease(release, args.noWait ? undefined : tell);
      printReleaseStatus(printLine, args.json, found);
      return exitingWith(found.ok, found);
    }
    const indexer = await live(name);
    const found = args.noWait ? await lookAtWorkload(indexer) : await waitForRollout(indexer, tell);
    printIndexerStatus(printLine, args.json, found);
    return exitingWith(isUp(found), found);
  });

function exitingWith<T>(up: boolean, found: T): T {
  if (!up) {
    process.exitCode = NOT_UP;
  }
  return found;
}

export default status;
