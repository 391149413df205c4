import type { Hex } from "../address.js";
import { grammar } from "./grammar.js";
import { selectorHints } from "./selector-hints.js";

export { speaksOfStopping, type Meaning } from "./stopping-words.js";

// At the top, so that a lookup need not be waited for. Who looks selectors up has loaded ethers anyway.
const { id } = await import("ethers");

/** Where the signatures of the grammar are, by the first two bytes of their selectors; made at the first lookup. */
let index: ReadonlyMap<number, readonly string[]> | undefined;
const answered = new Map<Hex, readonly string[]>();

/**
 * Signatures that speak of stopping and starting and have this selector, the likeliest first; none as
 * a rule. Hashing the whole grammar would take most of a second, so only those are hashed whose first
 * two bytes, which are shipped, fit.
 */
export function signaturesFor(selector: Hex): readonly string[] {
  const wanted: Hex = `0x${selector.slice(2).toLowerCase()}`;
  const known = answered.get(wanted);
  if (known !== undefined) {
    return known;
  }
  index ??= indexed();
  const near = index.get(Number(wanted.slice(0, 6))) ?? [];
  const found = near.filter((signature) => id(signature).startsWith(wanted));
  answered.set(wanted, found);
  return found;
}

function indexed(): ReadonlyMap<number, readonly string[]> {
  const hints = Buffer.from(selectorHints(), "base64");
  const byHint = new Map<number, string[]>();
  let at = 0;
  for (const signature of grammar()) {
    const hint = hints.readUInt16BE(at);
    at += 2;
    const near = byHint.get(hint);
    if (near === undefined) {
      byHint.set(hint, [signature]);
    } else {
      near.push(signature);
    }
  }
  return byHint;
}
