/** What will be invalidated, and what that costs. */
export interface InvalidationPlan {
  /** As CloudFront wants them: "/", "/index.html", "/docs/*". Empty when nothing is to be done. */
  readonly paths: readonly string[];
  /** For people: "invalidate 3 paths". */
  readonly summary: string;
  /** In US dollars, at most: when none of the month's 1,000 free paths are left. */
  readonly costUsd: number;
}

/** How an invalidation went. */
export interface Invalidated {
  /** CloudFront's id of it; of the last one when several were needed. Empty when nothing was to be done. */
  readonly id: string;
  /** False when it cannot be told yet: it goes on without us. */
  readonly completed: boolean;
  /** How long it took, as far as it was waited for. */
  readonly seconds: number;
}

/** The caches in front of a site. */
export interface Edge {
  /** For people: "CloudFront distribution E123 (app.example.org)". */
  readonly place: string;

  /**
   * What must be invalidated so that no cache goes on serving old bytes. Pure.
   * @param changedPaths files whose bytes or headers are others now, or that are gone: relative to the
   * site, "index.html". Not those whose name holds their hash.
   */
  plan(changedPaths: readonly string[]): InvalidationPlan;

  /**
   * Invalidates, and waits until it is done or the time is over.
   * @param paths of {@link Edge.plan}.
   * @param reference names this one change, and no other: the same reference and paths are invalidated
   * once, however often it is asked for. A release that is served for a second time is another change.
   * @throws EmergencyError INVALIDATION_FAILED, and see awsError.
   */
  invalidate(
    paths: readonly string[],
    reference: string,
    progress: (text: string) => void,
  ): Promise<Invalidated>;
}
