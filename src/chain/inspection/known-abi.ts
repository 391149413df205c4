import { readFile } from "node:fs/promises";

import { EmergencyError, asError, messageOf } from "../../errors.js";
import { isRecord } from "../../json.js";
import type { Address } from "../address.js";
import type { KnownContract } from "../known-contract.js";
import type { ProjectArtifacts } from "./artifacts.js";
import type { InspectedContract } from "./contract.js";

/** An ABI that may describe code, and who says so. */
export interface KnownAbi {
  /** JSON ABI entries. */
  readonly abi: readonly unknown[];
  /** "artifact contracts/A.sol:A, matched by code", "deployments/mainnet/Token.json", "--abi token.json". */
  readonly source: string;
  /** Whether the code itself is what this ABI was compiled with. Otherwise somebody says so, and may be wrong. */
  readonly matched: boolean;
}

/** What is known of each code of a contract, the best first. */
export type KnownAbis = ReadonlyMap<Address, readonly KnownAbi[]>;

/** Where ABIs come from. */
export interface AbiSources {
  readonly artifacts: Pick<ProjectArtifacts, "matching" | "named">;
  /** The contract as its name was looked up: its record's ABI, and the artifact that is named for it. */
  readonly known?: Pick<KnownContract, "abi" | "artifact" | "source">;
  /** What `--abi` named, see {@link readAbiFile}. */
  readonly file?: KnownAbi;
}

/**
 * The ABIs that describe each code of a contract: that of the compiled contract with the same code,
 * then what the command line, the record and the configuration say of the contract as a whole.
 * Compiles nothing; an artifact that is named and not compiled is left out.
 */
export async function knownAbis(
  contract: InspectedContract,
  { artifacts, known, file }: AbiSources,
): Promise<KnownAbis> {
  const named = known?.artifact === undefined ? undefined : await artifacts.named(known.artifact);
  const said: readonly (KnownAbi | undefined)[] = [
    file,
    known?.abi === undefined ? undefined : { abi: known.abi, source: known.source, matched: false },
    named === undefined
      ? undefined
      : {
          abi: named.abi,
          source: `artifact ${named.fullName}, named in ${known?.source ?? "the configuration"}`,
          matched: false,
        },
  ];
  const entries = await Promise.all(
    contract.codes.map(async ({ address, code }) => {
      const matching = await artifacts.matching(code);
      const proven = matching.map(({ abi, fullName }) => ({
        abi,
        source: `artifact ${fullName}, matched by code`,
        matched: true,
      }));
      return [address, [...proven, ...said.filter((one) => one !== undefined)]] as const;
    }),
  );
  return new Map(entries);
}

/**
 * The ABI in a file: a JSON ABI, or an artifact of any tool with an `abi` in it.
 * @param path as typed, relative to the working directory.
 * @throws EmergencyError BAD_ARGUMENTS when the file cannot be read, is no JSON, or holds no ABI.
 */
export async function readAbiFile(path: string, source = "--abi"): Promise<KnownAbi> {
  const bad = (why: string, cause?: unknown): EmergencyError =>
    new EmergencyError(
      "BAD_ARGUMENTS",
      `${source} ${path}: ${why}`,
      `name a JSON file with an ABI in it: a list of functions, or an artifact with "abi"`,
      cause === undefined ? undefined : asError(cause),
    );
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw bad(`the file cannot be read (${messageOf(error)})`, error);
  });
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw bad(`it is not JSON (${messageOf(error)})`, error);
  }
  const abi: unknown = isRecord(content) ? content.abi : content;
  if (!isList(abi)) {
    throw bad(isRecord(content) ? 'it has no list "abi"' : "it is neither a list nor an object");
  }
  await checkEntries(abi, bad);
  return { abi, source: `${source} ${path}`, matched: false };
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** Every entry must be one that ethers reads: an ABI that is half understood names the wrong functions. */
async function checkEntries(
  abi: readonly unknown[],
  bad: (why: string, cause?: unknown) => EmergencyError,
): Promise<void> {
  const { Fragment } = await import("ethers");
  let functions = 0;
  for (const [index, entry] of abi.entries()) {
    if (!isRecord(entry) || typeof entry.type !== "string") {
      throw bad(`entry ${index} of its ABI is no object with a "type"`);
    }
    try {
      functions += Fragment.from(entry).type === "function" ? 1 : 0;
    } catch (error) {
      throw bad(
        `entry ${index} of its ABI (${String(entry.name)}) is damaged: ${messageOf(error)}`,
        error,
      );
    }
  }
  if (functions === 0) {
    throw bad("its ABI has no function");
  }
}
