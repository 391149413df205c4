import { EmergencyError } from "../errors.js";
import { looksLikeAddress, parseAddress, type Address } from "./address.js";
import type { ProjectArtifacts } from "./inspection/artifacts.js";
import { NOTHING_MORE, type AddressBook, type KnownContract } from "./known-contract.js";
import { loadDeploymentRecords } from "./lazy.js";

export type { AddressBook, KnownContract };

/**
 * What `--contract` names: an address, or a name from the configuration, an Ignition deployment or
 * hardhat-deploy.
 * @param source the option, for errors: "--contract".
 * @throws EmergencyError BAD_ADDRESS, UNKNOWN_CONTRACT, AMBIGUOUS_CONTRACT
 */
export async function findContract(
  book: AddressBook,
  text: string,
  source: string,
): Promise<KnownContract> {
  const name = text.trim();
  if (looksLikeAddress(name)) {
    const address = await parseAddress(name, source);
    const configured = (await fromConfig(book)).find((known) => known.address === address);
    return configured ?? { ...NOTHING_MORE, label: address, address, source };
  }
  const known = await allContracts(book);
  const found = known.filter((contract) => answersTo(contract, name));
  const [first] = found;
  if (first === undefined) {
    throw unknownContract(book, name, known);
  }
  const addresses = new Set(found.map((contract) => contract.address));
  if (addresses.size > 1) {
    const candidates = found.map(
      ({ label, address, source: from }) => `${label} = ${address} (${from})`,
    );
    throw new EmergencyError(
      "AMBIGUOUS_CONTRACT",
      `${source}: "${name}" stands for ${addresses.size} addresses on network "${book.network}": ${candidates.join("; ")}`,
      `give the address itself: ${source} ${first.address}`,
    );
  }
  return { ...first, label: name };
}

/** Several contracts, separated by commas, each once. */
export async function findContracts(
  book: AddressBook,
  text: string,
  source: string,
): Promise<readonly KnownContract[]> {
  const names = text.split(",").filter((name) => name.trim() !== "");
  const found = await Promise.all(
    names.map(async (name) => await findContract(book, name, source)),
  );
  if (found.length === 0) {
    throw new EmergencyError(
      "BAD_ARGUMENTS",
      `${source} is empty`,
      `give an address or a name: ${source} 0x…`,
    );
  }
  return found.filter(
    ({ address }, index) => found.findIndex((other) => other.address === address) === index,
  );
}

/** Every name that is known on this network. */
async function allContracts(book: AddressBook): Promise<readonly KnownContract[]> {
  // An address needs none of it, and is what people type when seconds count.
  const { fromHardhatDeploy, fromIgnition } = await loadDeploymentRecords();
  const sources = await Promise.all([
    fromConfig(book),
    fromIgnition(book),
    fromHardhatDeploy(book),
  ]);
  return sources.flat();
}

/** What addresses are called on this network, for people. Of several names the first one. */
export async function namesOf(book: AddressBook): Promise<ReadonlyMap<Address, string>> {
  const names = new Map<Address, string>();
  for (const { address, label } of await allContracts(book)) {
    if (!names.has(address)) {
      names.set(address, label);
    }
  }
  return names;
}

/** The transaction that created a contract, where a deployment record names it. */
export async function creationTransactionOf(
  book: AddressBook,
  address: Address,
): Promise<string | undefined> {
  return (await allContracts(book)).find(
    (known) => known.address === address && known.creationTransaction !== undefined,
  )?.creationTransaction;
}

/** Every contract that the configuration names for this network. */
export async function configuredContracts(book: AddressBook): Promise<readonly KnownContract[]> {
  return await fromConfig(book);
}

/** Ignition's keys are "Module#Contract": both the whole and the part after # are names. */
function answersTo({ label }: KnownContract, name: string): boolean {
  return label === name || label.slice(label.lastIndexOf("#") + 1) === name;
}

async function fromConfig(book: AddressBook): Promise<readonly KnownContract[]> {
  const contracts: KnownContract[] = [];
  for (const [label, { address, artifact }] of Object.entries(book.config.contracts)) {
    const here = typeof address === "string" ? address : address[book.network];
    if (here !== undefined) {
      const source = "hardhat.config.ts";
      contracts.push({
        ...NOTHING_MORE,
        label,
        address: await parseAddress(here, `emergency.contracts.${label} in hardhat.config.ts`),
        source,
        artifact,
      });
    }
  }
  return contracts;
}

/**
 * The ABIs that somebody gave for this very contract: that of its deployment record, and that of the
 * compiled contract which the configuration or the record names, where it is compiled.
 */
export async function abisFor(
  artifacts: Pick<ProjectArtifacts, "named">,
  contract: KnownContract,
): Promise<readonly (readonly unknown[])[]> {
  const named =
    contract.artifact === undefined ? undefined : await artifacts.named(contract.artifact);
  return [contract.abi, named?.abi].filter((abi) => abi !== undefined);
}

function unknownContract(
  book: AddressBook,
  name: string,
  known: readonly KnownContract[],
): EmergencyError {
  const names = [...new Set(known.map(({ label }) => label))];
  return new EmergencyError(
    "UNKNOWN_CONTRACT",
    `no contract "${name}" is known on network "${book.network}"`,
    names.length > 0
      ? `give an address, or one of these names: ${names.join(", ")}`
      : `give an address, or add the name to emergency.contracts in hardhat.config.ts`,
  );
}
