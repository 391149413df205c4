import { once } from "../../once.js";
import type { Address } from "../address.js";
import type { AddressBook } from "../known-contract.js";
import { loadCustomMechanisms } from "../lazy.js";
import type { Idiom, Values } from "./idioms/idiom.js";

/**
 * A way to pause that the configuration describes, ready to be used: its names are looked up, and its
 * signatures and arguments are checked.
 */
export interface CustomMechanism {
  /** The only contract that it is for; undefined is any whose code has the functions. */
  readonly contract: Address | undefined;
  /** Its id is its name in the configuration, behind "custom:". */
  readonly idiom: Idiom;
  /** The addresses that the configuration gives, by the names that the idiom uses for them. */
  readonly known: Values;
}

/** Where the mechanisms of the configuration come from. */
export interface CustomSource {
  /** Whether the configuration has any: looking at them takes time. */
  readonly any: boolean;
  readonly load: () => Promise<readonly CustomMechanism[]>;
}

/** The mechanisms of a project's configuration; read when they are asked for. */
export function customSource(book: AddressBook): CustomSource {
  return {
    any: Object.keys(book.config.mechanisms).length > 0,
    load: once(async () => {
      const { loadCustom } = await loadCustomMechanisms();
      return await loadCustom(book);
    }),
  };
}
