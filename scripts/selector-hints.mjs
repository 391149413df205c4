// Writes src/chain/inspection/selector-hints.ts: the first two bytes of the selector of every signature that
// grammar.ts makes, in its order. Run it after a change of the grammar:
//
//   node scripts/run.mjs build && node scripts/selector-hints.mjs
import { Buffer } from "node:buffer";
import { writeFileSync } from "node:fs";

import { id } from "ethers";

import { grammar } from "../dist/src/chain/inspection/grammar.js";

const hints = [...grammar()].map((signature) => id(signature).slice(2, 6)).join("");
const text = Buffer.from(hints, "hex").toString("base64");

writeFileSync(
  new URL("../src/chain/inspection/selector-hints.ts", import.meta.url),
  `/**
 * Made by scripts/selector-hints.mjs: for each signature of the grammar, in its order, the first two
 * bytes of its selector, in base64. A function, so that its declaration does not hold it once more.
 */
export function selectorHints(): string {
  return "${text}";
}
`,
);
