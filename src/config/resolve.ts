import { resolveIndexer } from "./indexers/resolve.js";
import { plainSecrets, type SecretResolver } from "./sensitive.js";
import type {
  EmergencyConfig,
  EmergencyFrontendConfig,
  EmergencyFrontendUserConfig,
  EmergencyUserConfig,
} from "./types.js";

/** Fifteen slots of twelve seconds: longer than any honest wait for an emergency fee. */
const MINED_TIMEOUT_SECONDS = 180;

/** A month: longer than anybody looks back, and than a page stays open in a browser. */
const KEEP_DAYS = 30;

const KEEP_RELEASES = 10;

/**
 * Fills in the defaults.
 * @param secret reads what is secret, when it is needed.
 */
export function resolveEmergencyConfig(
  user: EmergencyUserConfig = {},
  secret: SecretResolver = plainSecrets,
): EmergencyConfig {
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
    ([name, frontend]) => [name, resolveFrontend(frontend)] as const,
  );
  const indexers = Object.entries(user.indexers ?? {}).map(
    ([name, indexer]) => [name, resolveIndexer(indexer, secret)] as const,
  );
  return {
    contracts: Object.fromEntries(contracts),
    frontends: Object.fromEntries(frontends),
    indexers: Object.fromEntries(indexers),
    mechanisms: user.mechanisms ?? {},
    directory: user.directory ?? ".emergency",
    minedTimeoutSeconds: user.minedTimeoutSeconds ?? MINED_TIMEOUT_SECONDS,
  };
}

function resolveFrontend(user: EmergencyFrontendUserConfig): EmergencyFrontendConfig {
  const { build, runtimeConfig, s3, cloudfront } = user;
  return {
    // The schema has seen to it that there is one of the two.
    place:
      s3 === undefined
        ? { kind: "directory", directory: user.directory ?? "" }
        : { kind: "s3", s3, cloudfront },
    build:
      build === undefined
        ? undefined
        : {
            directory: build.directory ?? ".",
            command: build.command,
            install: build.install,
            output: build.output,
            envFile: build.envFile ?? ".env.production",
            variables: build.variables,
            chainId: build.chainId,
            startBlock: build.startBlock ?? {},
          },
    runtimeConfig:
      runtimeConfig === undefined
        ? undefined
        : {
            file: runtimeConfig.file,
            contracts: runtimeConfig.contracts,
            chainId: runtimeConfig.chainId,
            startBlock: runtimeConfig.startBlock ?? {},
          },
    url: user.url,
    contracts: user.contracts,
    network: user.network,
    live: user.live ?? true,
    keepReleases: user.keepReleases ?? KEEP_RELEASES,
    keepDays: user.keepDays ?? KEEP_DAYS,
  };
}
