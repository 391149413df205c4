import type { Hex } from "./address.js";
import { isHex } from "./reads.js";
import type { RpcFailure } from "./rpc.js";

/** What a refused call said, taken apart. */
export interface Revert {
  /** `OwnableUnauthorizedAccount(address)`, or undefined for a text or an unknown error. */
  readonly error: string | undefined;
  /** The text of a `require` or `revert("…")`. */
  readonly reason: string | undefined;
  readonly args: readonly string[];
  readonly data: Hex;
}

/**
 * The custom errors that OpenZeppelin Contracts 4 and 5 use around pausing, authority and upgrades.
 * A refusal in these words says who or what is missing.
 */
const KNOWN_ERRORS = [
  "error OwnableUnauthorizedAccount(address account)",
  "error OwnableInvalidOwner(address owner)",
  "error AccessControlUnauthorizedAccount(address account, bytes32 neededRole)",
  "error AccessManagedUnauthorized(address caller)",
  "error AccessManagedRequiredDelay(address caller, uint32 delay)",
  "error EnforcedPause()",
  "error ExpectedPause()",
  "error InvalidInitialization()",
  "error NotInitializing()",
  "error ERC1967InvalidImplementation(address implementation)",
  "error ERC1967NonPayable()",
  "error UUPSUnauthorizedCallContext()",
  "error UUPSUnsupportedProxiableUUID(bytes32 slot)",
  "error ProxyDeniedAdminAccess()",
  "error FailedCall()",
  "error AddressEmptyCode(address target)",
] as const;

/**
 * Takes a refusal apart with the known errors and those of the given ABIs.
 * @param abis further ABIs whose errors may occur, as JSON.
 */
export async function parseRevert(
  failure: RpcFailure,
  abis: readonly (readonly unknown[])[] = [],
): Promise<Revert | undefined> {
  const { data } = failure;
  if (!isHex(data) || data.length < 10) {
    return undefined;
  }
  const { Interface } = await import("ethers");
  const interfaces = [
    new Interface(KNOWN_ERRORS),
    ...abis.map((abi) => Interface.from(JSON.stringify(abi))),
  ];
  for (const candidate of interfaces) {
    try {
      const parsed = candidate.parseError(data);
      if (parsed === null) {
        continue;
      }
      const args = parsed.args.map(String);
      if (parsed.signature === "Error(string)") {
        return { error: undefined, reason: args[0] ?? "", args: [], data };
      }
      return { error: parsed.signature, reason: undefined, args, data };
    } catch {
      // Same selector, other arguments: not this error.
      continue;
    }
  }
  return { error: undefined, reason: undefined, args: [], data };
}

/** A refusal in words. */
export async function describeFailure(
  failure: RpcFailure,
  abis: readonly (readonly unknown[])[] = [],
): Promise<string> {
  const revert = await parseRevert(failure, abis);
  if (revert === undefined) {
    return failure.message;
  }
  return describeRevert(revert);
}

/** A parsed refusal in words. */
export function describeRevert(revert: Revert): string {
  if (revert.reason !== undefined) {
    return `"${printable(revert.reason)}"`;
  }
  if (revert.error !== undefined) {
    const name = revert.error.slice(0, revert.error.indexOf("("));
    return `${name}(${revert.args.map(printable).join(", ")})`;
  }
  return `an error that no ABI here knows (${revert.data.slice(0, 10)})`;
}

/** A hostile contract may say more than this. */
const LONGEST_REASON = 300;

/**
 * What a contract says, as one line that a terminal shows as it is: a reason may hold line breaks, colours
 * and the words of this tool.
 */
function printable(text: string): string {
  const line = text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
  return line.length > LONGEST_REASON ? `${line.slice(0, LONGEST_REASON)}…` : line;
}
