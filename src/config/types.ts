/** A contract in the configuration: its address, or the address on each network. */
export type EmergencyContractUserConfig =
  | string
  | {
      /** One address, or one a network: `{ mainnet: "0x…", sepolia: "0x…" }`. */
      readonly address: string | Readonly<Record<string, string>>;
      /** The compiled contract it runs, by name; found by its bytecode when not given. */
      readonly artifact?: string;
    };

/** `emergency` in hardhat.config.ts. Everything is optional. */
export interface EmergencyUserConfig {
  /** Contracts by the names that commands use for them. */
  readonly contracts?: Readonly<Record<string, EmergencyContractUserConfig>>;
  /** Where the outbox and the reports are kept; default ".emergency" in the project. */
  readonly directory?: string;
  /** How long to wait for a transaction to be mined, in seconds; default 180. */
  readonly minedTimeoutSeconds?: number;
}

/** A contract as resolved: an address on every network, or one a network. */
export interface EmergencyContractConfig {
  readonly address: string | Readonly<Record<string, string>>;
  readonly artifact: string | undefined;
}

/** The configuration with its defaults filled in. */
export interface EmergencyConfig {
  readonly contracts: Readonly<Record<string, EmergencyContractConfig>>;
  readonly directory: string;
  readonly minedTimeoutSeconds: number;
}
