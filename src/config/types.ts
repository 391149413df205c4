import type { EmergencyIndexerConfig, EmergencyIndexerUserConfig } from "./indexers/types.js";

export type * from "./indexers/types.js";

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

/** A bucket with a website in it. Credentials come from the AWS SDK's standard chain. */
export interface EmergencyBucketUserConfig {
  readonly bucket: string;
  /** The site's keys begin with it: "app". Default: they are at the bucket's root. */
  readonly prefix?: string;
  /** Default: that of the environment or of the profile. */
  readonly region?: string;
  /** Of ~/.aws/config. */
  readonly profile?: string;
  /** The ARN of a role to assume. */
  readonly roleArn?: string;
  /** Of a store that speaks S3, instead of AWS; default: AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL. */
  readonly endpoint?: string;
  /** The bucket's name in the path instead of in the host; default: true where there is an endpoint. */
  readonly forcePathStyle?: boolean;
  /** Default: as the bucket is set up. */
  readonly encryption?: "AES256" | { readonly kmsKeyId: string };
  /** A canned ACL, for buckets that still have them: "public-read". */
  readonly acl?: string;
  /** Of every file. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Headers of files whose path matches; later ones go over earlier ones. */
  readonly headers?: readonly {
    /** "*.html", "fonts/**". */
    readonly match: string;
    readonly cacheControl?: string;
    readonly contentType?: string;
    readonly metadata?: Readonly<Record<string, string>>;
  }[];
}

/** The CloudFront distribution in front of a bucket: one way to find it, and how it is switched. */
export interface EmergencyDistributionUserConfig {
  readonly id?: string;
  readonly comment?: string;
  /** One of its alternate domain names. */
  readonly alias?: string;
  readonly tag?: { readonly key: string; readonly value: string };
  /** What says which release is served; default: found by looking at the distribution. */
  readonly pointer?: "key-value-store" | "origin-path" | "staging-distribution" | "none";
  /** The ARN of the KeyValueStore; default: the one of the viewer-request function. */
  readonly keyValueStore?: string;
  /** The key in it; default: "release". */
  readonly key?: string;
}

/** How a website is built, so that it can be built again with another address. */
export interface EmergencyBuildUserConfig {
  /** The folder in the repository where it is built; default: the project's. */
  readonly directory?: string;
  /** "npm run build". */
  readonly command: string;
  /** Run before it where the installed packages are not those of the commit; default: "npm ci". */
  readonly install?: string;
  /** The folder that the build writes, relative to `directory`. */
  readonly output: string;
  /** The file with the variables, relative to `directory`; default: ".env.production". */
  readonly envFile?: string;
  /** From the contracts' names to the variables with their addresses. */
  readonly variables: Readonly<Record<string, string>>;
  /** The variable with the chain id. */
  readonly chainId?: string;
  /** From the contracts' names to the variables with the block they were deployed in. */
  readonly startBlock?: Readonly<Record<string, string>>;
}

/** A file that the website reads its addresses from when it starts. */
export interface EmergencyRuntimeConfigUserConfig {
  /** In the built site: "config.json". */
  readonly file: string;
  /** From the contracts' names to where their addresses are: "contracts.market.address". */
  readonly contracts: Readonly<Record<string, string>>;
  /** Where the chain id is. */
  readonly chainId?: string;
  /** From the contracts' names to where the block is that they were deployed in. */
  readonly startBlock?: Readonly<Record<string, string>>;
}

/** A website that talks to the contracts: in a directory, or in a bucket. */
export interface EmergencyFrontendUserConfig {
  /** The directory of its releases; a web server serves `current` in it. In the project, or absolute. */
  readonly directory?: string;
  /** The bucket it is served from. */
  readonly s3?: EmergencyBucketUserConfig;
  /** The distribution in front of the bucket. */
  readonly cloudfront?: EmergencyDistributionUserConfig;
  readonly build?: EmergencyBuildUserConfig;
  readonly runtimeConfig?: EmergencyRuntimeConfigUserConfig;
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
  /** Indexers and APIs that follow the contracts, by names of your own. */
  readonly indexers?: Readonly<Record<string, EmergencyIndexerUserConfig>>;
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

/** Where a website's releases are. */
export type EmergencyFrontendPlace =
  | { readonly kind: "directory"; readonly directory: string }
  | {
      readonly kind: "s3";
      readonly s3: EmergencyBucketUserConfig;
      readonly cloudfront: EmergencyDistributionUserConfig | undefined;
    };

/** How a website is built, with its defaults filled in. */
export interface EmergencyBuildConfig {
  readonly directory: string;
  readonly command: string;
  readonly install: string | undefined;
  readonly output: string;
  readonly envFile: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly chainId: string | undefined;
  readonly startBlock: Readonly<Record<string, string>>;
}

/** A file with addresses, with its defaults filled in. */
export interface EmergencyRuntimeConfig {
  readonly file: string;
  readonly contracts: Readonly<Record<string, string>>;
  readonly chainId: string | undefined;
  readonly startBlock: Readonly<Record<string, string>>;
}

/** A website with its defaults filled in. */
export interface EmergencyFrontendConfig {
  readonly place: EmergencyFrontendPlace;
  readonly build: EmergencyBuildConfig | undefined;
  readonly runtimeConfig: EmergencyRuntimeConfig | undefined;
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
  readonly indexers: Readonly<Record<string, EmergencyIndexerConfig>>;
  readonly mechanisms: Readonly<Record<string, EmergencyMechanismUserConfig>>;
  readonly directory: string;
  readonly minedTimeoutSeconds: number;
}
