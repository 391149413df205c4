import type { SecretResolver } from "../sensitive.js";
import type { EmergencyPonderConfig, EmergencyPonderUserConfig } from "./ponder-types.js";

/** Two deployments that follow the same chain are never at the same block at once. */
const MAX_BEHIND_BLOCKS = 5;

/** Fills in the defaults of a Ponder app. */
export function resolvePonder(
  { database, views, url, maxBehind }: EmergencyPonderUserConfig,
  secret: SecretResolver,
): EmergencyPonderConfig {
  return {
    database: secret(database),
    views,
    url: url?.replace(/\/+$/, ""),
    maxBehind: maxBehind ?? MAX_BEHIND_BLOCKS,
  };
}
