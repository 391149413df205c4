import {
  behind,
  failureOf,
  isUp,
  progressOf,
  unfitToServe,
  type VersionState,
} from "./version-state.js";

/** How a subgraph is: the version that queries get, and what is next to it. */
export interface SubgraphStatus {
  readonly indexer: string;
  readonly place: string;
  /** "org/market", or "market/prod". */
  readonly subgraph: string;
  readonly up: boolean;
  /** For people: why it is not up, or where it is. */
  readonly what: string;
  /** What queries get; null when nothing is served. */
  readonly version: VersionInWords | null;
  /** What is there beside it, by label or role: "next". */
  readonly others: readonly VersionInWords[];
}

/** A version with its name, for people and for JSON. */
export interface VersionInWords extends VersionState {
  /** "current", "v2". */
  readonly label: string;
  /** How many blocks it is behind the chain's head; null where that is not known. */
  readonly behind: number | null;
}

/** A version with its name. */
export function named(label: string, state: VersionState): VersionInWords {
  const { deployment, health, synced, paused, assigned, latest, head, fatalError } = state;
  const known = { deployment, health, synced, paused, assigned, latest, head, fatalError };
  return { label, ...known, behind: behind(state) };
}

/** What is said of a subgraph by the version that queries get. */
export function judged(version: VersionState | null): Pick<SubgraphStatus, "up" | "what"> {
  if (version === null) {
    return { up: false, what: "it has no version" };
  }
  if (isUp(version)) {
    return { up: true, what: `it is healthy and ${progressOf(version)}` };
  }
  const what =
    version.health === "failed" ? failureOf(version) : (unfitToServe(version, null) ?? "");
  return { up: false, what };
}

/** Something that can be waited for. */
export interface Waited {
  readonly waitMs: number;
  readonly now: () => number;
  readonly wait: (milliseconds: number) => Promise<void>;
}

/** Between two looks. */
const POLL_MS = 1_000;

/** How far it has come changes with every look. */
const TELL_MS = 10_000;

/**
 * Looks until a subgraph is up, or will not come up by itself: it has failed, is paused, or nobody indexes it.
 * @param tell told now and then how far it is.
 */
export async function waitForSubgraph(
  { waitMs, now, wait }: Waited,
  look: () => Promise<SubgraphStatus>,
  tell: (what: string) => void,
): Promise<SubgraphStatus> {
  const startedMs = now();
  let toldMs = -Infinity;
  for (;;) {
    const status = await look();
    const { up, version, what } = status;
    const hopeless = version?.health !== "healthy" || version.paused === true || !version.assigned;
    if (up || hopeless || now() - startedMs >= waitMs) {
      return status;
    }
    if (now() - toldMs >= TELL_MS) {
      tell(what);
      toldMs = now();
    }
    await wait(Math.min(POLL_MS, waitMs));
  }
}

/**
 * Looks until a version can be served in place of another, or will not be fit for it by itself. What it is then
 * is for the step to judge, which looks again.
 * @param look gives the version that is waited for, and the one that is served; null: there is none.
 */
export async function waitUntilFit(
  { waitMs, now, wait }: Waited,
  look: () => Promise<{
    readonly candidate: VersionState | null;
    readonly served: VersionState | null;
  }>,
  tell: (what: string) => void,
): Promise<void> {
  const startedMs = now();
  let toldMs = -Infinity;
  for (;;) {
    const { candidate, served } = await look();
    const unfit = candidate === null ? undefined : unfitToServe(candidate, served);
    const hopeless =
      candidate?.health !== "healthy" || candidate.paused === true || !candidate.assigned;
    if (unfit === undefined || hopeless || now() - startedMs >= waitMs) {
      return;
    }
    if (now() - toldMs >= TELL_MS) {
      tell(unfit);
      toldMs = now();
    }
    await wait(Math.min(POLL_MS, waitMs));
  }
}
