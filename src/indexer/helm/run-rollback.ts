import { randomBytes } from "node:crypto";

import { EmergencyError } from "../../errors.js";
import { redact } from "../../redact.js";
import { problemOf, waitForRollout, type WorkloadStatus } from "../kubernetes/status.js";
import {
  asIndexer,
  readRevisions,
  titleOf,
  workloadsIn,
  type HelmRelease,
} from "./helm-release.js";
import type { ManifestObject } from "./manifest.js";
import { describeFailure, markFailed } from "./mark-failed.js";
import { describeRollback, isOfRun } from "./pending.js";
import type { HelmAbilities, HelmEnd, RunningHelm } from "./program.js";
import type { StoredRelease } from "./storage.js";
import { withoutValues } from "./try-objects.js";

/** How helm is to roll back. */
export interface RollbackOrder {
  readonly to: StoredRelease;
  /** The newest revision that helm is to find; it makes the next one. */
  readonly from: number;
  readonly objects: readonly ManifestObject[];
  readonly hooks: boolean;
  /** Whether fields that others have set since are taken over. */
  readonly forceConflicts: boolean;
}

/** The arguments of `helm rollback`, but for those that name the place. */
export function rollbackArguments(
  { release, waitMs, by }: Pick<HelmRelease, "release" | "waitMs" | "by">,
  { flags }: Pick<HelmAbilities, "flags">,
  {
    to,
    hooks,
    forceConflicts,
  }: Pick<RollbackOrder, "hooks" | "forceConflicts"> & {
    readonly to: { readonly number: number };
  },
  run: string,
): readonly string[] {
  const seconds = `${Math.max(1, Math.round(waitMs / 1000))}s`;
  return [
    ...["rollback", release, String(to.number), "--wait", "--timeout", seconds],
    // Its default is to forget all but ten revisions, whatever those who deploy want to keep.
    ...["--history-max", "0"],
    ...(flags.has("description") ? ["--description", describeRollback(to.number, by, run)] : []),
    ...(forceConflicts && flags.has("force-conflicts") ? ["--force-conflicts"] : []),
    ...(hooks ? [] : ["--no-hooks"]),
  ];
}

/**
 * Lets helm roll back, and watches the pods meanwhile: when they say for long enough that they will not come up, helm
 * is ended, and what it would have written at its timeout is written now, with the cause.
 * @returns the revision that it has made.
 * @throws EmergencyError HELM_FAILED, HELM_MISSING, PRIOR_STATE_CHANGED
 */
export async function runRollback(
  helm: HelmRelease,
  order: RollbackOrder,
  tell: (what: string) => void,
): Promise<StoredRelease> {
  const title = titleOf(helm);
  const abilities = await helm.helm.abilities();
  const before = await generations(helm, order);
  const { newest } = await readRevisions(helm);
  if (newest.number !== order.from) {
    throw new EmergencyError(
      "PRIOR_STATE_CHANGED",
      `somebody else has made revision ${newest.number} (${newest.status}) of ${title} in the same moment. Nothing was written`,
      "type the command again: it looks at the release as it is now",
    );
  }
  const run = randomBytes(4).toString("hex");
  const startedMs = helm.now().getTime();
  const running = await helm.helm.start(rollbackArguments(helm, abilities, order, run));
  const { end, hopeless } = await watch(helm, order, running, before, tell);
  const mine = await findMine(helm, order, run, startedMs);
  // What counts is what it has recorded, and not whether it lived to say so.
  if (mine?.status === "deployed") {
    return mine;
  }
  const why =
    hopeless === undefined
      ? `helm ${end.code === null ? "was ended by a signal" : `ended with ${end.code}`}: ${lastWords(end.output)}`
      : (problemOf(hopeless) ?? "its pods do not come up");
  const hook = mine === undefined ? undefined : hookOf(mine, startedMs);
  const marked = mine === undefined ? "" : await settle(helm, mine, why);
  throw new EmergencyError(
    "HELM_FAILED",
    `the rollback of ${title} to revision ${order.to.number} has not come to its end: ${hook === undefined ? "" : `hook ${hook} has not succeeded: `}${why}${marked}`,
    hook !== undefined
      ? `look at ${hook}; then type the same command again: it goes on from there; or without hooks: --no-hooks`
      : "look at the reason above; typed again, the same command goes on from there; to another revision: --to",
  );
}

