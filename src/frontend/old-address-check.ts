import { EmergencyError } from "../errors.js";
import { counted } from "../numbers.js";
import { carriedIn, type OldAddress } from "./known-addresses.js";
import type { Manifest } from "./manifest.js";
import type { SiteFiles } from "./site-files.js";
import { told } from "./told.js";
import type { Wanted } from "./wanted.js";

/**
 * Refuses a site that would talk to an address that is not in use any more.
 * @param accepted the person has said that it may.
 * @returns what the person should know.
 * @throws EmergencyError OLD_ADDRESS
 */
export function checkOldAddresses(
  old: readonly OldAddress[],
  files: SiteFiles,
  what: string,
  accepted: boolean,
): readonly string[] {
  const carried = carriedIn(old, files).map(
    ({ contract, address, files: paths }) =>
      `${what} holds ${address}, an old address of ${contract}, in ${counted(paths.length, "file")} (${told(paths)})`,
  );
  if (carried.length > 0 && !accepted) {
    throw new EmergencyError(
      "OLD_ADDRESS",
      `${carried.join("; ")}. Users would talk to the old contract. Nothing was written`,
      "choose another release or build; or add --accept-old-address, and repoint it at once with frontend repoint",
    );
  }
  return carried;
}

/** The addresses that no file that is kept may hold. */
export function unwantedIn(
  current: Manifest,
  old: readonly OldAddress[],
  wanted: Wanted,
): readonly OldAddress[] {
  const left = Object.entries(current.contracts).flatMap(([contract, { address }]) => {
    const next = wanted.contracts[contract]?.address;
    return next === undefined || next === address ? [] : [{ contract, address }];
  });
  const unwanted = [...old, ...left].filter(
    ({ contract, address }) => wanted.contracts[contract]?.address !== address,
  );
  return wanted.without === undefined
    ? unwanted
    : [...unwanted, { contract: "", address: wanted.without }];
}
