import type { ObjectName } from "../kubernetes/cluster.js";
import type { ClusterObject } from "../kubernetes/objects.js";
import { wasDeployed, type Candidate } from "./choose-release.js";
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
  /** Those that helm has forgotten in a run that was broken off, and would let lie for ever. */
  readonly left: readonly LeftOver[];
  /** Such that hold data: they stay. */
  readonly preciousLeft: readonly string[];
}

/** An object that belongs to a release and is in none of the manifests that helm looks at. */
export interface LeftOver {
  readonly title: string;
  readonly name: ObjectName;
  readonly found: ClusterObject;
}

/** What is in them is in nothing else: volumes, all that a namespace has, all objects of a kind. */
const PRECIOUS: ReadonlySet<string> = new Set([
  "PersistentVolumeClaim",
  "PersistentVolume",
  "Namespace",
  "CustomResourceDefinition",
]);

/**
 * The revisions whose objects helm may have forgotten. It compares a revision with the one before, although that one
 * may have been broken off before it had removed anything: a rollback that is done again after a kill compares
 * the revision to go back to with itself. Pure.
 * @param releases oldest first.
 */
export function revisionsBetween<T extends Candidate>(releases: readonly T[]): readonly T[] {
  const [newest, ...older] = [...releases].reverse();
  if (
    newest === undefined ||
    (wasDeployed(newest) && older[0] !== undefined && wasDeployed(older[0]))
  ) {
    return [];
  }
  const last = older.findIndex(wasDeployed);
  return older.slice(0, last < 0 ? older.length : last + 1);
}

/**
 * Looks at the objects that a rollback takes away, and at those that it forgets.
 * @param between see {@link revisionsBetween}.
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
  const left: LeftOver[] = [];
  const preciousLeft: string[] = [];
  for (const { manifest, number } of between) {
    for (const object of await readManifest(manifest, `revision ${number}`)) {
      if (known.has(identityOf(object))) {
        continue;
      }
      known.add(identityOf(object));
      const name = await kinds.nameOf(object);
      const found = name === null ? null : await cluster.object(name);
      const annotations = found?.metadata.annotations ?? {};
      if (
        name === null ||
        found === null ||
        annotations["meta.helm.sh/release-name"] !== release ||
        annotations["meta.helm.sh/release-namespace"] !== cluster.namespace ||
        annotations[RESOURCE_POLICY] === "keep"
      ) {
        continue;
      }
      const title = titleOf(object);
      if (PRECIOUS.has(object.kind)) {
        preciousLeft.push(title);
      } else {
        left.push({ title, name, found });
      }
    }
  }
  return { removed, kept, precious, left, preciousLeft };
}
