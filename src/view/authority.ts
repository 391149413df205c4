import type { AuthorityNode } from "../chain/authority/node.js";
import { emphasise, type Print } from "./output.js";

/**
 * Prints trees from a power down to people: one line a node, and indented below it what is not known
 * about it and its members.
 * @param indent in front of every line, where the trees are part of something larger.
 */
export function printAuthority(print: Print, nodes: readonly AuthorityNode[], indent = ""): void {
  for (const node of nodes) {
    printNode(print, node, indent, "", "");
  }
}

/**
 * @param branch what the node hangs on: "├ " or "└ ".
 * @param trunk what stands in front of everything below it: "│ " while siblings follow.
 */
function printNode(
  print: Print,
  node: AuthorityNode,
  indent: string,
  branch: string,
  trunk: string,
): void {
  print(`${indent}${branch}${headline(node)}`);
  if (node.shownAbove) {
    return;
  }
  const below = `${indent}${trunk}`;
  const bar = node.members.length > 0 ? "│ " : "  ";
  for (const line of node.unknown) {
    print(`${below}${bar}${emphasise("warning", `not known: ${line}`)}`);
  }
  for (const [index, member] of node.members.entries()) {
    const last = index === node.members.length - 1;
    printNode(print, member, below, last ? "└ " : "├ ", last ? "  " : "│ ");
  }
}

function headline(node: AuthorityNode): string {
  const name = node.label === null ? node.address : `${node.label} (${node.address})`;
  const about = node.shownAbove ? "already shown above" : node.about;
  const waits = node.waitSeconds === 0 ? "" : `, after ${node.waitSeconds} s`;
  const known = node.shownAbove || node.known.length === 0 ? "" : ` [${node.known.join("; ")}]`;
  return `${emphasise("strong", name)}: ${about} ${emphasise("quiet", `(${node.via}${waits})${known}`)}`;
}
