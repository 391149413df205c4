import { EmergencyError } from "../../errors.js";
import type { Workload } from "./objects.js";
import type { Revision } from "./history.js";
import { readMark } from "./mark.js";
import { versionHash } from "./template.js";

/** Where somebody wants to go back to. */
export type Target =
  /** What was before the present revision. */
  | { readonly to: "previous" }
  /** The newest one, besides the present one, that works, or did when it ran. */
  | { readonly to: "healthy" }
  | { readonly to: "revision"; readonly revision: number }
  /** The newest one with a container of this image: "indexer:1.4", "registry/indexer@sha256:…", "sha256:…". */
  | { readonly to: "image"; readonly image: string };

/** The revision to go back to, or the one that an earlier rollback has gone back to already. */
export interface Chosen {
  readonly revision: Revision;
  /** What a person should know of it. */
  readonly notes: readonly string[];
}

/**
 * The revision that is meant. Pure.
 *
 * "previous" after a rollback stays where that rollback went: a second run of the same command, after a kill
 * or by a colleague, must not go forth to the broken revision again, nor further back unasked. Nor is it the same
 * version before it was restarted: kubectl makes a revision of each restart.
 * @param name of the workload, for people.
 * @throws EmergencyError UNKNOWN_REVISION naming those that there are.
 */
export function chooseRevision(
  name: string,
  workload: Workload,
  revisions: readonly Revision[],
  target: Target,
): Chosen {
  const newestFirst = [...revisions].reverse();
  const present = newestFirst.find((revision) => revision.present);
  const others = newestFirst.filter((revision) => !revision.present);

  if (target.to === "revision") {
    const revision = revisions.find(({ number }) => number === target.revision);
    return chosen(name, revisions, revision, `${name} has no revision ${target.revision}`);
  }
  if (target.to === "image") {
    // The present one counts: then there is nothing to do.
    const revision = newestFirst.find(({ images }) =>
      images.some((image) => isImage(image, target.image)),
    );
    return chosen(name, revisions, revision, `no revision of ${name} has image ${target.image}`);
  }

  const mark = readMark(workload);
  const version = versionHash(workload.spec.template);
  const stays = target.to === "previous" || present?.health === "healthy";
  if (stays && mark !== null && present !== undefined && mark.to === version) {
    return {
      revision: present,
      notes: [
        `${name} was rolled back from revision ${mark.from} at ${mark.at} by ${mark.by}; to go further back, name the revision`,
      ],
    };
  }
  if (target.to === "healthy") {
    return chosen(
      name,
      revisions,
      others.find(({ health }) => health === "healthy") ??
        // What somebody went back from is better than nothing that works, where its pods still do.
        others.find(({ health, available }) => health === "rolled-back" && available > 0),
      `no revision of ${name} besides the present one has a pod that works, or is recorded to have worked; Kubernetes itself keeps no record of how pods did that are gone`,
    );
  }
  return chosen(
    name,
    revisions,
    others.find(({ template }) => versionHash(template) !== version),
    `${name} has no revision before the present one`,
  );
}

function chosen(
  name: string,
  revisions: readonly Revision[],
  revision: Revision | undefined,
  otherwise: string,
): Chosen {
  if (revision !== undefined) {
    return { revision, notes: revision.present ? [] : knownOf(revision) };
  }
  const known = revisions.map(
    ({ number, images, present }) =>
      `${number}${present ? " (present)" : ""}: ${images.join(", ")}`,
  );
  throw new EmergencyError(
    "UNKNOWN_REVISION",
    otherwise,
    known.length === 0
      ? `look whether Kubernetes keeps a history of ${name}: spec.revisionHistoryLimit`
      : `name one of these with --to: ${known.join("; ")}`,
  );
}

/** What speaks for or against a revision, beyond what is asked for. */
function knownOf({ number, health, pods, recorded }: Revision): readonly string[] {
  if (health === "failing" && pods > 0) {
    return [`revision ${number} has ${pods} pods now, and none of them works`];
  }
  if (recorded === null) {
    return [];
  }
  const { at } = recorded;
  switch (recorded.health) {
    case "healthy":
      return pods > 0 ? [] : [`revision ${number} worked at ${at}`];
    case "failing":
      return [`revision ${number} did not work at ${at}`];
    case "rolled-back":
      return [`revision ${number} was rolled back at ${at}`];
  }
}

/** Whether a container's image is the one that is meant: the whole of it, or its digest. */
function isImage(image: string, wanted: string): boolean {
  return image === wanted || image.endsWith(`@${wanted.replace(/^@/, "")}`);
}
