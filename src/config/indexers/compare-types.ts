import type { SensitiveString } from "hardhat/types/config";

import type { Secret } from "../sensitive.js";

/** A table of an indexer: behind a GraphQL API, or in the database of a Ponder app. */
export type EmergencyRowsUserConfig =
  | {
      /** The API's URL, with a key in it perhaps: then better configVariable("…"). */
      readonly graphql: SensitiveString;
      /** Default: "ponder". */
      readonly kind?: "ponder" | "graph-node";
      /** The field that lists the rows: "accounts". */
      readonly field: string;
    }
  | {
      /** Default: that of `ponder` of the same indexer. */
      readonly database?: SensitiveString;
      /** Of the deployment. */
      readonly schema: string;
      readonly table: string;
    };

/** A function of a contract that says what rows should say. */
export interface EmergencyRowsOnChainUserConfig {
  /** By its name or address; or "$column": the address in a column. */
  readonly contract: string;
  /** "balanceOf(address)"; it returns a number unless it says otherwise: "… returns (bool)". */
  readonly function: string;
  /** "$column" stands for the row's value; default: the key. */
  readonly args?: readonly string[];
  /** Default: the first of `columns`. */
  readonly column?: string;
  /** "totalSupply()": what all values of the column are together. */
  readonly total?: string;
}

/** Rows that are compared between two indexers and with the chain. */
export interface EmergencyComparisonUserConfig {
  readonly name: string;
  /** Left out: the new one is compared with the chain only. */
  readonly old?: EmergencyRowsUserConfig;
  readonly new: EmergencyRowsUserConfig;
  /** The columns of the primary key, in its order. */
  readonly key: string | readonly string[];
  readonly columns: readonly string[];
  readonly chain?: EmergencyRowsOnChainUserConfig;
}

/** A table with its defaults filled in. */
export type EmergencyRowsConfig =
  | { readonly graphql: Secret; readonly kind: "ponder" | "graph-node"; readonly field: string }
  | { readonly database: Secret | undefined; readonly schema: string; readonly table: string };

/** A comparison with its defaults filled in. */
export interface EmergencyComparisonConfig {
  readonly name: string;
  readonly old: EmergencyRowsConfig | undefined;
  readonly new: EmergencyRowsConfig;
  readonly key: readonly string[];
  readonly columns: readonly string[];
  readonly chain:
    | {
        readonly contract: string;
        readonly function: string;
        readonly args: readonly string[];
        readonly column: string;
        readonly total: string | null;
      }
    | undefined;
}
