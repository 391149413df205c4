import type * as ethersModule from "ethers";

import type {
  EmergencyArgument,
  EmergencyMechanismCall,
  EmergencyMechanismUserConfig,
} from "../../config/types.js";
import { EmergencyError, asError, messageOf } from "../../errors.js";
import { isRecord } from "../../json.js";
import { concat } from "../abi.js";
import type { Address, Hex } from "../address.js";
import { isHex } from "../reads.js";
import { CONTRACT, type CallTemplate, type DecodeState } from "./idioms/idiom.js";

/** What of ethers is needed; it is loaded only where the configuration has mechanisms. */
export type Ethers = Pick<
  typeof ethersModule,
  "AbiCoder" | "FunctionFragment" | "Interface" | "ParamType"
>;

type AbiCoder = ethersModule.AbiCoder;
type ParamType = ethersModule.ParamType;
type FunctionFragment = ethersModule.FunctionFragment;
type Interface = ethersModule.Interface;

/** Stands for the contract that is to stop. */
const PLACEHOLDER = "$contract";
/** Put in its place to check the arguments before there is a contract. */
const ANY_ADDRESS: Address = "0x0000000000000000000000000000000000000001";

/**
 * A call of the configuration, checked: its arguments fit its types.
 * @throws EmergencyError BAD_CONFIG
 */
export function template(
  ethers: Ethers,
  { signature, args = [] }: EmergencyMechanismCall,
  path: string,
): CallTemplate {
  const { fragment, abi } = parse(ethers, signature, path);
  const canonical = fragment.format("sighash");
  const encode = (contract: Address): Hex =>
    concat(
      "0x",
      abi.encodeFunctionData(
        fragment,
        args.map((arg) => replaced(arg, contract)),
      ),
    );
  try {
    encode(ANY_ADDRESS);
    fragment.inputs.forEach((input, index) => {
      checkTruths(input, args[index]);
    });
  } catch (error) {
    throw badMechanism(`${path}.args`, `do not fit ${canonical}: ${shortReason(error)}`, error);
  }
  const { selector } = fragment;
  if (!isHex(selector)) {
    throw new TypeError("ethers gives selectors as hex");
  }
  return {
    signature: canonical,
    selector,
    fill: (values) => {
      const contract = values[CONTRACT];
      return typeof contract !== "string"
        ? undefined
        : {
            signature: canonical,
            args: args.map((arg) => textOf(replaced(arg, contract))),
            data: encode(contract),
          };
    },
  };
}

function parse(
  ethers: Ethers,
  signature: string,
  path: string,
): { fragment: FunctionFragment; abi: Interface } {
  try {
    const fragment = ethers.FunctionFragment.from(`function ${signature}`);
    return { fragment, abi: new ethers.Interface([fragment]) };
  } catch (error) {
    throw badMechanism(
      `${path}.signature`,
      `"${signature}" is no function signature: ${shortReason(error)}`,
      error,
    );
  }
}

/**
 * What an answer means: compared with the value that means paused, in the function's own types.
 * @throws EmergencyError BAD_CONFIG
 */
export function decoder(
  ethers: Ethers,
  { signature, paused }: EmergencyMechanismUserConfig["readBack"],
  path: string,
): DecodeState {
  const { fragment } = parse(ethers, signature, path);
  const types =
    fragment.outputs.length > 0
      ? fragment.outputs.map((output) => output.format("full"))
      : [typeOf(paused, path)];
  const wanted: readonly (EmergencyArgument | null)[] =
    types.length > 1 && Array.isArray(paused) ? paused.filter(isWanted) : [oneValue(paused)];
  if (wanted.length !== types.length || wanted.every((value) => value === null)) {
    throw badMechanism(
      `${path}.paused`,
      `must be ${types.length === 1 ? "one value" : `a list of ${types.length} values`}, as ${signature} returns`,
    );
  }
  const coder = ethers.AbiCoder.defaultAbiCoder();
  const expected = wanted.map((value, index) => {
    try {
      if (value === null) {
        return null;
      }
      checkTruths(ethers.ParamType.from(types[index] ?? ""), value);
      return coder.encode([types[index] ?? ""], [value]);
    } catch (error) {
      throw badMechanism(
        `${path}.paused`,
        `is no ${types[index] ?? ""}: ${shortReason(error)}`,
        error,
      );
    }
  });
  return (answer) => compare(coder, types, expected, answer);
}

function compare(
  coder: AbiCoder,
  types: readonly string[],
  expected: readonly (string | null)[],
  answer: Hex,
): boolean | undefined {
  try {
    const values: readonly unknown[] = coder.decode([...types], answer).toArray();
    // What does not encode to itself is another function's answer.
    if (coder.encode([...types], [...values]).toLowerCase() !== answer.toLowerCase()) {
      return undefined;
    }
    return expected.every(
      (value, index) =>
        value === null || value === coder.encode([types[index] ?? ""], [values[index]]),
    );
  } catch {
    return undefined;
  }
}

function typeOf(paused: unknown, path: string): string {
  if (typeof paused === "boolean") {
    return "bool";
  }
  if (typeof paused === "number" || typeof paused === "bigint") {
    return "uint256";
  }
  if (typeof paused === "string" && /^\d+$/.test(paused)) {
    return "uint256";
  }
  if (typeof paused === "string" && /^0x([0-9a-f]{40}|[0-9a-f]{64})$/i.test(paused)) {
    return paused.length === 42 ? "address" : "bytes32";
  }
  throw badMechanism(
    `${path}.signature`,
    'must say what it returns, as in "state() returns (uint8, bool)"',
  );
}

function isWanted(value: unknown): value is EmergencyArgument | null {
  return value === null || isArgument(value);
}

function isArgument(value: unknown): value is EmergencyArgument {
  return Array.isArray(value)
    ? value.every(isArgument)
    : ["string", "number", "bigint", "boolean"].includes(typeof value);
}

function oneValue(paused: unknown): EmergencyArgument | null {
  return isArgument(paused) ? paused : null;
}

/**
 * ethers takes every text for true, also "false": that would pause where it should start.
 * @throws Error when a bool is given as anything else.
 */
function checkTruths(type: ParamType, value: EmergencyArgument | undefined): void {
  if (type.baseType === "bool" && typeof value !== "boolean") {
    throw new Error(`a bool must be true or false, not ${String(value)}`);
  }
  const { arrayChildren, components } = type;
  if (value !== undefined && isList(value)) {
    value.forEach((item, index) => {
      const child = arrayChildren ?? components?.[index];
      if (child !== undefined) {
        checkTruths(child, item);
      }
    });
  }
}

function replaced(arg: EmergencyArgument, contract: Address): EmergencyArgument {
  if (isList(arg)) {
    return arg.map((item) => replaced(item, contract));
  }
  return arg === PLACEHOLDER ? contract : arg;
}

function isList(arg: EmergencyArgument): arg is readonly EmergencyArgument[] {
  return Array.isArray(arg);
}

function textOf(arg: EmergencyArgument): string {
  return isList(arg) ? `[${arg.map(textOf).join(", ")}]` : String(arg);
}

/** The first line of an error of ethers, without the dump behind it. */
function shortReason(error: unknown): string {
  return isRecord(error) && typeof error.shortMessage === "string"
    ? error.shortMessage
    : (messageOf(error).split("\n")[0] ?? "");
}

function badMechanism(path: string, why: string, cause?: unknown): EmergencyError {
  return new EmergencyError(
    "BAD_CONFIG",
    `${path} ${why}`,
    `correct it in hardhat.config.ts`,
    cause === undefined ? undefined : asError(cause),
  );
}
