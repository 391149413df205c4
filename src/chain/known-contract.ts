import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import type { EmergencyConfig } from "../config/types.js";
import type { Json } from "../json.js";
import type { Chain } from "./chain.js";
import type { NamedContract } from "./label.js";

/** Where names are looked up. */
export interface AddressBook {
  readonly network: string;
  readonly chainId: () => Promise<number>;
  readonly config: EmergencyConfig;
  /** The project's root folder, absolute. */
  readonly projectRoot: string;
  readonly ignitionDirectory: string;
}

/** Where a project's names are looked up. */
export function addressBook(
  { config }: Pick<HardhatRuntimeEnvironment, "config">,
  chain: Chain,
): AddressBook {
  return {
    network: chain.network,
    chainId: async () => chain.configuredChainId ?? (await chain.chainId()),
    config: config.emergency,
    projectRoot: config.paths.root,
    ignitionDirectory: `${config.paths.root}/ignition`,
  };
}

/** A contract that a name stands for, and who says so. */
export interface KnownContract extends NamedContract {
  /** "hardhat.config.ts", "Ignition deployment chain-1", "deployments/mainnet/Token.json". */
  readonly source: string;
  /** The compiled contract it runs, where the source names it. */
  readonly artifact: string | undefined;
  /** Its ABI, where the source holds it. */
  readonly abi: readonly unknown[] | undefined;
  /** Its constructor's arguments, where the source holds them. */
  readonly constructorArgs: readonly Json[] | undefined;
  /** The transaction that created it, where the source names it. */
  readonly creationTransaction: string | undefined;
}

/** What a source that only knows the address leaves open. */
export const NOTHING_MORE = {
  artifact: undefined,
  abi: undefined,
  constructorArgs: undefined,
  creationTransaction: undefined,
} as const;
