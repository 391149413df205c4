import { readFile, readdir } from "node:fs/promises";
import path from "node:path";

import type { ArtifactManager } from "hardhat/types/artifacts";
import { z } from "zod";

import type { EmergencyConfig } from "../config/types.js";
import { EmergencyError, asError, messageOf } from "../errors.js";
import { jsonSchema } from "../json-schema.js";
import { isRecord, type Json } from "../json.js";
import { looksLikeAddress, parseAddress, type Address } from "./address.js";
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
const NOTHING_MORE = {
  artifact: undefined,
  abi: undefined,
  constructorArgs: undefined,
  creationTransaction: undefined,
} as const;

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
  const sources = await Promise.all([
    fromConfig(book),
    fromIgnition(book),
    fromHardhatDeploy(book),
  ]);
  return sources.flat();
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

/** Ignition: `ignition/deployments/<id>/deployed_addresses.json`, for the deployments of this chain. */
async function fromIgnition(book: AddressBook): Promise<readonly KnownContract[]> {
  const root = path.join(book.ignitionDirectory, "deployments");
  const contracts: KnownContract[] = [];
  for (const id of await folders(root)) {
    const file = path.join(root, id, "deployed_addresses.json");
    const addresses = await readJson(file);
    if (
      addresses === undefined ||
      !(await isForChain(path.join(root, id), id, await book.chainId()))
    ) {
      continue;
    }
    const created = await ignitionJournal(path.join(root, id, "journal.jsonl"));
    for (const [label, address] of Object.entries(addresses)) {
      contracts.push({
        ...NOTHING_MORE,
        ...created.get(label),
        label,
        address: await addressIn(file, label, address),
        source: `Ignition deployment ${id}`,
      });
    }
  }
  return contracts;
}

/**
 * What Ignition's journal says of each contract that it created: its constructor's arguments and
 * the compiled contract. Arguments that are not plain values (bigints are) are left out.
 */
async function ignitionJournal(
  file: string,
): Promise<ReadonlyMap<string, Pick<KnownContract, "artifact" | "constructorArgs">>> {
  const created = new Map<string, Pick<KnownContract, "artifact" | "constructorArgs">>();
  for (const line of (await readText(file))?.split("\n") ?? []) {
    const message = parseLine(line);
    if (
      message?.type === "DEPLOYMENT_EXECUTION_STATE_INITIALIZE" &&
      typeof message.futureId === "string"
    ) {
      created.set(message.futureId, {
        artifact:
          textOf(message.artifactId) === message.futureId
            ? textOf(message.contractName)
            : undefined,
        constructorArgs: jsonList(message.constructorArgs),
      });
    }
  }
  return created;
}

function parseLine(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A list of plain values. Ignition writes a bigint as `{ _kind: "bigint", value: "…" }`. */
function jsonList(value: unknown): readonly Json[] | undefined {
  if (!Array.isArray(value)) {
    return undefined;
  }
  const plain = value.map((item: unknown) =>
    isRecord(item) && item._kind === "bigint" ? textOf(item.value) : item,
  );
  const parsed = z.array(jsonSchema).safeParse(plain);
  return parsed.success ? parsed.data : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/**
 * The ABIs that may describe a contract: that of its deployment record, that of the compiled
 * contract which the configuration names, then those of all compiled contracts.
 */
export async function abisFor(
  artifacts: ArtifactManager,
  contract: KnownContract,
): Promise<readonly (readonly unknown[])[]> {
  const own = contract.abi === undefined ? [] : [contract.abi];
  const named =
    contract.artifact === undefined ? [] : [(await artifacts.readArtifact(contract.artifact)).abi];
  const names = [...(await artifacts.getAllFullyQualifiedNames())];
  const all = await Promise.all(
    names.map(async (name): Promise<readonly unknown[]> => {
      const artifact: { readonly abi: readonly unknown[] } = await artifacts.readArtifact(name);
      return artifact.abi;
    }),
  );
  return [...own, ...named, ...all];
}

/** "chain-1" says it; a deployment with a name of its own says it in the first line of its journal. */
async function isForChain(folder: string, id: string, chainId: number): Promise<boolean> {
  const named = /^chain-(\d+)$/.exec(id)?.[1];
  if (named !== undefined) {
    return Number(named) === chainId;
  }
  const journal = await readText(path.join(folder, "journal.jsonl"));
  for (const line of journal?.split("\n").slice(0, 5) ?? []) {
    const match = /"chainId"\s*:\s*(\d+)/.exec(line)?.[1];
    if (match !== undefined) {
      return Number(match) === chainId;
    }
  }
  return false;
}

/** hardhat-deploy: `deployments/<network>/<Name>.json`, unless its `.chainId` names another chain. */
async function fromHardhatDeploy(book: AddressBook): Promise<readonly KnownContract[]> {
  const folder = path.join(book.projectRoot, "deployments", book.network);
  const files = (await list(folder)).filter((name) => name.endsWith(".json"));
  if (files.length === 0) {
    return [];
  }
  const chainId = (await readText(path.join(folder, ".chainId")))?.trim();
  if (chainId !== undefined && Number(chainId) !== (await book.chainId())) {
    return [];
  }
  const contracts: KnownContract[] = [];
  for (const name of files) {
    const file = path.join(folder, name);
    const deployment = await readJson(file);
    if (deployment?.address !== undefined) {
      contracts.push({
        label: name.slice(0, -".json".length),
        address: await addressIn(file, "address", deployment.address),
        source: `deployments/${book.network}/${name}`,
        artifact: undefined,
        abi: Array.isArray(deployment.abi) ? deployment.abi : undefined,
        constructorArgs: jsonList(deployment.args),
        creationTransaction: textOf(deployment.transactionHash),
      });
    }
  }
  return contracts;
}

async function addressIn(file: string, field: string, value: unknown): Promise<Address> {
  return await parseAddress(String(value), `${field} in ${file}`);
}

async function list(folder: string): Promise<string[]> {
  return await readdir(folder).catch(() => []);
}

async function folders(root: string): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

async function readText(file: string): Promise<string | undefined> {
  return await readFile(file, "utf8").catch(() => undefined);
}

/**
 * A deployment file, or undefined when there is none.
 * @throws EmergencyError UNKNOWN_CONTRACT when there is one that cannot be read: it might hold the name.
 */
async function readJson(file: string): Promise<Record<string, unknown> | undefined> {
  const text = await readText(file);
  if (text === undefined) {
    return undefined;
  }
  try {
    const value: unknown = JSON.parse(text);
    if (isRecord(value)) {
      return value;
    }
    throw new Error("it is not an object");
  } catch (error) {
    throw new EmergencyError(
      "UNKNOWN_CONTRACT",
      `${file} cannot be read: ${messageOf(error)}`,
      "mend the file, or give the contract by its address",
      asError(error),
    );
  }
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
