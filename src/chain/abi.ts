import { EmergencyError, asError, messageOf } from "../errors.js";
import type { Json } from "../json.js";
import type { Hex } from "./address.js";
import { isHex } from "./reads.js";

/**
 * Arguments as typed on the command line: a JSON list, or values separated by commas. Whole numbers
 * that are too large for JSON are written as strings, or without the list.
 * @param source the option, for errors: "--args".
 */
export function parseArguments(text: string, source: string): readonly Json[] {
  const trimmed = text.trim();
  if (trimmed === "") {
    return [];
  }
  if (!trimmed.startsWith("[")) {
    return trimmed.split(",").map((value) => value.trim());
  }
  try {
    // Numbers beyond 2^53 would be rounded by JSON: keep their digits. Texts are matched as well, so
    // that digits inside them stay as they are.
    const exact = trimmed.replace(
      /"(?:[^"\\]|\\.)*"|(?<=[[,:\s])(-?\d{16,})(?=\s*[,\]}])/g,
      (match, digits: string | undefined) => (digits === undefined ? match : `"${digits}"`),
    );
    const value: unknown = JSON.parse(exact);
    if (isJsonList(value)) {
      return value;
    }
    throw new Error("it is not a list");
  } catch (error) {
    throw new EmergencyError(
      "BAD_ARGUMENTS",
      `${source} is not a JSON list: ${messageOf(error)}`,
      `write it like this: ${source} '["0x…", "1000", "name"]'`,
      asError(error),
    );
  }
}

function isJsonList(value: unknown): value is readonly Json[] {
  return Array.isArray(value);
}

/** Creation code with its constructor arguments. */
export async function encodeCreation(
  contract: {
    readonly contractName: string;
    readonly abi: readonly unknown[];
    readonly bytecode: Hex;
  },
  args: readonly Json[],
): Promise<Hex> {
  const { Interface } = await import("ethers");
  const abi = Interface.from(JSON.stringify(contract.abi));
  try {
    return concat(contract.bytecode, abi.encodeDeploy([...args]));
  } catch (error) {
    const wanted = abi.deploy.inputs.map((input) => input.format("full")).join(", ");
    throw new EmergencyError(
      "BAD_ARGUMENTS",
      `the constructor of ${contract.contractName} takes (${wanted}), not ${JSON.stringify(args)}`,
      `give them in this order: --args '[…]'`,
      asError(error),
    );
  }
}

/**
 * A call to one of a contract's functions, given by name or signature.
 * @throws EmergencyError BAD_ARGUMENTS
 */
export async function encodeCall(
  contract: { readonly contractName: string; readonly abi: readonly unknown[] },
  name: string,
  args: readonly Json[],
): Promise<Hex> {
  const { Interface } = await import("ethers");
  const abi = Interface.from(JSON.stringify(contract.abi));
  try {
    const fragment = abi.getFunction(name);
    if (fragment === null) {
      throw new Error(`${contract.contractName} has no function ${name}`);
    }
    return concat("0x", abi.encodeFunctionData(fragment, [...args]));
  } catch (error) {
    throw new EmergencyError(
      "BAD_ARGUMENTS",
      `${name} cannot be called with ${JSON.stringify(args)}: ${messageOf(error)}`,
      `give the function by its name or signature, and its arguments as a JSON list`,
      asError(error),
    );
  }
}

/** A call by a full signature: `encodeBySignature("upgradeTo(address)", ["0x…"])`. */
export async function encodeBySignature(signature: string, args: readonly unknown[]): Promise<Hex> {
  const { Interface } = await import("ethers");
  const abi = new Interface([`function ${signature}`]);
  return concat("0x", abi.encodeFunctionData(signature.slice(0, signature.indexOf("(")), args));
}

/** Two pieces of hex data, one after the other. */
export function concat(head: Hex, tail: string): Hex {
  const joined = `${head}${tail.replace(/^0x/, "")}`;
  if (!isHex(joined)) {
    throw new TypeError("not hex data");
  }
  return joined;
}
