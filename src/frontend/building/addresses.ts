import { EmergencyError } from "../../errors.js";
import type { EmergencyBuildConfig } from "../../config/types.js";
import type { OldAddress } from "../known-addresses.js";
import type { Manifest } from "../manifest.js";

/**
 * The address of each contract that users should talk to: the one of the configuration and the one in the
 * site that is served, where neither is an old one.
 * @param configured from names to addresses, checksummed.
 * @param first which of the two counts where they differ.
 */
export function addressesInUse(
  configured: Readonly<Record<string, string>>,
  { current, old }: { readonly current: Manifest | null; readonly old: readonly OldAddress[] },
  first: "configured" | "served",
): Readonly<Record<string, string>> {
  const served = Object.entries(current?.contracts ?? {}).map(
    ([name, { address }]) => [name, address] as const,
  );
  const inSite = Object.fromEntries(served);
  const addresses: Record<string, string> = {};
  for (const name of new Set([...Object.keys(configured), ...Object.keys(inSite)])) {
    const pair = [configured[name], inSite[name]];
    const known = (first === "configured" ? pair : pair.reverse()).filter(
      (address) => address !== undefined,
    );
    const isOld = (address: string): boolean =>
      old.some((one) => one.contract === name && one.address === address);
    const address = known.find((one) => !isOld(one)) ?? known[0];
    if (address !== undefined) {
      addresses[name] = address;
    }
  }
  return addresses;
}

/** Numbers that a deployment has besides its addresses. */
export interface DeploymentNumbers {
  readonly chainId: number | null;
  /** Of one contract. */
  readonly startBlock: { readonly contract: string; readonly block: number } | null;
}

/**
 * The variables of a build with these addresses and numbers.
 * @throws EmergencyError BAD_CONFIG when one variable would have to be two addresses.
 */
export function variablesFor(
  config: EmergencyBuildConfig,
  addresses: Readonly<Record<string, string>>,
  { chainId, startBlock }: DeploymentNumbers,
): Readonly<Record<string, string>> {
  const variables: Record<string, string> = {};
  const put = (variable: string | undefined, value: string): void => {
    if (variable === undefined) {
      return;
    }
    const other = variables[variable];
    if (other !== undefined && other !== value) {
      throw new EmergencyError(
        "BAD_CONFIG",
        `${variable} would have to be ${other} and ${value}`,
        "give each contract a variable of its own under build.variables",
      );
    }
    variables[variable] = value;
  };
  for (const [contract, variable] of Object.entries(config.variables)) {
    const address = addresses[contract];
    if (address !== undefined) {
      put(variable, address);
    }
  }
  if (chainId !== null) {
    put(config.chainId, String(chainId));
  }
  if (startBlock !== null) {
    put(config.startBlock[startBlock.contract], String(startBlock.block));
  }
  return variables;
}
