import type { ObjectName } from "../kubernetes/cluster.js";
import type { HelmRelease } from "./helm-release.js";
import { identityOf, readManifest, titleOf, type ManifestObject } from "./manifest.js";
import type { StoredRelease } from "./storage.js";
import { RESOURCE_POLICY, type KindBook } from "./try-objects.js";

/** What becomes of objects that the revision to go back to does not have. */
export interface Removals {
  readonly removed: readonly string[];
  /** Those that helm lets be, because they say so. */
  readonly kept: readonly string[];
  /** Those whose removal takes data along. */
  readonly precious: readonly { readonly title: string; readonly name: ObjectName }[];
  /** Those of revisions in between, which helm would let lie. */
  readonly left: readonly string[];
}

/** What is in them is in nothing else: volumes, all that a namespace has, all objects of a kind. */
const PRECIOUS: ReadonlySet<string> = new Set([
  "PersistentVolumeClaim",
  "PersistentVolume",
  "Namespace",
  "CustomResourceDefinition",
]);

/**
 * Looks at the objects that a rollback takes away, and at those that it forgets.
 * @param between revisions since then that may have left objects; of the newest one helm itself knows.
 */
export async function lookAtRemovals(
  { cluster, release }: HelmRelease,
  kinds: KindBook,
  before: readonly ManifestObject[],
  after: readonly ManifestObject[],
  between: readonly StoredRelease[],
): Promise<Removals> {
  const known = new Set([...before, ...after].map(identityOf));
  const stay = new Set(after.map(identityOf));
  const removed: string[] = [];
  const kept: string[] = [];
  const precious: Removals["precious"][number][] = [];
  for (const object of before.filter((each) => !stay.has(identityOf(each)))) {
    const name = await kinds.nameOf(object);
    const found = name === null ? null : await cluster.object(name);
    if (name === null || found === null) {
      continue;
    }
    const title = titleOf(object);
    // helm looks at the object itself, not at the manifest.
    if (found.metadata.annotations[RESOURCE_POLICY] === "keep") {
      kept.push(title);
    } else if (PRECIOUS.has(object.kind)) {
      precious.push({ title, name });
    } else {
      removed.push(title);
    }
  }
  const left = new Set<string>();
  for (const { manifest, number } of between) {
    for (const object of await readManifest(manifest, `revision ${number}`)) {
      if (known.has(identityOf(object))) {
        continue;
      }
      known.add(identityOf(object));
      const name = await kinds.nameOf(object);
      const found = name === null ? null : await cluster.object(name);
      if (found?.metadata.annotations["meta.helm.sh/release-name"] === release) {
        left.add(titleOf(object));
      }
    }
  }
  return { removed, kept, precious, left: [...left] };
}
