import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";

import { isRecord } from "../../src/json.js";
import { compiledIn, name as nameFile, type Compiled, type ContractFile } from "./artifacts.js";
import { cacheFolder, packageFolder } from "./packages.js";

/** Sources that are published without what a compiler makes of them. */
export interface Sources {
  /** "solc@0.7.6": its soljson.js runs in the wrapper of the compiler that is installed. */
  readonly compiler: string;
  /** What the sources call a package, and which version that is: "name@version". */
  readonly packages: Readonly<Record<string, string>>;
  /** How often the optimizer expects code to run. */
  readonly runs: number;
}

/** The contracts that a compiler makes of sources: `compiled(sources)("@a/b/contracts/C.sol", "C")`. */
export function compiled(sources: Sources): (file: string, contract: string) => ContractFile {
  nameFile(sources.compiler, "soljson.js");
  for (const spec of Object.values(sources.packages)) {
    nameFile(spec, "contracts");
  }
  return (file, contract) => {
    let made: Promise<Compiled> | undefined;
    return {
      spec: sources.compiler,
      path: file,
      async load() {
        made ??= load(sources, file, contract);
        return await made;
      },
    };
  };
}

/** Kept beside the packages: a compiler takes longer than everything else here. */
async function load(sources: Sources, file: string, contract: string): Promise<Compiled> {
  const key = createHash("sha256")
    .update(JSON.stringify([sources, file, contract]))
    .digest("hex");
  const folder = join(cacheFolder(), "compiled");
  const kept = join(folder, `${contract}-${key.slice(0, 16)}.json`);
  if (!existsSync(kept)) {
    await mkdir(folder, { recursive: true });
    const unfinished = `${kept}.${process.pid}`;
    await writeFile(unfinished, JSON.stringify(await compile(sources, file, contract)));
    await rename(unfinished, kept);
  }
  const found = compiledIn(JSON.parse(await readFile(kept, "utf8")));
  if (found === undefined) {
    throw new Error(`${file} compiles to nothing that can be deployed`);
  }
  return found;
}

async function compile(
  { compiler, packages, runs }: Sources,
  file: string,
  contract: string,
): Promise<unknown> {
  const folders: Record<string, string> = {};
  for (const [name, spec] of Object.entries(packages)) {
    folders[name] = await packageFolder(spec);
  }
  const read = (path: string): { contents: string } | { error: string } => {
    const name = Object.keys(folders).find((prefix) => path.startsWith(`${prefix}/`));
    const folder = name === undefined ? undefined : folders[name];
    const found = join(folder ?? "", path.slice((name ?? "").length));
    return folder !== undefined && existsSync(found)
      ? { contents: readFileSync(found, "utf8") }
      : { error: `${path} is in none of ${Object.keys(folders).join(", ")}` };
  };
  const entry = read(file);
  if ("error" in entry) {
    throw new Error(entry.error);
  }
  const input = {
    language: "Solidity",
    sources: { [file]: { content: entry.contents } },
    settings: {
      optimizer: { enabled: true, runs },
      outputSelection: { [file]: { [contract]: ["abi", "evm.bytecode"] } },
    },
  };
  const solc = await compilerOf(compiler);
  const output: unknown = JSON.parse(solc.compile(JSON.stringify(input), { import: read }));
  const made = fieldAt(output, ["contracts", file, contract]);
  if (made === undefined) {
    throw new Error(`${file} does not compile: ${JSON.stringify(fieldAt(output, ["errors"]))}`);
  }
  return made;
}

interface Compiler {
  compile(input: string, callbacks: { import: (path: string) => unknown }): string;
}

async function compilerOf(spec: string): Promise<Compiler> {
  const load = createRequire(import.meta.url);
  const wrapper: unknown = load("solc/wrapper");
  if (!isWrapper(wrapper)) {
    throw new Error("solc/wrapper is not what it was");
  }
  return wrapper(load(join(await packageFolder(spec), "soljson.js")));
}

function isWrapper(value: unknown): value is (soljson: unknown) => Compiler {
  return typeof value === "function";
}

function fieldAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce((at: unknown, key) => (isRecord(at) ? at[key] : undefined), value);
}
