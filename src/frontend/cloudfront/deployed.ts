import type { CloudFrontClient } from "@aws-sdk/client-cloudfront";

import { pauses, type Pace } from "./pace.js";

/** A change of a distribution takes some minutes to reach all edges; AWS promises no upper bound. */
const PATIENCE_MS = 30 * 60_000;

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15_000;

/**
 * Waits until the last change of a distribution has reached all edges, or it takes too long to wait
 * for: then it says so and goes on, and who verifies afterwards sees whether it has.
 */
export async function waitUntilDeployed(
  client: CloudFrontClient,
  id: string,
  pace: Pace,
  progress: (text: string) => void,
): Promise<void> {
  const { GetDistributionCommand } = await import("@aws-sdk/client-cloudfront");
  const since = pace.now().getTime();
  for (const pauseMs of pauses(FIRST_PAUSE_MS, LONGEST_PAUSE_MS)) {
    // A look that fails says nothing about the change; the next one may succeed.
    const status = await client.send(new GetDistributionCommand({ Id: id })).then(
      ({ Distribution }) => Distribution?.Status ?? "unknown",
      () => "unknown",
    );
    const elapsedMs = pace.now().getTime() - since;
    const seconds = Math.round(elapsedMs / 1000);
    if (status === "Deployed") {
      progress(`distribution ${id} has reached all edges after ${seconds} s`);
      return;
    }
    if (elapsedMs >= PATIENCE_MS) {
      progress(`cannot tell yet whether distribution ${id} has reached all edges (${status})`);
      return;
    }
    progress(`distribution ${id} is on its way to the edges: ${status} after ${seconds} s`);
    await pace.wait(pauseMs);
  }
}
