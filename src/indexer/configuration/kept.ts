import type { Indexer } from "../indexer.js";
import type { Cluster } from "../kubernetes/cluster.js";
import { sameContent } from "./content.js";
import { holdsAll } from "./copies.js";
import type { Seen } from "./look-configuration.js";
import { isSame, isToken, type Looked, type Side } from "./looked.js";
import { snapshotFor, type Snapshot, type Why } from "./snapshots.js";
import { planSnapshot, type NewSnapshot } from "./write-snapshot.js";

/** What is kept before anything is changed, and what is kept of the result; null where that is kept already. */
export interface Kept {
  readonly before: NewSnapshot | null;
  readonly after: Omit<NewSnapshot, "objects"> | null;
  /** The snapshot that undoes it. */
  readonly undo: number | null;
}

/** What has to be kept, and is not yet. */
export async function snapshotsToTake(
  { cluster }: Indexer,
  seen: Pick<Seen, "history" | "now" | "target" | "source" | "objects" | "snapshots">,
): Promise<Kept> {
  const { history, now, target, source, objects, snapshots } = seen;
  const { workload } = history;
  const leaves = now.template !== target.template;
  const restores = objects.some(({ restore }) => restore !== null);
  const concerned = objects.filter(
    (each) =>
      !isToken(each) &&
      (each.restore !== null || now.references.some((reference) => isSame(each, reference))),
  );
  let before: NewSnapshot | null = null;
  let undo: number | null = null;
  if ((leaves || restores) && concerned.length > 0) {
    const newest = snapshots.findLast(({ template }) => template === now.template);
    const covered = newest !== undefined && (await covers(cluster, newest, concerned));
    const why: Why = leaves ? "left" : "before";
    const about = { template: now.template, revision: now.number, why };
    before = covered ? null : await planSnapshot(cluster, workload, snapshots, about, concerned);
    undo = before?.number ?? newest?.number ?? null;
  }
  // From a snapshot that speaks for the target already, nothing new is to be remembered of it.
  const speaks = snapshotFor(snapshots, target.template);
  const wanted = objects.filter((each) => each.wanted !== null);
  const known =
    source.origin === null ||
    wanted.length === 0 ||
    (source.snapshot !== null && source.snapshot.number === speaks?.number) ||
    (!restores &&
      speaks !== undefined &&
      (await holdsAll(cluster, speaks, readBy(target, objects))));
  const after = known
    ? null
    : {
        number: (before?.number ?? snapshots.at(-1)?.number ?? 0) + 1,
        template: target.template,
        revision: target.number,
        why: "restored" as const,
      };
  return { before, after, undo };
}

/**
 * Whether a snapshot holds the present state, but for what an earlier run of the same command, which was
 * killed, has brought back already: that is not what the revision used.
 */
async function covers(
  cluster: Cluster,
  snapshot: Snapshot,
  objects: readonly Looked[],
): Promise<boolean> {
  const own = objects.filter(
    ({ present, wanted }) => wanted === null || !sameContent(present, wanted),
  );
  return (
    objects.every((each) => snapshot.objects.some((other) => isSame(each, other))) &&
    (await holdsAll(cluster, snapshot, own))
  );
}

/** What a revision reads, of all that was looked at. */
function readBy({ references }: Side, objects: readonly Looked[]): readonly Looked[] {
  return objects.filter(
    (each) => !isToken(each) && references.some((reference) => isSame(each, reference)),
  );
}
