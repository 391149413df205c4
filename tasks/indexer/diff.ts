import type { NewTaskActionFunction } from "hardhat/types/tasks";
import type { Result } from "hardhat/types/utils";

import { EmergencyError } from "../../src/errors.js";
import { diffReleases, type ReleaseDiff } from "../../src/indexer/helm/look.js";
import { printReleaseDiff } from "../../src/view/indexer-helm.js";
import { printLine } from "../../src/view/output.js";
import { lookAtOne, type IndexerArguments } from "../shared/indexer-task.js";

interface DiffArguments extends Pick<IndexerArguments, "indexer" | "json"> {
  readonly from: string | undefined;
  readonly to: string | undefined;
}

const diff: NewTaskActionFunction<DiffArguments> = async (
  args,
  hre,
): Promise<Result<ReleaseDiff, EmergencyError>> =>
  await lookAtOne(hre, "indexer diff", args, async (name, { config, liveOthers }) => {
    if (config(name).helm === undefined) {
      throw new EmergencyError(
        "BAD_ARGUMENTS",
        `indexer "${name}" is no Helm release, and only those are compared`,
        "see its revisions: npx hardhat indexer history; or describe the release in hardhat.config.ts: helm = { release }",
      );
    }
    const [from, to] = [parseRevision("from", args.from), parseRevision("to", args.to)];
    const found = await diffReleases(await liveOthers.helm(name), from, to);
    printReleaseDiff(printLine, args.json, found);
    return found;
  });

function parseRevision(option: string, text: string | undefined): number | undefined {
  if (text === undefined) {
    return undefined;
  }
  if (!/^[1-9]\d{0,8}$/.test(text)) {
    throw new EmergencyError(
      "BAD_ARGUMENTS",
      `"${text}" is not the number of a revision`,
      `see what there is: npx hardhat indexer history; then --${option} 3`,
    );
  }
  return Number(text);
}

export default diff;
