import { setTimeout as wait } from "node:timers/promises";

import { startProxy } from "../test/helpers/proxy.js";

/** One HTTP request to a node and its answer. Times are milliseconds since 1970. */
export interface Exchange {
  /** The JSON-RPC methods in it: one, or those of a batch. */
  readonly methods: readonly string[];
  readonly arrivedMs: number;
  readonly answeredMs: number;
}

/** A node's address that writes down who asks what, and when. */
export interface RecordingProxy {
  readonly url: string;
  /** What was asked since the last time, in the order of arrival. */
  take(): readonly Exchange[];
  close(): Promise<void>;
}

/** Now, on the clock that all processes of this machine share, in milliseconds since 1970. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/**
 * Stands in front of a node and passes everything on.
 * @param roundTripMs holds every answer for so long, as the way to a node far away would.
 */
export async function recordingProxy(node: string, roundTripMs: number): Promise<RecordingProxy> {
  const proxy = await startProxy(node);
  let exchanges: Exchange[] = [];
  proxy.answerBy(async ({ methods }, forward) => {
    const arrivedMs = now();
    const answer = await forward();
    if (roundTripMs > 0) {
      await wait(roundTripMs);
    }
    exchanges.push({ methods, arrivedMs, answeredMs: now() });
    return answer;
  });
  return {
    url: proxy.url,
    take() {
      const taken = exchanges.sort((a, b) => a.arrivedMs - b.arrivedMs);
      exchanges = [];
      return taken;
    },
    async close() {
      await proxy.close();
    },
  };
}

/**
 * How many answers, one after the other, had come before each exchange began: 0 for those that
 * waited for none. Requests that are under way together count as one round trip.
 */
export function roundTripsBefore(exchanges: readonly Exchange[]): readonly number[] {
  const depths: number[] = [];
  for (const { arrivedMs } of exchanges) {
    const ended = depths.filter(
      (_, index) => (exchanges[index]?.answeredMs ?? Infinity) <= arrivedMs,
    );
    depths.push(ended.length === 0 ? 0 : 1 + Math.max(...ended));
  }
  return depths;
}
