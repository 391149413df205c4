import { movesFunds, type FunctionEffect, type Moved } from "../chain/pausing/effect.js";
import { emphasise, type Print } from "./output.js";

/** Where lists of names are broken. */
const WIDTH = 110;

/**
 * Prints what a pause does to each function: first what still moves funds, one a line and with all that
 * is known; then what else goes on; then the rest by name.
 */
export function printFunctions(
  print: Print,
  functions: readonly FunctionEffect[],
  indent: string,
): void {
  const moving = functions.filter(movesFunds);
  const open = functions.filter((one) => one.verdict === "open" && !movesFunds(one));
  if (moving.length > 0) {
    print(`${indent}${emphasise("bad", `STILL OPEN AND MOVING FUNDS (${moving.length}):`)}`);
    for (const one of moving) {
      print(`${indent}  ${emphasise("bad", describeOpen(one))}`);
    }
  }
  const isOfficers = ({ officer }: FunctionEffect): boolean => officer;
  const fails = functions.filter(({ verdict }) => verdict === "fails");
  const groups: readonly (readonly [string, readonly FunctionEffect[]])[] = [
    ["still open for users", open.filter((one) => !isOfficers(one))],
    ["still open for officers only", open.filter(isOfficers)],
    ["blocked by the pause", functions.filter(({ verdict }) => verdict === "blocked")],
    ["failed before, refused by the pause now", fails.filter(({ guarded }) => guarded)],
    ["fails either way", fails.filter(({ guarded }) => !guarded)],
    ["not exercised", functions.filter(({ verdict }) => verdict === "not-exercised")],
  ];
  for (const [title, group] of groups.filter(([, members]) => members.length > 0)) {
    printWrapped(print, `${title} (${group.length}): `, group.map(nameIn), indent);
  }
}

/** A name; of a function without one, what it does where it goes on. */
function nameIn({ signature, selector, moved }: FunctionEffect): string {
  return signature ?? (moved === null ? selector : `${selector} (${describeMoved(moved)})`);
}

function describeOpen({ signature, selector, moved, origin }: FunctionEffect): string {
  return `${signature ?? selector}: ${moved === null ? "succeeds" : describeMoved(moved)} (${shortOrigin(origin)})`;
}

/** "2 token transfers, 1 ETH balance, 3 storage words" */
export function describeMoved({ transfers, balances, slots }: Moved): string {
  const parts = [
    ...counted(transfers, "token transfer"),
    ...counted(balances, "ETH balance"),
    ...counted(slots.length, "storage word"),
  ];
  return parts.length === 0 ? "an event only" : parts.join(", ");
}

function counted(count: number, what: string): readonly string[] {
  return count === 0 ? [] : [`${count} ${what}${count === 1 ? "" : "s"}`];
}

/** A transaction's hash is for the JSON document and the page. */
function shortOrigin(origin: string): string {
  return origin.replaceAll(/0x[0-9a-f]{64}/gi, (hash) => `${hash.slice(0, 10)}…`);
}

function printWrapped(print: Print, title: string, items: readonly string[], indent: string): void {
  let line = `${indent}${title}`;
  for (const [index, item] of items.entries()) {
    const piece = index === items.length - 1 ? item : `${item}, `;
    if (line.length + piece.trimEnd().length > WIDTH && line.trim() !== "" && index > 0) {
      print(line.trimEnd());
      line = `${indent}  `;
    }
    line += piece;
  }
  print(line);
}
