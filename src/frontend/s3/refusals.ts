import { EmergencyError } from "../../errors.js";

/** A release in a bucket is not what it was. */
export function broken(what: string): EmergencyError {
  return new EmergencyError(
    "BROKEN_RELEASE",
    what,
    "deploy the site again with frontend deploy --from, or roll back to another release",
  );
}

/** Somebody has written what we were about to write. */
export function changedMeanwhile(where: string): EmergencyError {
  return new EmergencyError(
    "PRIOR_STATE_CHANGED",
    `somebody else has changed ${where} meanwhile, without heeding the lock`,
    "type the same command again without --plan: it looks at the site as it is now, and goes on",
  );
}
