import type { Indexer } from "../indexer.js";

/** At first often, because a rollout of small containers takes a second. */
const PAUSES_MS: readonly (readonly [untilMs: number, pauseMs: number])[] = [
  [5_000, 100],
  [30_000, 500],
  [Infinity, 2_000],
];

/** How long to pause between two looks. @param waitedMs since the first of them. */
export function pauseAfter(waitedMs: number): number {
  const [, pauseMs] = PAUSES_MS.find(([untilMs]) => waitedMs < untilMs) ?? [0, 2_000];
  return pauseMs;
}

/** What one look has found: that the wait is over, or what is waited for. */
export type Look<T> = { readonly over: T } | { readonly waitingFor: string };

/**
 * Looks until there is nothing more to wait for, or the indexer's time is up.
 * @param tell told when what is waited for changes.
 * @returns what was waited for, or `late` with what was still waited for.
 */
export async function waitFor<T>(
  indexer: Pick<Indexer, "now" | "wait" | "waitMs">,
  look: () => Promise<Look<T>>,
  tell: (what: string) => void,
): Promise<{ readonly over: T } | { readonly late: string }> {
  const startedMs = indexer.now().getTime();
  let told = "";
  for (;;) {
    const found = await look();
    if ("over" in found) {
      return found;
    }
    const { waitingFor } = found;
    if (waitingFor !== told) {
      tell(waitingFor);
      told = waitingFor;
    }
    const waitedMs = indexer.now().getTime() - startedMs;
    if (waitedMs >= indexer.waitMs) {
      return { late: waitingFor };
    }
    await indexer.wait(pauseAfter(waitedMs));
  }
}
