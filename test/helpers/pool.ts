import type { Interface } from "ethers";

import type { Address, Hex } from "../../src/chain/address.js";
import { isRecord } from "../../src/json.js";
import type { ContractFunction } from "../../src/chain/inspection/functions.js";
import { deployer, owner, pauser, stranger, type TestAccount } from "./accounts.js";
import { until, type LocalNode } from "./anvil.js";
import { artifact, deploy, deployUups, execute, hex } from "./contracts.js";

/** A pool without events of its own, its coin, and what users call instead of it. */
export interface PoolContracts {
  readonly coin: Address;
  readonly pool: Address;
  readonly router: Address;
}

/** Users of the pool: they have coins, and both the pool and the router may take them. */
export const users: readonly TestAccount[] = [owner, pauser, stranger];

export async function createPool(node: LocalNode): Promise<PoolContracts> {
  const { proxy: coin } = await deployUups(node, "Coin", "initialize", [deployer.address]);
  const pool = await deploy(node, "Pool", [coin]);
  const router = await deploy(node, "PoolRouter");
  const coinContract = { name: "Coin", address: coin };
  for (const user of users) {
    await execute(node, coinContract, "mint", [user.address, 1_000n]);
    await execute(node, coinContract, "approve", [pool, 1_000n], user);
    await execute(node, coinContract, "approve", [router, 1_000n], user);
  }
  return { coin, pool, router };
}

/** Makes a transaction and gives its hash, whether it succeeds or not. */
export async function made(
  node: LocalNode,
  contract: { readonly name: string; readonly address: Address },
  signature: string,
  args: readonly unknown[],
  from: TestAccount,
): Promise<Hex> {
  const { abi } = await artifact(contract.name);
  const data = abi.encodeFunctionData(signature, [...args]);
  // With the gas given, a node takes a transaction that is going to fail.
  const hash = hex(
    await node
      .request("eth_sendTransaction", {
        from: from.address,
        to: contract.address,
        data,
        gas: "0x100000",
      })
      // Hardhat's node mines it too, and then says how it failed instead of its hash.
      .catch(async () => await newestHash(node, data)),
  );
  await until("it is mined", async () =>
    isRecord(await node.request("eth_getTransactionReceipt", hash)),
  );
  return hash;
}

async function newestHash(node: LocalNode, data: string): Promise<unknown> {
  const block = await node.request("eth_getBlockByNumber", "latest", true);
  const list: unknown = isRecord(block) ? block.transactions : [];
  const mined = (Array.isArray(list) ? list : []).filter(isRecord);
  return mined.find(({ input }) => input === data)?.hash;
}

/** The functions of a compiled contract, as inspection gives them. */
export async function functionsIn(name: string, at: Address): Promise<readonly ContractFunction[]> {
  const { abi } = await artifact(name);
  return functionsOfInterface(abi, at);
}

function functionsOfInterface(abi: Interface, at: Address): readonly ContractFunction[] {
  const functions: ContractFunction[] = [];
  abi.forEachFunction((fn) => {
    const { selector, stateMutability } = fn;
    functions.push({
      selector: hex(selector),
      signature: fn.format(),
      inputs: undefined,
      mutability:
        stateMutability === "payable" || stateMutability === "nonpayable"
          ? stateMutability
          : "view",
      source: "abi",
      at,
    });
  });
  return functions;
}
