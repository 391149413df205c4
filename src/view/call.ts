import type { CallResult } from "../chain/call.js";
import { printDocument } from "./json.js";
import type { Print } from "./output.js";

/** Prints what a function answered. The values stand alone on standard output's first lines. */
export function printCall(
  print: Print,
  json: boolean,
  network: string,
  address: string,
  result: CallResult,
): void {
  if (json) {
    printDocument(print, { schema: "hardhat-emergency/call@1", network, address, ...result });
    return;
  }
  for (const value of result.values) {
    print(value);
  }
  const types = result.typed ? "" : "; return type not known, raw data shown";
  print(
    `(${result.signature} of ${address} on ${network}, chain id ${result.chainId}, block ${result.block}${types})`,
  );
}
