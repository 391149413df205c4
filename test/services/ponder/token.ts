import { Interface } from "ethers";

import { deployer, owner, pauser, stranger } from "../../helpers/accounts.js";
import type { LocalNode } from "../../helpers/anvil.js";
import { artifact, deployUups, execute, hex } from "../../helpers/contracts.js";
import type { Address } from "../../../src/chain/address.js";

/** A token on a test's chain. */
export interface Token {
  readonly address: Address;
  /** Before the first of its events. */
  readonly startBlock: number;
}

const HOLDERS = [owner, stranger, pauser];

/** Deploys a token that nobody has any of. */
export async function deployToken(node: LocalNode): Promise<Token> {
  const { proxy } = await deployUups(node, "Coin", "initialize", [deployer.address]);
  return { address: proxy, startBlock: await blockNumber(node) };
}

/** The newest block. */
export async function blockNumber(node: LocalNode): Promise<number> {
  return Number(await node.request("eth_blockNumber"));
}

/** Makes so many coins for one of the holders, in turn. */
export async function mint(node: LocalNode, token: Token, wei: number): Promise<void> {
  const holder = HOLDERS[wei % HOLDERS.length] ?? owner;
  const signature = "mint(address,uint256)";
  await execute(node, { name: "Coin", address: token.address }, signature, [holder.address, wei]);
}

/** Moves coins from one holder to the next. */
export async function transfer(node: LocalNode, token: Token, wei: number): Promise<void> {
  const signature = "transfer(address,uint256)";
  const coin = { name: "Coin", address: token.address };
  await execute(node, coin, signature, [stranger.address, wei], owner);
}

/** Gives each holder in a new token what he has in an old one. */
export async function migrate(node: LocalNode, from: Token, to: Token): Promise<void> {
  const block = await blockNumber(node);
  for (const { address } of HOLDERS) {
    const wei = await balanceOf(node, from.address, address, block);
    const coin = { name: "Coin", address: to.address };
    await execute(node, coin, "mint(address,uint256)", [address, wei]);
  }
}

/** What the chain itself says that somebody has, after a block. */
export async function balanceOf(
  node: LocalNode,
  token: string,
  holder: string,
  block: number,
): Promise<bigint> {
  const { abi } = await artifact("Coin");
  const data = abi.encodeFunctionData("balanceOf", [holder]);
  const tag = `0x${block.toString(16)}`;
  const answer = await node.request("eth_call", { to: token, data }, tag);
  return BigInt(hex(answer));
}

/** All transfers of a token up to a block, as the chain itself says: "from to value", in their order. */
export async function transfersOf(
  node: LocalNode,
  token: string,
  toBlock: number,
): Promise<readonly string[]> {
  const events = new Interface([
    "event Transfer(address indexed from, address indexed to, uint256 value)",
  ]);
  const logs = await node.request("eth_getLogs", {
    address: token,
    fromBlock: "0x0",
    toBlock: `0x${toBlock.toString(16)}`,
    topics: [events.getEvent("Transfer")?.topicHash],
  });
  return (Array.isArray(logs) ? logs : []).map((log: { topics: string[]; data: string }) => {
    const { args } = events.parseLog(log) ?? {};
    return `${String(args?.from).toLowerCase()} ${String(args?.to).toLowerCase()} ${String(args?.value)}`;
  });
}
