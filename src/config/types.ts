/** A contract in the configuration: its address, or the address on each network. */
export type EmergencyContractUserConfig =
  | string
  | {
      /** One address, or one a network: `{ mainnet: "0x…", sepolia: "0x…" }`. */
      readonly address: string | Readonly<Record<string, string>>;
      /** The compiled contract it runs, by name; found by its bytecode when not given. */
      readonly artifact?: string;
      /** `inspect --all` fails when you cannot pause it now; default: false. */
      readonly mustBePausable?: boolean;
    };

/** An argument of a call: JSON, and bigints. "$contract" stands for the contract that is to stop. */
export type EmergencyArgument = string | number | bigint | boolean | readonly EmergencyArgument[];

/** A call of a custom mechanism. */
export interface EmergencyMechanismCall {
  /** With its types: "setPaused(bool)". */
  readonly signature: string;
  readonly args?: readonly EmergencyArgument[];
}

/** A way to pause that the plugin does not know by itself. */
export interface EmergencyMechanismUserConfig {
  /** The contract that it stops, by name or address; default: any whose code has the functions. */
  readonly contract?: string;
  /**
   * The contract that is called, where that is another one: its name or address, or getters that lead
   * to it from the contract that is to stop ("authority()", "bridge().rollup()").
   */
  readonly to?: string;
  readonly pause: EmergencyMechanismCall;
  /** Left out or null: it cannot be started again. */
  readonly unpause?: EmergencyMechanismCall | null;
  /** How one sees that it is stopped. */
  readonly readBack: EmergencyMechanismCall & {
    /** The contract that is asked, as in `to`; default: the contract that is to stop. */
    readonly to?: string;
    /**
     * The value that means paused; any other means running. Of several returned values a list, with
     * null for those that do not matter. What the function returns follows from it (true: bool, a
     * number: uint256) unless the signature says: "state() returns (uint8, bool)".
     */
    readonly paused: EmergencyArgument | readonly (EmergencyArgument | null)[];
  };
  /** For people; default: the call. */
  readonly title?: string;
  /** What it does not stop. */
  readonly limits?: string;
}

/** A website that talks to the contracts. */
export interface EmergencyFrontendUserConfig {
  /** The directory of its releases; a web server serves `current` in it. In the project, or absolute. */
  readonly directory: string;
  /** Where users see it: "https://app.example.org/". What is served there is read back. */
  readonly url?: string;
  /** The contracts whose addresses are in it, by name; default: all of `contracts`. */
  readonly contracts?: readonly string[];
  /** The network whose addresses are in it; default: that of `--network`. */
  readonly network?: string;
  /** Whether its name must be typed before it is changed; default: true. */
  readonly live?: boolean;
  /** How many of the last releases are kept in any case; default: 10. */
  readonly keepReleases?: number;
  /** For how many days releases, and files that open pages may ask for, are kept; default: 30. */
  readonly keepDays?: number;
}

/** `emergency` in hardhat.config.ts. Everything is optional. */
export interface EmergencyUserConfig {
  /** Contracts by the names that commands use for them. */
  readonly contracts?: Readonly<Record<string, EmergencyContractUserConfig>>;
  /** Websites that talk to the contracts, by names of your own. */
  readonly frontends?: Readonly<Record<string, EmergencyFrontendUserConfig>>;
  /** Ways to pause that the plugin does not know, by names of your own. */
  readonly mechanisms?: Readonly<Record<string, EmergencyMechanismUserConfig>>;
  /** Where the outbox and the reports are kept; default ".emergency" in the project. */
  readonly directory?: string;
  /** How long to wait for a transaction to be mined, in seconds; default 180. */
  readonly minedTimeoutSeconds?: number;
}

/** A contract as resolved: an address on every network, or one a network. */
export interface EmergencyContractConfig {
  readonly address: string | Readonly<Record<string, string>>;
  readonly artifact: string | undefined;
  readonly mustBePausable: boolean;
}

/** A website with its defaults filled in. */
export interface EmergencyFrontendConfig {
  readonly directory: string;
  readonly url: string | undefined;
  readonly contracts: readonly string[] | undefined;
  readonly network: string | undefined;
  readonly live: boolean;
  readonly keepReleases: number;
  readonly keepDays: number;
}

/** The configuration with its defaults filled in. */
export interface EmergencyConfig {
  readonly contracts: Readonly<Record<string, EmergencyContractConfig>>;
  readonly frontends: Readonly<Record<string, EmergencyFrontendConfig>>;
  readonly mechanisms: Readonly<Record<string, EmergencyMechanismUserConfig>>;
  readonly directory: string;
  readonly minedTimeoutSeconds: number;
}
