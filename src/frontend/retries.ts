/** What the SDK asks about a request that failed: a part of its RetryStrategyV2. */
export interface Retries {
  acquireInitialRetryToken(scope: string): Promise<Attempt>;
  /** @throws Error when it is not tried again. */
  refreshRetryTokenForRetry(attempt: Attempt, failure: Failure): Promise<Attempt>;
  recordSuccess(attempt: Attempt): void;
}

interface Attempt {
  /** From 0. */
  getRetryCount(): number;
  /** In milliseconds, before it is made. */
  getRetryDelay(): number;
}

interface Failure {
  readonly errorType: "TRANSIENT" | "THROTTLING" | "SERVER_ERROR" | "CLIENT_ERROR";
  /** When the server wants to be asked again. */
  readonly retryAfterHint?: Date;
}

/** In milliseconds before the first repetition, at most; twice as long before each further one. */
const BASE_MS = { TRANSIENT: 100, THROTTLING: 1_000 };

/** As the SDK has them. */
const LONGEST_MS = 20_000;
const MOST_HINTED_MS = 5_000;

/**
 * When a request is made again. The SDK's own way is the same but for one thing: there, all requests of a
 * client share so many repetitions that 36 connections which break at the same time are the end, and an
 * upload uses 64. Here each request has its own; together they are bounded by how many are made at a time.
 * @param attempts for each request, the first one included.
 * @param random from 0 to 1, so that requests which failed together do not come back together.
 */
export function retries(attempts: number, random: () => number = Math.random): Retries {
  const attempt = (count: number, delayMs: number): Attempt => ({
    getRetryCount: () => count,
    getRetryDelay: () => delayMs,
  });
  return {
    acquireInitialRetryToken: async () => await Promise.resolve(attempt(0, 0)),
    async refreshRetryTokenForRetry(last, { errorType, retryAfterHint }) {
      const count = last.getRetryCount() + 1;
      if ((errorType !== "TRANSIENT" && errorType !== "THROTTLING") || count >= attempts) {
        throw new Error("it is not tried again");
      }
      const most = Math.min(LONGEST_MS, BASE_MS[errorType] * 2 ** (count - 1));
      const delayMs = random() * most;
      const hintMs = (retryAfterHint?.getTime() ?? 0) - Date.now();
      return await Promise.resolve(
        attempt(count, Math.max(delayMs, Math.min(hintMs, delayMs + MOST_HINTED_MS))),
      );
    },
    recordSuccess: () => undefined,
  };
}
