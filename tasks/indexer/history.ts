import type { NewTaskActionFunction } from "hardhat/types/tasks";
import type { Result } from "hardhat/types/utils";

import type { EmergencyError } from "../../src/errors.js";
import { readHistory } from "../../src/indexer/kubernetes/history.js";
import { printHistory, type RevisionList } from "../../src/view/indexer.js";
import { printLine } from "../../src/view/output.js";
import { lookAtIndexer, type IndexerArguments } from "../shared/indexer-task.js";

const history: NewTaskActionFunction<Pick<IndexerArguments, "indexer" | "json">> = async (
  args,
  hre,
): Promise<Result<RevisionList, EmergencyError>> =>
  await lookAtIndexer(hre, "indexer history", args, async ({ name, cluster, workload }) => {
    const { revisions } = await readHistory(cluster, workload);
    const list = {
      indexer: name,
      place: cluster.place,
      workload: `${workload.kind} ${workload.name}`,
      // Environment variables in a template may be secret.
      revisions: revisions.map(
        ({ template: _template, annotations: _annotations, ...rest }) => rest,
      ),
    };
    printHistory(printLine, args.json, list);
    return list;
  });

export default history;
