import { readFile, readdir } from "node:fs/promises";
import path from "node:path";

import { z } from "zod";

import { EmergencyError, asError, messageOf } from "../errors.js";
import { jsonSchema } from "../json-schema.js";
import { isRecord, type Json } from "../json.js";
import { parseAddress, type Address } from "./address.js";
import { NOTHING_MORE, type AddressBook, type KnownContract } from "./known-contract.js";

/** Ignition: `ignition/deployments/<id>/deployed_addresses.json`, for the deployments of this chain. */
export async function fromIgnition(book: AddressBook): Promise<readonly KnownContract[]> {
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
export async function fromHardhatDeploy(book: AddressBook): Promise<readonly KnownContract[]> {
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
