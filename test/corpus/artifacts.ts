import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { Interface, type InterfaceAbi } from "ethers";

import { isRecord } from "../../src/json.js";
import { packageFolder } from "./packages.js";

/** A compiled contract in a package; read when it is first needed. */
export interface ContractFile {
  readonly spec: string;
  readonly path: string;
  load(): Promise<Compiled>;
}

/** What compilers write, whatever tool kept it. */
export interface Compiled {
  readonly abi: Interface;
  /** Hex digits without "0x", with gaps for the libraries. */
  readonly bytecode: string;
  readonly links: readonly LibraryLink[];
}

/** Where a library's address goes. */
export interface LibraryLink {
  readonly library: string;
  /** In bytes. */
  readonly start: number;
}

/** Every file that was named, so that a test can compare them with packages.json. */
const named = new Map<string, Set<string>>();

/** Notes that a file, or a folder, of a package is needed. */
export function name(spec: string, path: string): void {
  const files = named.get(spec) ?? new Set<string>();
  named.set(spec, files.add(path));
}

/** The contracts of one package version: `from("@aave/core-v3@1.19.3")("artifacts/.../Pool.json")`. */
export function from(spec: string): (path: string, member?: string) => ContractFile {
  return (path, member) => {
    name(spec, path);
    let loaded: Promise<Compiled> | undefined;
    return {
      spec,
      path,
      async load() {
        loaded ??= read(spec, path, member);
        return await loaded;
      },
    };
  };
}

/** Per package version, the files that the protocols name. */
export function namedFiles(): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries([...named].map(([spec, files]) => [spec, [...files].sort()]));
}

async function read(spec: string, path: string, member: string | undefined): Promise<Compiled> {
  const document: unknown = JSON.parse(
    await readFile(join(await packageFolder(spec), path), "utf8"),
  );
  const artifact = member === undefined ? document : memberOf(document, member);
  const compiled = compiledIn(artifact);
  if (compiled === undefined) {
    throw new Error(`${spec}: ${path} ${member ?? ""} holds no bytecode`);
  }
  return compiled;
}

/** Synthetix keeps all contracts of a deployment in one file, under `sources`. */
function memberOf(document: unknown, member: string): unknown {
  return isRecord(document) && isRecord(document.sources) ? document.sources[member] : undefined;
}

/** Hardhat, Truffle, Foundry, Waffle and the compiler itself each have a place for it. */
export function compiledIn(artifact: unknown): Compiled | undefined {
  if (!isRecord(artifact) || !Array.isArray(artifact.abi)) {
    return undefined;
  }
  const evm = isRecord(artifact.evm) ? artifact.evm.bytecode : undefined;
  const holder = [artifact.bytecode, evm].find(
    (value) => typeof value === "string" || (isRecord(value) && typeof value.object === "string"),
  );
  const text = isRecord(holder) ? holder.object : holder;
  if (typeof text !== "string" || text.length < 4) {
    return undefined;
  }
  const bytecode = text.replace(/^0x/, "");
  const abi: InterfaceAbi = JSON.stringify(artifact.abi);
  const references = isRecord(holder) ? holder.linkReferences : artifact.linkReferences;
  return {
    abi: new Interface(abi),
    bytecode,
    links: [...linksIn(references), ...oldLinksIn(bytecode), ...namelessLinksIn(bytecode)],
  };
}

/** `{ file: { Library: [{ start, length }] } }` */
function linksIn(references: unknown): LibraryLink[] {
  return recordsIn(references).flatMap((libraries) =>
    Object.entries(libraries).flatMap(([library, places]) =>
      (Array.isArray(places) ? places : []).flatMap((place: unknown) =>
        isRecord(place) && typeof place.start === "number" ? [{ library, start: place.start }] : [],
      ),
    ),
  );
}

function recordsIn(value: unknown): Record<string, unknown>[] {
  return isRecord(value) ? Object.values(value).filter(isRecord) : [];
}

/** Truffle wrote the library's name into the code: `__Deposit_______________________________`. */
function oldLinksIn(bytecode: string): LibraryLink[] {
  return [...bytecode.matchAll(/__(?:[^_$:]*:)?([A-Za-z0-9]+)_*(?=[0-9a-f])/g)]
    .filter(({ 0: text }) => text.length === 40)
    .map(({ 1: library = "", index }) => ({ library, start: index / 2 }));
}

/** Later compilers write a hash of the name: `__$915347bd8351664a94208e28f8fe30b2d8$__`. */
function namelessLinksIn(bytecode: string): LibraryLink[] {
  return [...bytecode.matchAll(/__\$([0-9a-f]{34})\$__/g)].map(({ 1: library = "", index }) => ({
    library,
    start: index / 2,
  }));
}