/** How often each workload's specification has been changed before helm began; absent where there is none. */
async function generations(
  helm: HelmRelease,
  { objects }: RollbackOrder,
): Promise<ReadonlyMap<string, number>> {
  const found = await Promise.all(
    workloadsIn(helm.cluster, objects).map(async ({ workload }) => {
      const generation = await generationOf(helm, workload);
      return generation === undefined ? [] : [[workload.name, generation] as const];
    }),
  );
  return new Map(found.flat());
}

async function generationOf(
  { cluster }: HelmRelease,
  workload: Parameters<HelmRelease["cluster"]["workload"]>[0],
): Promise<number | undefined> {
  return await cluster.workload(workload).then(
    ({ metadata }) => metadata.generation,
    () => undefined,
  );
}

/** Looks at the workloads this often until helm has changed them. */
const LOOK_MS = 500;

async function watch(
  helm: HelmRelease,
  { objects }: RollbackOrder,
  running: RunningHelm,
  before: ReadonlyMap<string, number>,
  tell: (what: string) => void,
): Promise<{ readonly end: HelmEnd; readonly hopeless: WorkloadStatus | undefined }> {
  let over = false;
  let hopeless: WorkloadStatus | undefined;
  const ended = running.ended.finally(() => {
    over = true;
  });
  const pause = async (milliseconds: number): Promise<void> => {
    await Promise.race([helm.wait(milliseconds), ended]);
    if (over) {
      throw new Ended();
    }
  };
  const watchOne = async ({ workload }: ReturnType<typeof workloadsIn>[number]): Promise<void> => {
    const indexer = { ...asIndexer(helm, workload), wait: pause };
    // What its pods say before helm has changed it is about the revision that is left.
    for (;;) {
      await pause(LOOK_MS);
      const generation = await generationOf(helm, workload);
      if (generation !== undefined && generation !== before.get(workload.name)) {
        break;
      }
    }
    const status = await waitForRollout(indexer, tell);
    if (status.rollout.state === "stuck" && status.causes.some(({ passing }) => !passing)) {
      hopeless ??= status;
      running.kill();
    }
  };
  const watching = workloadsIn(helm.cluster, objects).map(async (each) => {
    // Looking is for the telling: whatever goes wrong with it, helm goes on.
    await watchOne(each).catch(() => undefined);
  });
  const end = await ended;
  await Promise.all(watching);
  return { end, hopeless };
}

/** Thrown inside a wait that nobody needs any more. */
class Ended extends Error {}

/** The revision that our run has made; undefined when it has not come so far. */
async function findMine(
  helm: HelmRelease,
  { from, to }: RollbackOrder,
  run: string,
  startedMs: number,
): Promise<StoredRelease | undefined> {
  const { releases } = await readRevisions(helm);
  const later = releases.filter(({ number }) => number > from);
  const { flags } = await helm.helm.abilities();
  return flags.has("description")
    ? later.find(
        (release) =>
          isOfRun(release, run) ||
          // A failure takes the description's place.
          (release.status === "failed" && release.rollbackTo === to.number),
      )
    : later.find(
        ({ content, updatedAt }) =>
          content === to.content && Date.parse(updatedAt) >= startedMs - 1000,
      );
}

/** The hook that helm has begun in this run and not come back from. */
function hookOf({ hooks }: StoredRelease, startedMs: number): string | undefined {
  const hook = hooks.find(
    ({ begunAt }) => begunAt !== null && Date.parse(begunAt) >= startedMs - 1000,
  );
  return hook === undefined ? undefined : `${hook.kind} ${hook.name}`;
}

/** A revision that helm has left pending becomes one that failed: whoever deploys next would be refused otherwise. */
async function settle(helm: HelmRelease, mine: StoredRelease, why: string): Promise<string> {
  if (!mine.status.startsWith("pending-")) {
    return `. Revision ${mine.number} is ${mine.status}`;
  }
  const description = describeFailure(helm.release, mine, why);
  const refused = await markFailed(helm.cluster, mine, description, helm.now());
  return refused === null
    ? `. Revision ${mine.number} is marked as failed`
    : `. Revision ${mine.number} stays ${mine.status}: ${refused}`;
}

/** What helm says at its end, without the values that it may quote. Hooks' logs stand before it and are left out. */
export function lastWords(output: string): string {
  const lines = output.split("\n").map((line) => line.trim());
  const error = lines.findLast((line) => line.startsWith("Error: "));
  return withoutValues(redact(error ?? "it says nothing")).replace(/^Error: /, "");
}
