import type { FunctionFragment, Interface } from "ethers";

import { EmergencyError, asError, messageOf } from "../errors.js";
import type { Json } from "../json.js";
import type { Address } from "./address.js";
import { concat } from "./abi.js";
import { look, type Chain } from "./chain.js";
import { codeAt, hexResult, isHex, staticCall } from "./reads.js";
import { describeFailure } from "./revert.js";

/** A function to read, as typed. */
export interface CallRequest {
  readonly address: Address;
  /** "paused()", "balanceOf(address)", "name() returns (string)". */
  readonly function: string;
  readonly args: readonly Json[];
  readonly from: Address | undefined;
  /** ABIs that may know what the function returns. */
  readonly abis: readonly (readonly unknown[])[];
}

/** What a function answered. */
export interface CallResult {
  readonly chainId: number;
  readonly block: number;
  readonly signature: string;
  /** One text a returned value; the raw data when the types are not known. */
  readonly values: readonly string[];
  readonly typed: boolean;
  readonly data: string;
}

/**
 * What everyday getters return, for contracts without an ABI. The answer must fit: it is decoded
 * strictly, and shown as raw data otherwise.
 */
const GETTERS = [
  "function paused() view returns (bool)",
  "function owner() view returns (address)",
  "function pendingOwner() view returns (address)",
  "function authority() view returns (address)",
  "function implementation() view returns (address)",
  "function name() view returns (string)",
  "function symbol() view returns (string)",
  "function version() view returns (string)",
  "function decimals() view returns (uint8)",
  "function totalSupply() view returns (uint256)",
  "function balanceOf(address) view returns (uint256)",
  "function allowance(address,address) view returns (uint256)",
  "function hasRole(bytes32,address) view returns (bool)",
  "function getRoleAdmin(bytes32) view returns (bytes32)",
];

/**
 * Calls a function without a transaction.
 * @throws EmergencyError BAD_ARGUMENTS, NO_CODE, CALL_FAILED
 */
export async function callFunction(chain: Chain, request: CallRequest): Promise<CallResult> {
  const { Interface } = await import("ethers");
  const { fragment, abi } = parseFunction(Interface, request);
  const data = encode(abi, fragment, request.args);
  const { chainId, block, replies } = await look(chain, [
    codeAt(request.address),
    staticCall(request.address, data, request.from),
  ]);
  const [code, reply] = replies;
  if (hexResult(code) === "0x") {
    throw new EmergencyError(
      "NO_CODE",
      `there is no contract at ${request.address} on network "${chain.network}" (block ${block.number})`,
      "check the address and --network",
    );
  }
  const signature = fragment.format("sighash");
  const answer = hexResult(reply);
  if (answer === undefined) {
    const failure = reply?.ok === false ? reply.failure : { code: 0, message: "no answer" };
    throw new EmergencyError(
      "CALL_FAILED",
      `${signature} of ${request.address} fails: ${await describeFailure(failure, request.abis)}`,
      "check the function's name and arguments; --from calls as another account",
    );
  }
  const values = decode(abi, fragment, answer);
  if (values === undefined && fragment.outputs.length > 0 && hasReturns(request.function)) {
    throw new EmergencyError(
      "CALL_FAILED",
      `${signature} of ${request.address} answered ${answer.slice(0, 138)}, which is not (${fragment.outputs.map((o) => o.type).join(", ")})`,
      "leave the return types out, to see the raw answer",
    );
  }
  return {
    chainId,
    block: block.number,
    signature,
    values: values ?? [answer],
    typed: values !== undefined,
    data: answer,
  };
}

function hasReturns(text: string): boolean {
  return /\breturns\b/.test(text);
}

/** The function, with return types from the text itself, an ABI, or the everyday getters. */
function parseFunction(
  makeInterface: typeof Interface,
  request: CallRequest,
): { readonly abi: Interface; readonly fragment: FunctionFragment } {
  const text = request.function.trim().replace(/^function\s+/, "");
  const withParentheses = text.includes("(") ? text : `${text}()`;
  let typed: Interface;
  try {
    typed = new makeInterface([
      `function ${withParentheses}${/\bview\b|\breturns\b/.test(text) ? "" : " view"}`,
    ]);
  } catch (error) {
    throw badFunction(request.function, messageOf(error), error);
  }
  const [own] = typed.fragments;
  const fragment = own?.type === "function" ? typed.getFunction(own.format("sighash")) : null;
  if (fragment === null) {
    throw badFunction(request.function, "it is not a function");
  }
  if (hasReturns(text)) {
    return { abi: typed, fragment };
  }
  const sources = [
    ...request.abis.map((abi) => makeInterface.from(JSON.stringify(abi))),
    new makeInterface(GETTERS),
  ];
  for (const abi of sources) {
    const known = abi.getFunction(fragment.selector);
    if (known !== null && known.outputs.length > 0) {
      return { abi, fragment: known };
    }
  }
  return { abi: typed, fragment };
}

function encode(abi: Interface, fragment: FunctionFragment, args: readonly Json[]): `0x${string}` {
  try {
    return concat("0x", abi.encodeFunctionData(fragment, [...args]));
  } catch (error) {
    throw new EmergencyError(
      "BAD_ARGUMENTS",
      `${fragment.format("sighash")} cannot be called with ${JSON.stringify(args)}: ${messageOf(error)}`,
      `give its arguments in order: --args '[…]'`,
      asError(error),
    );
  }
}

/** The values, or undefined when the answer does not encode to itself: then it means something else. */
function decode(abi: Interface, fragment: FunctionFragment, answer: string): string[] | undefined {
  if (fragment.outputs.length === 0 || !isHex(answer)) {
    return undefined;
  }
  try {
    const decoded = abi.decodeFunctionResult(fragment, answer);
    const again = abi.encodeFunctionResult(fragment, decoded);
    return again.toLowerCase() === answer.toLowerCase()
      ? [...decoded].map((value: unknown) => formatValue(value))
      : undefined;
  } catch {
    return undefined;
  }
}

function formatValue(value: unknown): string {
  return Array.isArray(value)
    ? `[${value.map((item: unknown) => formatValue(item)).join(", ")}]`
    : String(value);
}

function badFunction(text: string, why: string, cause?: unknown): EmergencyError {
  return new EmergencyError(
    "BAD_ARGUMENTS",
    `--function "${text}" is not a function signature: ${why}`,
    'write it like this: --function "balanceOf(address)" --args 0x…, or with its return types: --function "paused() returns (bool)"',
    cause === undefined ? undefined : asError(cause),
  );
}
