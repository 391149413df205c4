import { EmergencyError } from "../errors.js";
import { addressesInUse } from "./building/addresses.js";
import { buildWith } from "./building/built-site.js";
import type { Reference } from "./building/worktree.js";
import { contractsIn } from "./known-addresses.js";
import { atHand, type SiteState, type Wanted } from "./wanted.js";
import { checkOldAddresses } from "./old-address-check.js";
import { holdersOf } from "./repoint.js";
import type { Site } from "./site.js";

/**
 * The site of an older commit, built again with the addresses that users talk to now: built as it was
 * then, it would bring back the contracts of then.
 * @param accepted the person has said that it may talk to an old contract.
 * @throws EmergencyError OLD_ADDRESS when it would; as `buildSite` otherwise.
 */
export async function builtFromCommit(
  site: Site,
  state: SiteState,
  reference: Reference,
  accepted: boolean,
): Promise<Wanted> {
  const addresses = addressesInUse(site.contracts, state, "configured");
  const numbers = { chainId: null, startBlock: null };
  const { files, commit, built, notes } = await buildWith(
    site,
    state,
    reference,
    addresses,
    numbers,
  );
  const what = `the build of ${reference.name}`;
  const elsewhere = Object.entries(state.current?.contracts ?? {}).flatMap(
    ([contract, { address }]) => (addresses[contract] === address ? [] : [{ contract, address }]),
  );
  const old = [
    ...state.old.filter(({ contract, address }) => addresses[contract] !== address),
    ...elsewhere.filter(
      (one) =>
        !state.old.some(
          ({ contract, address }) => contract === one.contract && address === one.address,
        ),
    ),
  ];
  const carried = checkOldAddresses(old, files, what, accepted);
  // Its addresses may be older than anything that releases record.
  const lost = Object.keys(state.current?.contracts ?? {}).flatMap((contract) => {
    const address = addresses[contract];
    return address === undefined || holdersOf(address, files).length > 0
      ? []
      : [`${what} does not hold ${address}, the address of ${contract}`];
  });
  if (lost.length > 0 && !accepted) {
    throw new EmergencyError(
      "OLD_ADDRESS",
      `${lost.join("; ")}, which is in the site that is served. Users may be sent to another contract. Nothing was written`,
      "name the variable with the address under build.variables; or add --accept-old-address, and repoint it at once with frontend repoint",
    );
  }
  return {
    title: `roll ${site.name} back to ${reference.kind} ${reference.name}`,
    ...atHand(files, site),
    kept: new Map(),
    without: undefined,
    restores: null,
    repoint: null,
    contracts: contractsIn(addresses, files),
    commit,
    built,
    facts: { "commit that is built": commit },
    notes: [...notes, ...carried, ...lost],
  };
}
