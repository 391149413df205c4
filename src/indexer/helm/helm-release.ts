import { EmergencyError } from "../../errors.js";
import type { Target } from "../kubernetes/choose-revision.js";
import type { Cluster } from "../kubernetes/cluster.js";
import { WORKLOAD_KINDS, type WorkloadName } from "../kubernetes/objects.js";
import { imagesOf } from "../kubernetes/template.js";
import type { Indexer } from "../indexer.js";
import { chooseRelease, type ChosenRelease } from "./choose-release.js";
import { imagesIn, podTemplate, readManifest, type ManifestObject } from "./manifest.js";
import type { Helm } from "./program.js";
import { readReleases, type Driver, type ReleaseHistory, type StoredRelease } from "./storage.js";

/** An indexer that is a Helm release, where it is, and how long it is waited for. */
export interface HelmRelease extends Omit<Indexer, "workload"> {
  /** The release's name. */
  readonly release: string;
  readonly driver: Driver;
  readonly helm: Helm;
  /** This machine's name. */
  readonly host: string;
}

/**
 * The release of an indexer, by the indexer's name; opened when it is first asked for.
 * Throws EmergencyError UNKNOWN_INDEXER, BAD_CONFIG.
 */
export type HelmBook = (name: string) => Promise<HelmRelease>;

/** For people: "Helm release api". */
export function titleOf({ release }: Pick<HelmRelease, "release">): string {
  return `Helm release ${release}`;
}

/**
 * All revisions of the release, when the newest one can be read.
 * @throws EmergencyError UNKNOWN_HELM_RELEASE, HELM_RECORD_UNREADABLE, and what every question to a cluster throws.
 */
export async function readRevisions(
  helm: Pick<HelmRelease, "cluster" | "release" | "driver">,
): Promise<ReleaseHistory & { readonly newest: StoredRelease }> {
  const history = await readReleases(helm.cluster, helm.release, helm.driver);
  const newest = history.releases.at(-1);
  const broken = history.unreadable.at(-1);
  if (newest === undefined || (broken !== undefined && broken.number > newest.number)) {
    const { object, number = 0, why = "" } = broken ?? {};
    throw new EmergencyError(
      "HELM_RECORD_UNREADABLE",
      `the record of the newest revision of ${titleOf(helm)}, ${number}, cannot be read: ${why}. helm cannot go on from it either`,
      `keep a copy of it (kubectl get ${object?.plural ?? ""} ${object?.name ?? ""} --namespace ${helm.cluster.namespace} --output yaml), remove it, and type the command again`,
    );
  }
  return { ...history, newest };
}

/**
 * The revision that is meant.
 * @throws EmergencyError UNKNOWN_REVISION, HELM_RECORD_UNREADABLE
 */
export async function choose(
  helm: Pick<HelmRelease, "release">,
  { releases, unreadable }: ReleaseHistory,
  target: Target,
): Promise<ChosenRelease<StoredRelease>> {
  const title = titleOf(helm);
  const wanted = unreadable.find(
    ({ number }) => target.to === "revision" && number === target.revision,
  );
  if (wanted !== undefined) {
    throw new EmergencyError(
      "HELM_RECORD_UNREADABLE",
      `the record of revision ${wanted.number} of ${title} cannot be read: ${wanted.why}`,
      "choose another revision with --to; see what there is: npx hardhat indexer history",
    );
  }
  const images = new Map<number, readonly string[]>();
  if (target.to === "image") {
    for (const { number, manifest } of releases) {
      images.set(number, imagesIn(await readManifest(manifest, `revision ${number}`)));
    }
  }
  const chosen = chooseRelease(title, releases, target, ({ number }) => images.get(number) ?? []);
  const broken = unreadable.map(
    ({ number, why }) => `the record of revision ${number} cannot be read, and is left out: ${why}`,
  );
  return { ...chosen, notes: [...chosen.notes, ...broken] };
}

/** The workloads of a manifest whose rollouts can be waited for, in the namespace of a cluster. */
export function workloadsIn(
  { namespace }: Pick<Cluster, "namespace">,
  objects: readonly ManifestObject[],
): readonly { readonly workload: WorkloadName; readonly images: readonly string[] }[] {
  return objects.flatMap((object) => {
    const kind = WORKLOAD_KINDS.find((one) => one === object.kind);
    return kind === undefined ||
      !object.apiVersion.startsWith("apps/") ||
      (object.namespace ?? namespace) !== namespace
      ? []
      : [{ workload: { kind, name: object.name }, images: imagesOf(podTemplate(object.json)) }];
  });
}

/**
 * Workloads of a manifest that do not run its images, with those that they run.
 * @returns one line each: "Deployment api runs api:3"; empty when all do.
 */
export async function otherImages(
  { cluster }: Pick<HelmRelease, "cluster">,
  objects: readonly ManifestObject[],
): Promise<readonly string[]> {
  const found = await Promise.all(
    workloadsIn(cluster, objects).map(async ({ workload, images }) => {
      const title = `${workload.kind} ${workload.name}`;
      try {
        const now = imagesOf((await cluster.workload(workload)).spec.template);
        // Others may add containers to those of the chart.
        const missing = images.some((image) => !now.includes(image));
        return missing ? [`${title} runs ${now.join(", ")}`] : [];
      } catch (error) {
        if (error instanceof EmergencyError && error.code === "UNKNOWN_WORKLOAD") {
          return [`${title} is not there`];
        }
        throw error;
      }
    }),
  );
  return found.flat();
}

/** A workload of the release as an indexer of its own, to wait for. */
export function asIndexer(helm: HelmRelease, workload: WorkloadName): Indexer {
  const { name, cluster, waitMs, patienceMs, by, now, wait } = helm;
  return { name, cluster, workload, waitMs, patienceMs, by, now, wait };
}
