import type { NewTaskActionFunction } from "hardhat/types/tasks";
import type { Result } from "hardhat/types/utils";

import type { EmergencyError } from "../../src/errors.js";
import { findOwners } from "../../src/indexer/owners/find-owners.js";
import { findCompanions } from "../../src/indexer/owners/scalers.js";
import { ownedWorkloads } from "../../src/recovery/owned-workload.js";
import { ownerList, printOwners, type OwnerList } from "../../src/view/indexer-owners.js";
import { printLine } from "../../src/view/output.js";
import { lookAtOne, type IndexerArguments } from "../shared/indexer-task.js";

const owners: NewTaskActionFunction<Pick<IndexerArguments, "indexer" | "json">> = async (
  args,
  hre,
): Promise<Result<OwnerList, EmergencyError>> =>
  await lookAtOne(hre, "indexer owners", args, async (name, { live, liveOthers }) => {
    const indexer = await ownedWorkloads(live, liveOthers.helm)(name);
    const [found, companions] = await Promise.all([findOwners(indexer), findCompanions(indexer)]);
    const list = ownerList(indexer.name, indexer.cluster.place, found, companions);
    printOwners(printLine, args.json, list, found.owners);
    return list;
  });

export default owners;
