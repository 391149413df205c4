import type { FunctionFragment, Interface } from "ethers";

import { EmergencyError, asError, messageOf } from "../errors.js";
import type { Json } from "../json.js";
import type { Address } from "./address.js";
import { concat } from "./abi.js";
import { look, type Chain } from "./chain.js";
import type { ProjectArtifacts } from "./inspection/artifacts.js";
import { codeAt, hexResult, isHex, staticCall } from "./reads.js";
import { codeBehind, withReturnTypes, type TypeSources } from "./return-types.js";
import { describeFailure } from "./revert.js";

/** Who may know a function's types and errors. */
export interface CallSources extends TypeSources {
  readonly artifacts: Pick<ProjectArtifacts, "mentioning" | "errors">;
}

/** A function to read, as typed. */
export interface CallRequest {
  readonly address: Address;
  /** "paused()", "balanceOf(address)", "name() returns (string)". */
  readonly function: string;
  readonly args: readonly Json[];
  readonly from: Address | undefined;
  /** Who may know what the function returns, and what its errors mean. */
  readonly sources: CallSources;
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
 * Calls a function without a transaction.
 * @throws EmergencyError BAD_ARGUMENTS, NO_CODE, CALL_FAILED
 */
export async function callFunction(chain: Chain, request: CallRequest): Promise<CallResult> {
  const { Interface } = await import("ethers");
  const asked = parseFunction(Interface, request.function);
  const data = encode(new Interface([asked]), asked, request.args);
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
  const signature = asked.format("sighash");
  const answer = hexResult(reply);
  if (answer === undefined) {
    const { own, artifacts } = request.sources;
    const failure = reply?.ok === false ? reply.failure : { code: 0, message: "no answer" };
    throw new EmergencyError(
      "CALL_FAILED",
      `${signature} of ${request.address} fails: ${await describeFailure(failure, [...own, await artifacts.errors()])}`,
      "check the function's name and arguments; --from calls as another account",
    );
  }
  const fragment = hasReturns(request.function)
    ? asked
    : await withReturnTypes(
        asked,
        request.sources,
        async () => await codeBehind(chain, request.address),
      );
  const values =
    fragment === undefined ? undefined : decode(new Interface([fragment]), fragment, answer);
  if (values === undefined && asked.outputs.length > 0) {
    throw new EmergencyError(
      "CALL_FAILED",
      `${signature} of ${request.address} answered ${answer.slice(0, 138)}, which is not (${asked.outputs.map((o) => o.type).join(", ")})`,
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

/** The function as it was typed, with return types where they were typed too. */
function parseFunction(makeInterface: typeof Interface, typed: string): FunctionFragment {
  const text = typed.trim().replace(/^function\s+/, "");
  const withParentheses = text.includes("(") ? text : `${text}()`;
  let abi: Interface;
  try {
    abi = new makeInterface([
      `function ${withParentheses}${/\bview\b|\breturns\b/.test(text) ? "" : " view"}`,
    ]);
  } catch (error) {
    throw badFunction(typed, messageOf(error), error);
  }
  const [own] = abi.fragments;
  const fragment = own?.type === "function" ? abi.getFunction(own.format("sighash")) : null;
  if (fragment === null) {
    throw badFunction(typed, "it is not a function");
  }
  return fragment;
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
