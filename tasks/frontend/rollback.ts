import type { NewTaskActionFunction } from "hardhat/types/tasks";

import { EmergencyError } from "../../src/errors.js";
import { parseTime, parseVersions } from "../../src/frontend/s3/restore/time.js";
import { restoreNamed, type SiteVersions } from "../../src/frontend/s3/site-versions.js";
import type { Site } from "../../src/frontend/site.js";
import type { JsonObject } from "../../src/json.js";
import type { StepRequest } from "../../src/step.js";
import {
  runFrontendTask,
  type FrontendArguments,
  type FrontendResult,
} from "../shared/frontend-task.js";

interface RollbackArguments extends FrontendArguments {
  readonly to: string | undefined;
  readonly toTag: string | undefined;
  readonly toCommit: string | undefined;
  readonly toTime: string | undefined;
  readonly toVersion: string | undefined;
  readonly undo: string | undefined;
  readonly acceptOldAddress: boolean;
  readonly acceptExpired: boolean;
  readonly keepNewAssets: boolean;
}

const rollback: NewTaskActionFunction<RollbackArguments> = async (
  args,
  hre,
): Promise<FrontendResult> =>
  await runFrontendTask(
    hre,
    "frontend rollback",
    args,
    async (site) => await requestOf(site, args),
  );

const PLACES = {
  to: "--to",
  toTag: "--to-tag",
  toCommit: "--to-commit",
  toTime: "--to-time",
  toVersion: "--to-version",
  undo: "--undo",
} as const;

async function requestOf(site: Site, args: RollbackArguments): Promise<StepRequest> {
  const given = [
    ...(["to", "toTag", "toCommit", "toTime", "toVersion", "undo"] as const).filter(
      (option) => args[option] !== undefined,
    ),
  ];
  if (given.length > 1) {
    throw new EmergencyError(
      "BAD_ARGUMENTS",
      `${given.map((option) => PLACES[option]).join(" and ")} name different places to go back to`,
      "give one of them",
    );
  }
  const { acceptOldAddress, acceptExpired, keepNewAssets } = args;
  if (args.toTime !== undefined || args.toVersion !== undefined || args.undo !== undefined) {
    const { versions } = site;
    if (versions === null) {
      throw new EmergencyError(
        "BAD_ARGUMENTS",
        `${site.name} is not served from the objects of a bucket under their own names, so there are no older versions of them to go back to`,
        "name a release with --to: npx hardhat frontend releases",
      );
    }
    return {
      id: "rollback",
      kind: "frontend-restore",
      intent: {
        frontend: site.name,
        target: await targetOf(site.now(), versions, args),
        acceptOldAddress,
        acceptExpired,
        keepNew: keepNewAssets,
      },
    };
  }
  const { to, toTag, toCommit } = args;
  const name = toTag ?? toCommit;
  const build = name === undefined ? null : { name, kind: toTag === undefined ? "commit" : "tag" };
  return {
    id: "rollback",
    kind: "frontend-rollback",
    intent: { frontend: site.name, to: to ?? null, build, acceptOldAddress },
  };
}

/** The state that a bucket is to be brought to. */
async function targetOf(
  now: Date,
  versions: SiteVersions,
  { toTime, toVersion, undo }: RollbackArguments,
): Promise<JsonObject> {
  if (toTime !== undefined) {
    return { time: parseTime(toTime, now) };
  }
  return toVersion !== undefined
    ? { versions: parseVersions(toVersion) }
    : { before: await restoreNamed(versions, undo ?? "") };
}

export default rollback;
