import { checksummed, type Address, type Hex } from "../address.js";
import { isHex } from "../reads.js";
import type { CodeAt, InspectedContract } from "./contract.js";
import { comparedSelectors, dispatched } from "./dispatcher.js";
import type { KnownAbi, KnownAbis } from "./known-abi.js";
import { mutabilityOf, type Mutability } from "./mutability.js";
import { functionsIn, guessed, type AbiParameter } from "./signatures.js";

export type { AbiParameter, Mutability };

/** A function that a call to the contract can reach. */
export interface ContractFunction {
  /** "0x8456cb59", in small letters. */
  readonly selector: Hex;
  /** "transfer(address,uint256)"; undefined where only the selector is known. */
  readonly signature: string | undefined;
  /** Its inputs where its signature is known. */
  readonly inputs: readonly AbiParameter[] | undefined;
  readonly mutability: Mutability;
  /** Who knows its name: an ABI, the lists of everyday and of stopping functions, or nobody. */
  readonly source: "abi" | "dictionary" | "bytecode";
  /** Whose code it is: the proxy, the implementation or the facet. */
  readonly at: Address;
}

/**
 * The functions that a call to the contract can reach, each selector once: what the proxy answers
 * itself hides what is behind it. Of a diamond, the loupe says which facet answers what; where it says
 * nothing, the facets' code does.
 *
 * An ABI that was matched by code is the truth about that code. Any other ABI gives names to the
 * selectors that the code has: a function that only such an ABI knows is not there.
 */
export async function functionsOf(
  contract: InspectedContract,
  abis: KnownAbis,
): Promise<readonly ContractFunction[]> {
  const loupe = contract.loupe === undefined ? undefined : await facetsIn(contract.loupe);
  const found = new Map<Hex, ContractFunction>();
  for (const part of contract.codes) {
    const isFacet = part.address !== contract.address;
    const served = isFacet ? loupe?.get(part.address) : undefined;
    for (const one of functionsAt(part, abis.get(part.address) ?? [], served)) {
      if (!found.has(one.selector)) {
        found.set(one.selector, one);
      }
    }
  }
  return [...found.values()];
}

/** @param served the selectors that a loupe says this code answers. */
function functionsAt(
  { address, code }: CodeAt,
  abis: readonly KnownAbi[],
  served: readonly Hex[] | undefined,
): readonly ContractFunction[] {
  const { program, functions, complete } = dispatched(code);
  const inCode = new Map(functions.map((one) => [one.selector, one]));
  const matched = abis.find((one) => one.matched);
  // The first ABI that knows a selector names it.
  const named = new Map(
    abis.toReversed().flatMap(({ abi }) => functionsIn(abi).map((one) => [one.selector, one])),
  );
  const selectors = served ?? [
    ...(matched === undefined ? [] : functionsIn(matched.abi).map(({ selector }) => selector)),
    ...inCode.keys(),
    ...(complete || matched !== undefined ? [] : mentioned([...named.keys()], code)),
    ...(complete || matched !== undefined ? [] : comparedSelectors(code)),
  ];
  return [...new Set(selectors)].map((selector): ContractFunction => {
    const known = named.get(selector);
    if (known !== undefined) {
      return { ...known, source: "abi", at: address };
    }
    const entry = inCode.get(selector);
    const guess = guessed(selector);
    return {
      selector,
      signature: guess?.signature,
      inputs: guess?.inputs,
      mutability: entry === undefined ? "unknown" : mutabilityOf(program, entry),
      source: guess === undefined ? "bytecode" : "dictionary",
      at: address,
    };
  });
}

/** The selectors whose bytes are somewhere in code, for dispatchers that cannot be followed to their end. */
function mentioned(selectors: readonly Hex[], code: Hex): readonly Hex[] {
  const text = code.toLowerCase();
  return selectors.filter((selector) => text.includes(selector.slice(2).replace(/^(00)+/, "")));
}

/** What a loupe's `facets()` answers, by facet; undefined when it is anything else, or nothing. */
async function facetsIn(answer: Hex): Promise<ReadonlyMap<Address, readonly Hex[]> | undefined> {
  const { AbiCoder } = await import("ethers");
  try {
    const decoded = AbiCoder.defaultAbiCoder().decode(["tuple(address,bytes4[])[]"], answer);
    const facets: unknown = decoded.toArray(true)[0];
    const entries = await Promise.all((isList(facets) ? facets : []).map(facetIn));
    const known = entries.filter((one) => one !== undefined);
    return known.length === 0 ? undefined : new Map(known);
  } catch {
    return undefined;
  }
}

async function facetIn(facet: unknown): Promise<readonly [Address, readonly Hex[]] | undefined> {
  const [address, selectors]: readonly unknown[] = isList(facet) ? facet : [];
  return isHex(address) && isList(selectors)
    ? [await checksummed(address), selectors.filter(isHex)]
    : undefined;
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}
