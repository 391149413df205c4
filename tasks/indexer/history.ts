import type { NewTaskActionFunction } from "hardhat/types/tasks";
import type { Result } from "hardhat/types/utils";

import type { EmergencyError } from "../../src/errors.js";
import { listReleases, type ReleaseList } from "../../src/indexer/helm/look.js";
import type { Indexer } from "../../src/indexer/indexer.js";
import { readHistory } from "../../src/indexer/kubernetes/history.js";
import { printReleases } from "../../src/view/indexer-helm.js";
import { printHistory, type RevisionList } from "../../src/view/indexer.js";
import { printLine } from "../../src/view/output.js";
import { lookAtOne, type IndexerArguments } from "../shared/indexer-task.js";

const history: NewTaskActionFunction<Pick<IndexerArguments, "indexer" | "json">> = async (
  args,
  hre,
): Promise<Result<RevisionList | ReleaseList, EmergencyError>> =>
  await lookAtOne(hre, "indexer history", args, async (name, { config, live, liveOthers }) => {
    if (config(name).helm !== undefined) {
      const list = await listReleases(await liveOthers.helm(name));
      printReleases(printLine, args.json, list);
      return list;
    }
    const list = await revisionsOf(await live(name));
    printHistory(printLine, args.json, list);
    return list;
  });

async function revisionsOf({ name, cluster, workload }: Indexer): Promise<RevisionList> {
  const { revisions } = await readHistory(cluster, workload);
  return {
    indexer: name,
    place: cluster.place,
    workload: `${workload.kind} ${workload.name}`,
    // Environment variables in a template may be secret.
    revisions: revisions.map(({ template: _template, annotations: _annotations, ...rest }) => rest),
  };
}

export default history;
