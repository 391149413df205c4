/** How far and how well one version of a subgraph has been indexed, wherever it runs. */
export interface VersionState {
  /** What the host calls its code: an IPFS hash, "Qm…"; null where the host does not say. */
  readonly deployment: string | null;
  /**
   * - `healthy`: indexed without errors
   * - `unhealthy`: goes on, but has errors
   * - `failed`: stopped by an error
   */
  readonly health: "healthy" | "unhealthy" | "failed";
  /** Whether it has reached the chain's head once. It stays true when it falls behind later. */
  readonly synced: boolean;
  /** Null where the host does not say, or nothing indexes it. */
  readonly paused: boolean | null;
  /** Whether some node has the task of indexing it. */
  readonly assigned: boolean;
  /** The last block that was indexed; null before the first one. */
  readonly latest: BlockPointer | null;
  /** The chain's head as the host knows it. */
  readonly head: number | null;
  /** Why it failed. */
  readonly fatalError: FatalError | null;
}

/** A block of a chain. */
export interface BlockPointer {
  readonly number: number;
  /** Null where the host does not say. */
  readonly hash: string | null;
}

/** What stopped a subgraph. */
export interface FatalError {
  readonly message: string;
  readonly block: number | null;
  readonly handler: string | null;
}

/** A subgraph may be this far behind the chain's head and still count as up to date: indexing goes in small batches. */
export const UP_TO_DATE_BLOCKS = 50;

/** How many blocks it is behind the chain's head; null where that is not known. */
export function behind({ latest, head }: Pick<VersionState, "latest" | "head">): number | null {
  return latest === null || head === null ? null : Math.max(0, head - latest.number);
}

/** "at block 120 of 130" */
export function progressOf({ latest, head }: Pick<VersionState, "latest" | "head">): string {
  if (latest === null) {
    return "has indexed no block yet";
  }
  return `is at block ${latest.number}${head === null ? "" : ` of ${head}`}`;
}

/** "failed in block 12, handler handleTransfer: …" */
export function failureOf({ fatalError }: Pick<VersionState, "fatalError">): string {
  if (fatalError === null) {
    return "it has failed, and nobody says why";
  }
  const { message, block, handler } = fatalError;
  const where = [
    ...(block === null ? [] : [`block ${block}`]),
    ...(handler === null ? [] : [`handler ${handler}`]),
  ].join(", ");
  return `it has failed${where === "" ? "" : ` in ${where}`}: ${message}`;
}

/**
 * Why a version should not be served in place of another; undefined when nothing is against it. Pure.
 * @param served what is served now; null when nothing is.
 */
export function unfitToServe(
  candidate: VersionState,
  served: VersionState | null,
): string | undefined {
  if (candidate.health === "failed") {
    return failureOf(candidate);
  }
  if (candidate.health === "unhealthy") {
    return "it has errors: queries against it are answered with an error instead of rows";
  }
  if (!candidate.assigned) {
    return "no node has the task of indexing it: it stands still";
  }
  if (candidate.paused === true) {
    return "it is paused: it stands still";
  }
  if (candidate.latest === null || !candidate.synced) {
    return `it is not synced: it ${progressOf(candidate)}`;
  }
  const lag = behind(candidate);
  const allowed = Math.max(UP_TO_DATE_BLOCKS, (served && behind(served)) ?? 0);
  if (lag !== null && lag > allowed) {
    return `it has fallen behind: it ${progressOf(candidate)}`;
  }
  // Where nobody knows the chain's head, what is served now says how far one can be.
  const backwards = (served?.latest?.number ?? 0) - candidate.latest.number;
  if (lag === null && backwards > UP_TO_DATE_BLOCKS) {
    return `readers would go back ${backwards} blocks: it ${progressOf(candidate)}, and what is served now at block ${served?.latest?.number ?? 0}`;
  }
  return undefined;
}

/** Whether a version does its work: healthy, running, and up to date. */
export function isUp(state: VersionState): boolean {
  return unfitToServe(state, null) === undefined;
}
