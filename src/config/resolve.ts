import type { EmergencyConfig, EmergencyUserConfig } from "./types.js";

/** Fifteen slots of twelve seconds: longer than any honest wait for an emergency fee. */
const MINED_TIMEOUT_SECONDS = 180;

/** A month: longer than anybody looks back, and than a page stays open in a browser. */
const KEEP_DAYS = 30;

const KEEP_RELEASES = 10;

/** Fills in the defaults. */
export function resolveEmergencyConfig(user: EmergencyUserConfig = {}): EmergencyConfig {
  const contracts = Object.entries(user.contracts ?? {}).map(
    ([name, contract]) =>
      [
        name,
        typeof contract === "string"
          ? { address: contract, artifact: undefined, mustBePausable: false }
          : {
              address: contract.address,
              artifact: contract.artifact,
              mustBePausable: contract.mustBePausable ?? false,
            },
      ] as const,
  );
  const frontends = Object.entries(user.frontends ?? {}).map(
    ([name, frontend]) =>
      [
        name,
        {
          directory: frontend.directory,
          url: frontend.url,
          contracts: frontend.contracts,
          network: frontend.network,
          live: frontend.live ?? true,
          keepReleases: frontend.keepReleases ?? KEEP_RELEASES,
          keepDays: frontend.keepDays ?? KEEP_DAYS,
        },
      ] as const,
  );
  return {
    contracts: Object.fromEntries(contracts),
    frontends: Object.fromEntries(frontends),
    mechanisms: user.mechanisms ?? {},
    directory: user.directory ?? ".emergency",
    minedTimeoutSeconds: user.minedTimeoutSeconds ?? MINED_TIMEOUT_SECONDS,
  };
}
