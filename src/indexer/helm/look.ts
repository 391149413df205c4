import { EmergencyError } from "../../errors.js";
import { lookAtWorkload, waitForRollout, type WorkloadStatus } from "../kubernetes/status.js";
import { wasDeployed } from "./choose-release.js";
import {
  asIndexer,
  choose,
  readRevisions,
  titleOf,
  workloadsIn,
  type HelmRelease,
} from "./helm-release.js";
import { imagesIn, readManifest } from "./manifest.js";
import { diffManifests, type ObjectChange } from "./manifest-diff.js";
import type { StoredRelease } from "./storage.js";
import { withoutValues } from "./try-objects.js";

/** A revision of a release, as a person is shown it. */
export interface ShownRevision {
  readonly number: number;
  /** "deployed", "superseded", "failed", "pending-upgrade", … */
  readonly status: string;
  /** Whether it was ever deployed, as far as helm's records tell. */
  readonly wasDeployed: boolean;
  readonly present: boolean;
  /** "indexer-1.2.0". */
  readonly chart: string;
  readonly appVersion: string;
  /** RFC 3339. */
  readonly updatedAt: string;
  readonly images: readonly string[];
  /** The revision that it was to bring back; null when it is no rollback. */
  readonly rollbackTo: number | null;
  readonly description: string;
}

/** The revisions of a release, oldest first. */
export interface ReleaseList {
  readonly indexer: string;
  readonly place: string;
  readonly release: string;
  readonly revisions: readonly ShownRevision[];
  readonly unreadable: readonly { readonly number: number; readonly why: string }[];
}

/**
 * All that helm knows of a release, without values.
 * @throws EmergencyError UNKNOWN_HELM_RELEASE, HELM_RECORD_UNREADABLE, and what every question to a cluster throws.
 */
export async function listReleases(helm: HelmRelease): Promise<ReleaseList> {
  const { releases, unreadable, newest } = await readRevisions(helm);
  const revisions: ShownRevision[] = [];
  for (const release of releases) {
    const { number, status, chart, appVersion, updatedAt, rollbackTo, description } = release;
    revisions.push({
      number,
      status,
      wasDeployed: wasDeployed(release),
      present: number === newest.number,
      chart,
      appVersion,
      updatedAt,
      images: imagesIn(await readManifest(release.manifest, `revision ${number}`)),
      rollbackTo,
      description: withoutValues(description),
    });
  }
  return {
    ...placeOf(helm),
    revisions,
    unreadable: unreadable.map(({ number, why }) => ({ number, why })),
  };
}

/** How two revisions of a release differ. */
export interface ReleaseDiff {
  readonly indexer: string;
  readonly place: string;
  readonly release: string;
  readonly from: { readonly number: number; readonly chart: string };
  readonly to: { readonly number: number; readonly chart: string };
  readonly objects: readonly ObjectChange[];
  readonly hooks: readonly ObjectChange[];
}

/**
 * How two revisions differ, by object and field.
 * @param from default: the newest one.
 * @param to default: the one that a rollback would go back to.
 * @throws EmergencyError UNKNOWN_REVISION, and those of {@link listReleases}.
 */
export async function diffReleases(
  helm: HelmRelease,
  from: number | undefined,
  to: number | undefined,
): Promise<ReleaseDiff> {
  const history = await readRevisions(helm);
  const revision = async (number: number): Promise<StoredRelease> =>
    (await choose(helm, history, { to: "revision", revision: number })).release;
  const before = from === undefined ? history.newest : await revision(from);
  const after =
    to === undefined
      ? (await choose(helm, history, { to: "previous" })).release
      : await revision(to);
  if (from === undefined && to === undefined && before.number === after.number) {
    throw new EmergencyError(
      "UNKNOWN_REVISION",
      `${titleOf(helm)} is at revision ${before.number}, a rollback: there is nothing that another one would go back to`,
      "say which revisions: --from 3 --to 7; see what there is: npx hardhat indexer history",
    );
  }
  const { hooks: oldHooks, number: a } = before;
  const { hooks: newHooks, number: b } = after;
  const asText = (hooks: StoredRelease["hooks"]): string =>
    hooks.map(({ manifest }) => manifest).join("\n---\n");
  return {
    ...placeOf(helm),
    from: { number: a, chart: before.chart },
    to: { number: b, chart: after.chart },
    objects: diffManifests(
      await readManifest(before.manifest, `revision ${a}`),
      await readManifest(after.manifest, `revision ${b}`),
    ),
    hooks: diffManifests(
      await readManifest(asText(oldHooks), `the hooks of revision ${a}`),
      await readManifest(asText(newHooks), `the hooks of revision ${b}`),
    ),
  };
}

/** How a release is. */
export interface ReleaseStatus {
  readonly indexer: string;
  readonly place: string;
  readonly release: string;
  readonly revision: Pick<ShownRevision, "number" | "status" | "chart" | "description">;
  /** Whether it is deployed, and all its workloads are up. */
  readonly ok: boolean;
  readonly workloads: readonly WorkloadStatus[];
}

/**
 * How a release and its workloads are.
 * @param tell told what is waited for; undefined: nothing is waited for.
 */
export async function statusOfRelease(
  helm: HelmRelease,
  tell: ((what: string) => void) | undefined,
): Promise<ReleaseStatus> {
  const { newest } = await readRevisions(helm);
  const objects = await readManifest(newest.manifest, `revision ${newest.number}`);
  const workloads = await Promise.all(
    workloadsIn(helm.cluster, objects).map(async ({ workload }) => {
      const indexer = asIndexer(helm, workload);
      return tell === undefined
        ? await lookAtWorkload(indexer)
        : await waitForRollout(indexer, (what) => {
            tell(`${workload.kind} ${workload.name}: ${what}`);
          });
    }),
  );
  const { number, status, chart, description } = newest;
  return {
    ...placeOf(helm),
    revision: { number, status, chart, description: withoutValues(description) },
    ok: status === "deployed" && workloads.every(({ rollout }) => rollout.state === "done"),
    workloads,
  };
}

function placeOf({
  name,
  cluster,
  release,
}: HelmRelease): Pick<ReleaseList, "indexer" | "place" | "release"> {
  return { indexer: name, place: cluster.place, release };
}
