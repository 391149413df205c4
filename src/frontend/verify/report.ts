import type { AddressUse } from "./browser/rpc-log.js";
import type { Visit } from "./browser/visit.js";
import type { CacheHeaders, FileKind } from "./caching.js";
import type { UnwantedAddress } from "./judge-addresses.js";

/** What can be wrong with what users are served. Scripts may rely on these words. */
export type ProblemKind =
  | "page-not-served"
  | "file-missing"
  | "file-differs"
  | "old-address-served"
  | "old-address-used"
  | "address-not-in-use"
  | "cached-too-long"
  | "stale-cache"
  | "stale-service-worker"
  | "browser-failed"
  | "console-error"
  | "page-error"
  | "request-failed"
  | "csp-violation"
  | "wrong-chain"
  | "no-code"
  | "unexpected-code";

/** Something that is not as it should be. */
export interface Problem {
  readonly kind: ProblemKind;
  /** For people, in one line. */
  readonly what: string;
}

/** How far an address is in use, the strongest sign first. */
export type InUse =
  /** The page calls it, or asks about it. */
  | "called"
  /** The page names it in something that it asks. */
  | "named"
  /** It is in a file that is served. */
  | "served"
  | "nowhere"
  /** Nothing was seen of it, and not everything could be looked at. */
  | "not-known";

/** A contract that the site should talk to. */
export interface ContractReport {
  readonly name: string;
  readonly address: string;
  readonly inUse: InUse;
  readonly files: readonly FileWithAddress[];
  readonly uses: readonly AddressUse[];
  readonly code: CodeReport | null;
}

/** An address that should be nowhere any more. */
export interface OldAddressReport extends UnwantedAddress {
  readonly files: readonly FileWithAddress[];
  readonly uses: readonly AddressUse[];
}

/** Where an address stands. */
export interface FileWithAddress {
  readonly path: string;
  /** How often, written as an address. */
  readonly plain: number;
  /** In other forms: "in base64". */
  readonly otherwise: readonly string[];
}

/** A file, for the report. */
export interface FileReport {
  /** As it may be shown. */
  readonly path: string;
  readonly kind: FileKind;
  readonly status: number;
  readonly contentType: string | null;
  readonly caching: CacheHeaders;
  /** Each content that came, with who got it. */
  readonly contents: readonly {
    readonly sha256: string;
    readonly size: number;
    readonly to: readonly string[];
  }[];
}

/** What the code at a contract's address is. */
export interface CodeReport {
  readonly contract: string;
  readonly address: string;
  /**
   * - `expected`: it is what the project has compiled
   * - `unexpected`: it is not what the configuration says
   * - `missing`: there is none
   * - `not-compared`: there is code, and nothing to compare it with
   * - `not-known`: it could not be looked at, or compared
   */
  readonly verdict: "expected" | "unexpected" | "missing" | "not-compared" | "not-known";
  /** For people. */
  readonly what: string;
  /** keccak256 of the code at the address; null where there is none. */
  readonly codeHash: string | null;
  /** Of a proxy: where its functions are. */
  readonly implementation: string | null;
  readonly implementationCodeHash: string | null;
}

/** Everything that was found out, and what follows from it. */
export interface FrontendVerification {
  /** Null when only a URL was given. */
  readonly frontend: string | null;
  readonly url: string;
  /** Where the URL led to, when elsewhere. */
  readonly redirectedTo: string | null;
  /** The release that was compared with; null where none is known. */
  readonly release: {
    readonly id: string;
    readonly same: number;
    readonly otherwise: number;
    readonly missing: number;
    readonly leftOver: number;
  } | null;
  readonly verdict: "verified" | "not-verified" | "cannot-tell";
  readonly problems: readonly Problem[];
  /** What could not be looked at. */
  readonly unknown: readonly string[];
  readonly notes: readonly string[];
  readonly contracts: readonly ContractReport[];
  readonly old: readonly OldAddressReport[];
  readonly files: readonly FileReport[];
  /** The browser; null when there was none. */
  readonly browser: { readonly executable: string; readonly version: string } | null;
  readonly visits: readonly Visit[];
  /** The chain that the contracts are on; null when it was not looked at. */
  readonly chain: { readonly network: string; readonly chainId: number } | null;
  readonly durationMs: number;
}
