import { readFile } from "node:fs/promises";

import type { ArtifactManager } from "hardhat/types/artifacts";

import { isRecord } from "../../json.js";
import type { Hex } from "../address.js";
import { sameRuntimeCode, withoutMetadata, type ImmutableReferences } from "./bytecode.js";

/** A compiled contract, as far as it tells what a deployed one is. */
export interface ProjectArtifact {
  /** "contracts/Marketplace.sol:Marketplace". */
  readonly fullName: string;
  readonly abi: readonly unknown[];
  readonly deployedBytecode: string;
  readonly immutableReferences: ImmutableReferences;
  readonly deployedLinkReferences: unknown;
}

/** What the project has compiled. Nothing here compiles: commands that only read must not wait for it. */
export interface ProjectArtifacts {
  /** By name, or undefined where there is none, or several. */
  named(name: string): Promise<ProjectArtifact | undefined>;
  /** Those whose runtime code is the one given: metadata, immutables and libraries aside. */
  matching(code: Hex): Promise<readonly ProjectArtifact[]>;
  /** Those that have a function, event or error of this name, in the order of their own names. */
  mentioning(name: string): Promise<readonly ProjectArtifact[]>;
  /** The errors of all of them, each once, as JSON. */
  errors(): Promise<readonly unknown[]>;
}

/** Where the artifacts' files are, as Hardhat says. */
export type ArtifactFiles = Pick<ArtifactManager, "getAllArtifactPaths" | "getArtifactPath">;

/**
 * The project's artifacts. Their files are read when they are needed, and parsed only where a look at
 * the text says that it is worth it: a project has thousands.
 */
export function projectArtifacts(manager: ArtifactFiles): ProjectArtifacts {
  return {
    async named(name) {
      const known = await manager.getArtifactPath(name).catch(() => undefined);
      return known === undefined ? undefined : parseArtifact(await readText(known));
    },
    async matching(code) {
      const lengths = await codeLengths(manager);
      const wanted = withoutMetadata(code).length;
      const near = [...lengths].filter(([, length]) => length === wanted).map(([file]) => file);
      const artifacts = await Promise.all(
        near.map(async (file) => parseArtifact(await readText(file))),
      );
      return inOrder(artifacts).filter((artifact) => sameRuntimeCode(code, artifact));
    },
    async mentioning(name) {
      const quoted = JSON.stringify(name);
      return inOrder(
        await eachFile(manager, (text) =>
          text.includes(quoted) ? parseArtifact(text) : undefined,
        ),
      );
    },
    async errors() {
      const lists = await eachFile(manager, (text) =>
        text.includes('"error"') ? (parseArtifact(text)?.abi ?? []) : [],
      );
      const found = lists.flat().filter((entry) => isRecord(entry) && entry.type === "error");
      return [...new Map(found.map((entry) => [JSON.stringify(entry), entry])).values()];
    },
  };
}

/** The length of each artifact's runtime code without metadata, by file; the build makes a new set of paths. */
const known = new WeakMap<ReadonlySet<string>, Promise<ReadonlyMap<string, number>>>();

async function codeLengths(manager: ArtifactFiles): Promise<ReadonlyMap<string, number>> {
  const paths = await manager.getAllArtifactPaths();
  const cached = known.get(paths);
  if (cached !== undefined) {
    return await cached;
  }
  const reading = eachFile(manager, (text, file) => [file, runtimeLength(text)] as const).then(
    (entries) => new Map(entries),
  );
  known.set(paths, reading);
  return await reading;
}

/** How long the runtime code in an artifact's text is, without parsing it all. */
function runtimeLength(text: string): number {
  const code = /"deployedBytecode"\s*:\s*"(0x[^"]*)"/.exec(text)?.[1] ?? "0x";
  return withoutMetadata(code).length;
}

/** How many files are open at once: some systems allow a process no more than 256. */
const MOST_OPEN = 32;

async function eachFile<T>(
  manager: ArtifactFiles,
  read: (text: string, file: string) => T,
): Promise<readonly T[]> {
  const waiting = (await manager.getAllArtifactPaths()).values();
  const results: T[] = [];
  async function work(): Promise<void> {
    // All workers take from the one iterator.
    for (const file of waiting) {
      results.push(read(await readText(file), file));
    }
  }
  await Promise.all(Array.from({ length: MOST_OPEN }, work));
  return results;
}

/** A file that a build has just removed is no artifact any more. */
async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (isRecord(error) && error.code === "ENOENT") {
      return "";
    }
    throw error;
  }
}

function inOrder(artifacts: readonly (ProjectArtifact | undefined)[]): readonly ProjectArtifact[] {
  return artifacts
    .filter((artifact) => artifact !== undefined)
    .sort((a, b) => (a.fullName < b.fullName ? -1 : 1));
}

/** @returns undefined for what is not an artifact, or is half written. */
function parseArtifact(text: string): ProjectArtifact | undefined {
  const artifact = parsed(text);
  if (
    !isRecord(artifact) ||
    typeof artifact.deployedBytecode !== "string" ||
    typeof artifact.contractName !== "string" ||
    !Array.isArray(artifact.abi)
  ) {
    return undefined;
  }
  const abi: readonly unknown[] = artifact.abi;
  return {
    fullName: `${String(artifact.sourceName)}:${artifact.contractName}`,
    abi,
    deployedBytecode: artifact.deployedBytecode,
    immutableReferences: immutables(artifact.immutableReferences),
    deployedLinkReferences: artifact.deployedLinkReferences,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Where an artifact says that its immutables are. */
export function immutables(value: unknown): ImmutableReferences {
  if (!isRecord(value)) {
    return {};
  }
  const places = Object.entries(value).map(([id, list]) => {
    const items: readonly unknown[] = Array.isArray(list) ? list : [];
    return [
      id,
      items
        .filter(isRecord)
        .map((place) => ({ start: Number(place.start), length: Number(place.length) })),
    ] as const;
  });
  return Object.fromEntries(places);
}
