import type { FunctionFragment, Interface } from "ethers";

import { EmergencyError, messageOf } from "../../errors.js";
import { canonical, type Value } from "./value.js";
import type { CompareRow } from "./rows.js";

/** Reads contracts at one block. What it is connected to has been checked. */
export interface ChainCalls {
  readonly network: string;
  newest(): Promise<number>;
  /**
   * Calls that change nothing, at a block.
   * @returns what each answers, in hexadecimal; null where it fails.
   * @throws EmergencyError RPC_… when the node cannot be asked, or does not have the block's state.
   */
  call(
    calls: readonly { readonly to: string; readonly data: string }[],
    block: number,
  ): Promise<readonly (string | null)[]>;
}

/** A function that says what a row should say. */
export interface ChainColumn {
  /** An address, or "$column" for the address in a column of the row. */
  readonly contract: string;
  /** "balanceOf(address)"; it returns a number unless it says otherwise: "… returns (bool)". */
  readonly function: string;
  /** "$column" stands for the row's value. */
  readonly args: readonly string[];
  readonly column: string;
  /** A function that says what the column's values are together; null: none does. */
  readonly total: string | null;
}

/** So many calls make one request of some hundred kilobytes. */
export const CALLS_AT_ONCE = 500;

/** A function whose arguments come from rows. */
export interface RowFunction {
  readonly signature: string;
  /** @throws EmergencyError BAD_CONFIG when a row's values are no arguments of it. */
  call(row: CompareRow): { readonly to: string; readonly data: string };
  /** What it answered; undefined when that is not of its type. */
  decode(answer: string): Value | undefined;
}

/**
 * The function of a configuration, ready to be called.
 * @param keyNames of the rows.
 * @throws EmergencyError BAD_CONFIG
 */
export async function rowFunction(
  { contract, function: text, args }: Pick<ChainColumn, "contract" | "function" | "args">,
  keyNames: readonly string[],
): Promise<RowFunction> {
  const { Interface } = await import("ethers");
  const typed = /\breturns\b/.test(text) ? text : `${text} returns (uint256)`;
  let abi: Interface;
  let fragment: FunctionFragment | null;
  try {
    abi = new Interface([`function ${typed.replace(/\breturns\b/, "view returns")}`]);
    fragment = abi.getFunction(text.replace(/\s*returns.*$/, ""));
  } catch (error) {
    throw badFunction(text, messageOf(error));
  }
  if (fragment === null) {
    throw badFunction(text, "it is no function");
  }
  const own = fragment;
  const argument = (row: CompareRow, wanted: string): string => {
    if (!wanted.startsWith("$")) {
      return wanted;
    }
    const name = wanted.slice(1);
    const index = keyNames.indexOf(name);
    const value = index === -1 ? row.values[name] : row.key[index];
    if (value === undefined || value === null) {
      throw badFunction(text, `row ${row.key.join(", ")} has no ${name}`);
    }
    return value;
  };
  return {
    signature: own.format("sighash"),
    call(row) {
      const values = args.map((wanted) => argument(row, wanted));
      try {
        return { to: argument(row, contract), data: abi.encodeFunctionData(own, values) };
      } catch (error) {
        throw badFunction(text, `of row ${row.key.join(", ")}: ${messageOf(error)}`);
      }
    },
    decode(answer) {
      try {
        const values: readonly unknown[] = abi.decodeFunctionResult(own, answer).toArray();
        return canonical(values.length === 1 ? values[0] : values.map(String));
      } catch {
        return undefined;
      }
    },
  };
}

function badFunction(text: string, why: string): EmergencyError {
  return new EmergencyError(
    "BAD_CONFIG",
    `"${text}" cannot be compared with rows: ${why}`,
    'correct emergency.indexers.….compare.chain in hardhat.config.ts: { contract: "vault", function: "balanceOf(address)", args: ["$account"], column: "balance" }',
  );
}
