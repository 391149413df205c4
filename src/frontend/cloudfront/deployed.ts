import type { CloudFrontClient } from "@aws-sdk/client-cloudfront";

import { awsError } from "../aws-error.js";
import { pauses, type Pace } from "./pace.js";

/** A change of a distribution takes some minutes to reach all edges; AWS promises no upper bound. */
const PATIENCE_MS = 30 * 60_000;

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15_000;

/**
 * Waits until the last change of a distribution has reached all edges, or it takes too long to wait
 * for: then it says so and goes on, and who verifies afterwards sees whether it has. Says nothing when
 * there was nothing to wait for.
 */
export async function waitUntilDeployed(
  client: CloudFrontClient,
  id: string,
  pace: Pace,
  progress: (text: string) => void,
): Promise<void> {
  const since = pace.now().getTime();
  let isFirst = true;
  for (const pauseMs of pauses(FIRST_PAUSE_MS, LONGEST_PAUSE_MS)) {
    const { status, mayLook } = await look(client, id);
    const elapsedMs = pace.now().getTime() - since;
    const seconds = Math.round(elapsedMs / 1000);
    if (status === "Deployed") {
      if (!isFirst) {
        progress(`distribution ${id} has reached all edges after ${seconds} s`);
      }
      return;
    }
    if (!mayLook || elapsedMs >= PATIENCE_MS) {
      progress(`cannot tell yet whether distribution ${id} has reached all edges (${status})`);
      return;
    }
    progress(`distribution ${id} is on its way to the edges: ${status} after ${seconds} s`);
    isFirst = false;
    await pace.wait(pauseMs);
  }
}

async function look(
  client: CloudFrontClient,
  id: string,
): Promise<{ readonly status: string; readonly mayLook: boolean }> {
  const { GetDistributionCommand } = await import("@aws-sdk/client-cloudfront");
  return await client.send(new GetDistributionCommand({ Id: id })).then(
    ({ Distribution }) => ({ status: Distribution?.Status ?? "unknown", mayLook: true }),
    (error: unknown) => {
      // That the server is busy says nothing about the change; the next look may succeed.
      const { code, what } = awsError(error, `looking at distribution ${id}`);
      return { status: what, mayLook: code === "AWS_UNAVAILABLE" };
    },
  );
}
