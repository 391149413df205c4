import { EmergencyError } from "../../errors.js";
import type { JsonObject } from "../../json.js";
import { awaitReady } from "./await-ready.js";
import { chooseDeployment, listDeployments } from "./choose-deployment.js";
import type { PonderIndexer } from "./ponder-indexer.js";
import { ACCEPTABLE } from "./promote-decision.js";

/**
 * What is wanted of a `ponder-promote` step, from what is typed.
 * @param wait whether to come back only when that deployment has caught up.
 * @param tell told what is waited for.
 * @throws EmergencyError BAD_ARGUMENTS, UNKNOWN_VERSION, VERSION_NOT_READY, DATABASE_…
 */
export async function ponderPromotion(
  ponder: PonderIndexer,
  typed: {
    readonly to: string | undefined;
    readonly wait: boolean;
    readonly accept: readonly string[];
  },
  tell: (what: string) => void,
): Promise<JsonObject> {
  const unknown = typed.accept.find((name) => !ACCEPTABLE.some((known) => known === name));
  if (unknown !== undefined) {
    throw new EmergencyError(
      "BAD_ARGUMENTS",
      `--accept cannot be "${unknown}"`,
      `name some of these, separated by commas: ${ACCEPTABLE.join(", ")}`,
    );
  }
  const schema = chooseDeployment(await listDeployments(ponder), typed.to);
  if (typed.wait) {
    await awaitReady(ponder, schema, tell);
  }
  const { name: indexer } = ponder;
  return { indexer, schema, ...(typed.accept.length === 0 ? {} : { accept: [...typed.accept] }) };
}
