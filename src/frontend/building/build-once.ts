import { EmergencyError } from "../../errors.js";
import type { EmergencyBuildConfig } from "../../config/types.js";
import { canonicalJson } from "../../json.js";
import { buildSite, type BuildOrder, type Built, type BuildTools } from "./run-build.js";

/** Longer than the builds of large sites on small machines. */
const TIMEOUT_MS = 20 * 60_000;

/**
 * Builds sites, each order once: what a plan shows, what is rehearsed and what is performed are the same
 * bytes, even where a build gives others each time.
 * @param config undefined when it is not said how the site is built.
 */
export function buildOnce(
  config: EmergencyBuildConfig | undefined,
  tools: Omit<BuildTools, "timeoutMs"> & { readonly timeoutMs?: number },
): (order: BuildOrder) => Promise<Built> {
  const known = new Map<string, Promise<Built>>();
  return async (order) => {
    const key = canonicalJson(order);
    const built =
      known.get(key) ?? buildSite(configured(config), order, { timeoutMs: TIMEOUT_MS, ...tools });
    known.set(key, built);
    try {
      return await built;
    } catch (error) {
      known.delete(key);
      throw error;
    }
  };
}

/**
 * How a site is built, when that is configured.
 * @throws EmergencyError BAD_CONFIG
 */
export function configured(config: EmergencyBuildConfig | undefined): EmergencyBuildConfig {
  if (config === undefined) {
    throw new EmergencyError(
      "BAD_CONFIG",
      "it is not configured how the site is built",
      'add it to the frontend in hardhat.config.ts: build: { command: "npm run build", output: "dist", variables: { market: "VITE_MARKET" } }',
    );
  }
  return config;
}
