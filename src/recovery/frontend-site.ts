import { hostname, userInfo } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";

import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { parseAddress } from "../chain/address.js";
import { networkName } from "../chain/connect.js";
import type { EmergencyFrontendConfig } from "../config/types.js";
import { EmergencyError } from "../errors.js";
import { buildOnce } from "../frontend/building/build-once.js";
import { headersOf } from "../frontend/content-headers.js";
import { processLives } from "../frontend/directory-lock.js";
import { directoryStore } from "../frontend/directory-store.js";
import { disk } from "../frontend/disk.js";
import type { ReleaseStore } from "../frontend/release-store.js";
import type { Site } from "../frontend/site.js";

/** How long a web server may serve what was before: nginx looks a link up anew each minute at most. */
const SETTLE_MS = 10_000;

/** A page asks for all that it needs at once in a few seconds, also over a bad line. */
const GRACE_MS = 5_000;

/** A configured frontend, and how it is configured. */
export interface ConfiguredSite {
  readonly site: Site;
  readonly config: EmergencyFrontendConfig;
}

/**
 * The frontend of a name; without one, the only one.
 * @param tell told what a build prints.
 * @throws EmergencyError UNKNOWN_FRONTEND, BAD_CONFIG
 */
export async function openSite(
  hre: Pick<HardhatRuntimeEnvironment, "config" | "globalOptions">,
  name: string | undefined,
  tell: (line: string) => void = () => undefined,
): Promise<ConfiguredSite> {
  const { frontends } = hre.config.emergency;
  const names = Object.keys(frontends);
  const chosen = name ?? (names.length === 1 ? names[0] : undefined);
  const config = chosen === undefined ? undefined : frontends[chosen];
  if (chosen === undefined || config === undefined) {
    const all = names.join(", ");
    throw new EmergencyError(
      "UNKNOWN_FRONTEND",
      name === undefined
        ? `there are ${names.length} frontends, and none is named`
        : `no frontend "${name}" is configured`,
      all === ""
        ? "describe it in hardhat.config.ts: emergency.frontends.web = { directory, url }"
        : `name one of these with --frontend: ${all}`,
    );
  }
  const { root } = hre.config.paths;
  const opened = await open(root, config);
  const site: Site = {
    name: chosen,
    ...opened,
    url: config.url,
    build: config.build,
    runBuild: buildOnce(config.build, { root, env: process.env, tell }),
    runtimeConfig: config.runtimeConfig,
    root,
    contracts: await addressesFor(hre, chosen, config),
    keepReleases: config.keepReleases,
    keepDays: config.keepDays,
    by: `${userInfo().username}@${hostname()}`,
    now: () => new Date(),
    graceMs: GRACE_MS,
    settleMs: SETTLE_MS,
    wait: async (milliseconds) => {
      await wait(milliseconds);
    },
  };
  return { site, config };
}

/** Where a site is, and what stands before it. */
async function open(
  root: string,
  { place, runtimeConfig }: EmergencyFrontendConfig,
): Promise<Pick<Site, "store" | "versions" | "edge" | "notes" | "headersOf">> {
  if (place.kind === "directory") {
    const store = storeIn(path.resolve(root, place.directory));
    return { store, versions: null, edge: null, notes: [], headersOf };
  }
  const { openBucketSite } = await import("../frontend/s3/open-bucket-site.js");
  return await openBucketSite(place, {
    now: () => new Date(),
    lives: processLives,
    runtimeConfig: runtimeConfig?.file,
  });
}

/** A store in a directory of this machine. */
export function storeIn(directory: string): ReleaseStore {
  return directoryStore(directory, { disk, now: () => new Date(), lives: processLives });
}

/** The addresses that should be in a site. */
async function addressesFor(
  { config, globalOptions }: Pick<HardhatRuntimeEnvironment, "config" | "globalOptions">,
  name: string,
  frontend: EmergencyFrontendConfig,
): Promise<Readonly<Record<string, string>>> {
  const { contracts } = config.emergency;
  const network = frontend.network ?? networkName({ globalOptions });
  const addresses: Record<string, string> = {};
  for (const contract of frontend.contracts ?? Object.keys(contracts)) {
    const known = contracts[contract];
    if (known === undefined) {
      throw new EmergencyError(
        "BAD_CONFIG",
        `emergency.frontends.${name}.contracts names "${contract}", which is not under emergency.contracts`,
        `add it to emergency.contracts in hardhat.config.ts`,
      );
    }
    const address = typeof known.address === "string" ? known.address : known.address[network];
    if (address !== undefined) {
      addresses[contract] = await parseAddress(address, `emergency.contracts.${contract}`);
    } else if (frontend.contracts !== undefined) {
      throw new EmergencyError(
        "BAD_CONFIG",
        `contract "${contract}" of frontend "${name}" has no address on network "${network}"`,
        `name the network whose addresses are in the site: emergency.frontends.${name}.network, or --network`,
      );
    }
  }
  return addresses;
}
