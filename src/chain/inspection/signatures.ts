import type { FunctionFragment, ParamType } from "ethers";

import { isRecord } from "../../json.js";
import type { Hex } from "../address.js";
import { isHex } from "../reads.js";
import { signaturesFor } from "./dictionary.js";
import { EVERYDAY_FUNCTIONS } from "./everyday.js";
import type { Mutability } from "./mutability.js";

/** A parameter as a JSON ABI writes it. */
export interface AbiParameter {
  readonly name: string;
  /** "uint256", "tuple[]". */
  readonly type: string;
  /** Of a tuple. */
  readonly components?: readonly AbiParameter[];
  readonly internalType?: string;
}

/** A function by its name. */
export interface NamedFunction {
  readonly selector: Hex;
  readonly signature: string;
  readonly inputs: readonly AbiParameter[];
  readonly mutability: Mutability;
}

// At the top, so that a lookup need not be waited for.
const { FunctionFragment: fragments } = await import("ethers");

/** The functions of an ABI. An entry that is damaged, or that no call can name, is left out; the others count. */
export function functionsIn(abi: readonly unknown[]): readonly NamedFunction[] {
  return abi.flatMap((entry) => {
    if (!isRecord(entry) || entry.type !== "function") {
      return [];
    }
    try {
      return [named(fragments.from(entry))];
    } catch {
      return [];
    }
  });
}

let everyday: ReadonlyMap<Hex, NamedFunction> | undefined;

/** A function that no ABI knows, by its selector alone: an everyday one, or one that speaks of stopping. */
export function guessed(selector: Hex): NamedFunction | undefined {
  everyday ??= new Map(
    EVERYDAY_FUNCTIONS.map((text) => fromText(text)).map((one) => [one.selector, one]),
  );
  const [likeliest] = signaturesFor(selector);
  return everyday.get(selector) ?? (likeliest === undefined ? undefined : fromText(likeliest));
}

function fromText(signature: string): NamedFunction {
  return named(fragments.from(`function ${signature}`));
}

function named(fragment: FunctionFragment): NamedFunction {
  const { selector, stateMutability } = fragment;
  if (!isHex(selector)) {
    throw new TypeError("a selector is hex data");
  }
  return {
    selector,
    signature: fragment.format("sighash"),
    inputs: fragment.inputs.map(parameter),
    mutability: stateMutability === "pure" ? "view" : stateMutability,
  };
}

function parameter(type: ParamType): AbiParameter {
  const components = componentsOf(type);
  return {
    name: type.name,
    type: type.type,
    ...(components === null ? {} : { components: components.map(parameter) }),
  };
}

/** An ABI writes the components of "tuple[]" beside it, those of its items. */
function componentsOf({ components, arrayChildren }: ParamType): readonly ParamType[] | null {
  return arrayChildren === null ? components : componentsOf(arrayChildren);
}
