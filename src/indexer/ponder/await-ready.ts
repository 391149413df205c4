import { EmergencyError } from "../../errors.js";
import { listDeployments } from "./choose-deployment.js";
import type { PonderIndexer } from "./ponder-indexer.js";
import { chainsBehind, describeBehind, describeCheckpoints } from "./progress.js";

/** Between two looks. */
const PAUSE_MS = 1_000;

/**
 * Waits until a deployment has caught up with its chains, and with what readers see. Never writes.
 * @param tell told how far it has come, whenever that is another block.
 * @throws EmergencyError VERSION_NOT_READY when that takes too long, UNKNOWN_VERSION, DATABASE_…
 */
export async function awaitReady(
  ponder: PonderIndexer,
  schema: string,
  tell: (what: string) => void,
): Promise<void> {
  const { waitMs, now, wait, maxBehind } = ponder;
  const startedMs = now().getTime();
  let told: string | undefined;
  for (;;) {
    const { deployments, served } = await listDeployments(ponder);
    const target = deployments.find((each) => each.schema === schema);
    const present = deployments.find((each) => served.includes(each.schema));
    const behind =
      target === undefined || present === undefined || served.length > 1
        ? []
        : chainsBehind(target, present, maxBehind);
    if (target?.ready === true && behind.length === 0) {
      return;
    }
    const what =
      target === undefined
        ? `"${schema}" is not there yet`
        : behind.length > 0
          ? `"${schema}" is behind: ${describeBehind(behind)}`
          : `"${schema}" catches up: ${describeCheckpoints(target)}`;
    if (what !== told) {
      told = what;
      tell(what);
    }
    if (now().getTime() - startedMs + PAUSE_MS > waitMs) {
      throw new EmergencyError(
        "VERSION_NOT_READY",
        `after ${Math.round(waitMs / 1000)} s ${what}`,
        "look at the deployment's own log; to wait longer: emergency.indexers.….waitSeconds",
      );
    }
    await wait(PAUSE_MS);
  }
}
