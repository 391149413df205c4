/** How whatever waits tells the time and waits; a test gives its own. */
export interface Pace {
  readonly now: () => Date;
  readonly wait: (milliseconds: number) => Promise<void>;
}

/** The real time. */
export const REAL_PACE: Pace = {
  now: () => new Date(),
  wait: async (milliseconds) => {
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
  },
};

/** Pauses between looks, in milliseconds: soon at first, and then less often. */
export function* pauses(firstMs: number, longestMs: number): Generator<number, never> {
  for (let pauseMs = firstMs; ; pauseMs = Math.min(longestMs, pauseMs * 1.5)) {
    yield Math.round(pauseMs);
  }
}
