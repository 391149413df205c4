import type { EmergencyConfig, EmergencyUserConfig } from "./types.js";

/** Fifteen slots of twelve seconds: longer than any honest wait for an emergency fee. */
const MINED_TIMEOUT_SECONDS = 180;

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
  return {
    contracts: Object.fromEntries(contracts),
    mechanisms: user.mechanisms ?? {},
    directory: user.directory ?? ".emergency",
    minedTimeoutSeconds: user.minedTimeoutSeconds ?? MINED_TIMEOUT_SECONDS,
  };
}
