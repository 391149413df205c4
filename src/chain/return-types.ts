import type { FunctionFragment } from "ethers";

import { EmergencyError } from "../errors.js";
import { isRecord } from "../json.js";
import type { Address } from "./address.js";
import type { Chain } from "./chain.js";
import type { ProjectArtifact, ProjectArtifacts } from "./inspection/artifacts.js";
import { sameRuntimeCode } from "./inspection/bytecode.js";
import { inspectContract, type InspectedContract } from "./inspection/contract.js";

/**
 * What everyday getters return, for contracts without an ABI. The answer must fit: it is decoded
 * strictly, and shown as raw data otherwise.
 */
const GETTERS = [
  "function paused() view returns (bool)",
  "function owner() view returns (address)",
  "function pendingOwner() view returns (address)",
  "function authority() view returns (address)",
  "function implementation() view returns (address)",
  "function name() view returns (string)",
  "function symbol() view returns (string)",
  "function version() view returns (string)",
  "function decimals() view returns (uint8)",
  "function totalSupply() view returns (uint256)",
  "function balanceOf(address) view returns (uint256)",
  "function allowance(address,address) view returns (uint256)",
  "function hasRole(bytes32,address) view returns (bool)",
  "function getRoleAdmin(bytes32) view returns (bytes32)",
];

/** Who may know what a function returns. */
export interface TypeSources {
  /** ABIs that somebody gave for this very contract: its deployment record, the artifact in the configuration. */
  readonly own: readonly (readonly unknown[])[];
  readonly artifacts: Pick<ProjectArtifacts, "mentioning">;
}

/**
 * A function with its return types. One selector may answer `bool` in one contract and `uint256` in
 * another, so the sources are asked in the order of what they know about this contract: its own
 * ABI, then the compiled contract whose code runs at the address, then all compiled contracts where
 * they say the same, then the everyday getters.
 * @param wanted the function, without return types.
 * @param code looks at the contract; asked only where compiled contracts differ.
 * @returns undefined where nobody knows.
 */
export async function withReturnTypes(
  wanted: FunctionFragment,
  sources: TypeSources,
  code: () => Promise<InspectedContract | undefined>,
): Promise<FunctionFragment | undefined> {
  const { FunctionFragment: fragments } = await import("ethers");
  const inAbi = (abi: readonly unknown[]): FunctionFragment | undefined =>
    functionIn(fragments, abi, wanted);
  for (const abi of sources.own) {
    const found = inAbi(abi);
    if (found !== undefined) {
      return found;
    }
  }
  const compiled = await sources.artifacts.mentioning(wanted.name);
  return (
    agreed(compiled, inAbi) ??
    // What all agree on needs no look at the code.
    agreed(await sameCode(compiled, inAbi, code), inAbi) ??
    GETTERS.map((text) => fragments.from(text)).find(({ selector }) => selector === wanted.selector)
  );
}

/** Looks at a contract's code. A proxy that leads nowhere has no code to compare with. */
export async function codeBehind(
  chain: Chain,
  address: Address,
): Promise<InspectedContract | undefined> {
  try {
    return (await inspectContract(chain, address)).contract;
  } catch (error) {
    if (error instanceof EmergencyError && ["NO_CODE", "UNKNOWN_PROXY"].includes(error.code)) {
      return undefined;
    }
    throw error;
  }
}

type InAbi = (abi: readonly unknown[]) => FunctionFragment | undefined;

/** What all that know the function say of it, or undefined where they differ, or none knows it. */
function agreed(artifacts: readonly ProjectArtifact[], inAbi: InAbi): FunctionFragment | undefined {
  const found = artifacts.map(({ abi }) => inAbi(abi)).filter((entry) => entry !== undefined);
  const types = new Set(found.map(returned));
  return types.size === 1 ? found[0] : undefined;
}

async function sameCode(
  artifacts: readonly ProjectArtifact[],
  inAbi: InAbi,
  code: () => Promise<InspectedContract | undefined>,
): Promise<readonly ProjectArtifact[]> {
  const knowing = artifacts.filter(({ abi }) => inAbi(abi) !== undefined);
  const contract = knowing.length === 0 ? undefined : await code();
  const codes = contract?.codes.map((part) => part.code) ?? [];
  return knowing.filter((artifact) => codes.some((part) => sameRuntimeCode(part, artifact)));
}

function returned({ outputs }: FunctionFragment): string {
  return outputs.map((output) => output.format("sighash")).join(",");
}

/** A function of an ABI that returns something. An entry that is damaged is left out, the others count. */
function functionIn(
  fragments: typeof FunctionFragment,
  abi: readonly unknown[],
  wanted: FunctionFragment,
): FunctionFragment | undefined {
  for (const entry of abi) {
    if (!isRecord(entry) || entry.name !== wanted.name || entry.type !== "function") {
      continue;
    }
    try {
      const fragment = fragments.from(entry);
      if (fragment.selector === wanted.selector && fragment.outputs.length > 0) {
        return fragment;
      }
    } catch {
      continue;
    }
  }
  return undefined;
}
