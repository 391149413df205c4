import type { Hex } from "../../address.js";
import { CONTRACT, call, words, type Idiom } from "./idiom.js";

/** "stopped" as bytes32. */
const WHAT = BigInt(`0x${Buffer.from("stopped", "utf8").toString("hex").padEnd(64, "0")}`);

function level(answer: Hex): boolean | "partly" | undefined {
  const [stopped] = words(answer, 1) ?? [];
  if (stopped === undefined || stopped > 3n) {
    return undefined;
  }
  return stopped === 0n ? false : stopped === 3n ? true : "partly";
}

/** Maker's Clipper: its breaker has four levels, of which 3 stops kick, redo and take. */
export const makerClipper: Idiom = {
  id: "maker-clipper",
  title: "Maker's auction breaker",
  marks: ["0x36569e77", "0xc5ce281e"],
  to: CONTRACT,
  pause: call("file(bytes32,uint256)", "0x29ae8114", [WHAT, 3n]),
  unpause: call("file(bytes32,uint256)", "0x29ae8114", [WHAT, 0n]),
  readBacks: [{ reads: [{ of: CONTRACT, call: call("stopped()", "0x75f12b21") }], decode: level }],
  limits: "it stops the auctions of this collateral, and nothing else",
};
