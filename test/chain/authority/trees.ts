import type { Address } from "../../../src/chain/address.js";
import { authorityTree, type AuthorityNode } from "../../../src/chain/authority/tree.js";
import type { TreeOptions } from "../../../src/chain/authority/tree.js";
import type { LocalNode } from "../../helpers/anvil.js";
import { nodeChain, type ReadOnlyChain } from "../../helpers/node-chain.js";

/** The tree below one address, at the latest block. */
export async function treeOf(
  on: string | ReadOnlyChain,
  address: Address,
  options: TreeOptions = {},
): Promise<AuthorityNode> {
  const chain = typeof on === "string" ? nodeChain(on) : on;
  const [reply] = await chain.rpc.batch([{ method: "eth_blockNumber", params: [] }]);
  const block = reply?.ok === true ? Number(reply.result) : NaN;
  const [node] = await authorityTree(chain, block, [{ address, via: "a test" }], options);
  if (node === undefined) {
    throw new Error("a root has a tree");
  }
  return node;
}

/** Who the members are, and what each is to the one above it. */
export function membersOf(node: AuthorityNode): [Address, string, string][] {
  return node.members.map(({ address, part, kind }) => [address, part, kind]);
}

/** The number of a node's newest block. */
export async function latest(node: LocalNode): Promise<number> {
  return Number(await node.request("eth_blockNumber"));
}
