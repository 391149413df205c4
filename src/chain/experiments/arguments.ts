import type { ParamType } from "ethers";

import type { Address, Hex } from "../address.js";
import type { ContractFunction } from "../inspection/functions.js";
import { isHex } from "../reads.js";

/** What the arguments of a made-up call are made of. */
export interface Ingredients {
  /** Stands for every address. */
  readonly address: Address;
  /** Stands for every number; cut to what the type holds. */
  readonly number: bigint;
  readonly flag: boolean;
  /** How many elements a list of free length has. */
  readonly listLength: 0 | 1;
}

/**
 * A well-formed call with made-up arguments. Where the types are not known, sixteen words of the
 * number, with the address in front: most functions decode that, because a word of zero is a valid
 * number, flag, address and empty list.
 */
export async function madeUpCall(fn: ContractFunction, ingredients: Ingredients): Promise<Hex> {
  if (fn.inputs === undefined) {
    return fromWords(fn.selector, ingredients);
  }
  const { AbiCoder, ParamType: Param } = await import("ethers");
  try {
    const types = fn.inputs.map((input) => Param.from(JSON.parse(JSON.stringify(input))));
    const encoded = AbiCoder.defaultAbiCoder().encode(
      types,
      types.map((type) => valueOf(type, ingredients)),
    );
    const data = `${fn.selector}${encoded.slice(2)}`;
    return isHex(data) ? data : fn.selector;
  } catch {
    // An ABI from a file may name types that do not exist.
    return fromWords(fn.selector, ingredients);
  }
}

const WORDS = 16;

function fromWords(selector: Hex, { address, number }: Ingredients): Hex {
  const word = number.toString(16).padStart(64, "0");
  const first = number === 0n ? word : address.slice(2).toLowerCase().padStart(64, "0");
  return `${selector}${first}${word.repeat(WORDS - 1)}`;
}

function valueOf(type: ParamType, ingredients: Ingredients): unknown {
  if (type.isArray()) {
    const length = type.arrayLength === -1 ? ingredients.listLength : type.arrayLength;
    return Array.from({ length }, () => valueOf(type.arrayChildren, ingredients));
  }
  if (type.isTuple()) {
    return type.components.map((component) => valueOf(component, ingredients));
  }
  const { baseType } = type;
  switch (baseType) {
    case "address":
      return ingredients.address;
    case "bool":
      return ingredients.flag;
    case "string":
      return "";
    case "bytes":
      return "0x";
    default:
      return numberOrBytes(baseType, ingredients.number);
  }
}

function numberOrBytes(type: string, number: bigint): unknown {
  const fixed = /^bytes(\d+)$/.exec(type)?.[1];
  if (fixed !== undefined) {
    return `0x${"00".repeat(Number(fixed))}`;
  }
  const bits = Number(/^u?int(\d+)$/.exec(type)?.[1] ?? "256");
  const largest = 2n ** BigInt(type.startsWith("u") ? bits : bits - 1) - 1n;
  return number > largest ? largest : number;
}
