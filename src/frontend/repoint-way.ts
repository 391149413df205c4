import type { EmergencyBuildConfig, EmergencyRuntimeConfig } from "../config/types.js";
import { EmergencyError } from "../errors.js";
import { precompressed } from "./precompressed.js";
import { holdersOf } from "./repoint.js";
import { contentAt } from "./runtime-config/change.js";
import type { SiteFiles } from "./site-files.js";

/**
 * How a site gets another address: it is built again, its runtime configuration is changed, or the built
 * files are.
 */
export type Way = "build" | "config" | "bundle";

/** A way, and why it is this one. */
export interface ChosenWay {
  readonly way: Way;
  readonly why: string;
}

/** What should be changed. */
export interface Change {
  readonly contract: string;
  /** Checksummed, as is `to`. */
  readonly from: string;
  readonly to: string;
  readonly chainId: number | null;
  readonly startBlock: number | null;
}

/**
 * The way that fits a site. Pure.
 * @param asked what the person wants; null: what fits.
 * @throws EmergencyError BAD_CONFIG or BAD_ARGUMENTS when the way is not configured, or cannot do all of it.
 */
export function chooseWay(
  config: {
    readonly build: EmergencyBuildConfig | undefined;
    readonly runtimeConfig: EmergencyRuntimeConfig | undefined;
  },
  files: SiteFiles,
  change: Change,
  asked: Way | null,
): ChosenWay {
  const { way, why } =
    asked === null ? fitting(config.runtimeConfig, files, change) : { way: asked, why: "as asked" };
  switch (way) {
    case "build":
      checkBuild(config.build, config.runtimeConfig, change);
      break;
    case "config":
      checkConfig(config.runtimeConfig, files, change);
      break;
    case "bundle":
      checkBundle(change, asked === null ? why : undefined);
      break;
  }
  return { way, why };
}

function fitting(
  config: EmergencyRuntimeConfig | undefined,
  files: SiteFiles,
  { contract, from, to }: Change,
): ChosenWay {
  const path = config?.contracts[contract];
  const bytes = config === undefined ? undefined : files.get(config.file);
  if (config === undefined || path === undefined) {
    return { way: "bundle", why: `no runtime configuration is configured for ${contract}` };
  }
  const { file } = config;
  if (bytes === undefined) {
    return { way: "bundle", why: `${file} is not in the site` };
  }
  const content = contentAt(file, bytes, path)?.toLowerCase();
  if (content !== from.toLowerCase() && content !== to.toLowerCase()) {
    return { way: "bundle", why: `${file} does not hold ${from} at ${path}` };
  }
  const others = holdersElsewhere(file, from, files);
  return others.length === 0
    ? { way: "config", why: `${file} holds the address at ${path}, and no other file does` }
    : { way: "bundle", why: `${others.join(", ")} hold the address besides ${file}` };
}

/** The files that hold an address, besides one and its precompressed copies. */
export function holdersElsewhere(
  file: string,
  address: string,
  files: SiteFiles,
): readonly string[] {
  return holdersOf(address, files).filter(
    (path) => path !== file && precompressed(path, files)?.original !== file,
  );
}

function checkBuild(
  build: EmergencyBuildConfig | undefined,
  runtimeConfig: EmergencyRuntimeConfig | undefined,
  { contract, chainId, startBlock }: Change,
): void {
  const places = [build, runtimeConfig];
  const inConfig = runtimeConfig?.contracts[contract];
  if (build !== undefined && build.variables[contract] === undefined && inConfig === undefined) {
    const variable = `VITE_${contract.toUpperCase().replaceAll(/\W/g, "_")}`;
    throw missing("build.variables", contract, `{ ${contract}: "${variable}" }`);
  }
  if (chainId !== null && places.every((place) => place?.chainId === undefined)) {
    throw missing("build.chainId", "the chain id", '"VITE_CHAIN_ID"');
  }
  if (startBlock !== null && places.every((place) => place?.startBlock[contract] === undefined)) {
    throw missing(
      "build.startBlock",
      `the start block of ${contract}`,
      `{ ${contract}: "VITE_START_BLOCK" }`,
    );
  }
}

function checkConfig(
  config: EmergencyRuntimeConfig | undefined,
  files: SiteFiles,
  { contract, chainId, startBlock }: Change,
): void {
  if (config?.contracts[contract] === undefined) {
    const example = `{ file: "config.json", contracts: { ${contract}: "contracts.${contract}" } }`;
    throw missing("runtimeConfig", contract, example);
  }
  if (!files.has(config.file)) {
    throw new EmergencyError(
      "CANNOT_REPOINT",
      `${config.file} is not in the site that is served. Nothing was written`,
      "correct runtimeConfig.file; or repoint the built site with --by bundle",
    );
  }
  if (chainId !== null && config.chainId === undefined) {
    throw missing("runtimeConfig.chainId", "the chain id", '"chainId"');
  }
  if (startBlock !== null && config.startBlock[contract] === undefined) {
    const example = `{ ${contract}: "startBlock" }`;
    throw missing("runtimeConfig.startBlock", `the start block of ${contract}`, example);
  }
}

function checkBundle({ chainId, startBlock }: Change, why: string | undefined): void {
  if (chainId !== null || startBlock !== null) {
    const because = why === undefined ? "" : ` (the built files it is, as ${why})`;
    throw new EmergencyError(
      "BAD_ARGUMENTS",
      `a chain id or a start block cannot be found in built files with confidence: the same number stands there for other reasons${because}. Nothing was written`,
      "leave out --chain-id and --start-block; or add --by build, or --by config, with build or runtimeConfig configured",
    );
  }
}

function missing(field: string, what: string, example: string): EmergencyError {
  return new EmergencyError(
    "BAD_CONFIG",
    `it is not configured where ${what} is: ${field}`,
    `add it to the frontend in hardhat.config.ts: ${field}: ${example}`,
  );
}
