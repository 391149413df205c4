import { withCommas } from "../numbers.js";
import type { Interface } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import type { Address } from "../chain/address.js";
import { encodeCreation } from "../chain/abi.js";
import { EmergencyError } from "../errors.js";
import { isHex } from "../chain/reads.js";
import type { Json } from "../json.js";
import type { NodeCall, NodeClient } from "./node-client.js";

/** How many people use the protocol. Each makes real transactions. */
export const USERS = 300;
/** Accounts of the node: the person on call, the protocol's owner, the attacker, the users. */
export const ACCOUNTS = USERS + 3;

const COIN_WEI = 10n ** 18n;
/** What the attacker puts in, and takes out again with every further transaction. */
const STAKE_WEI = 500n * COIN_WEI;

/** The example protocol, running. */
export interface Protocol {
  readonly coin: Address;
  readonly marketplace: Address;
  readonly onCall: Address;
  readonly attacker: Address;
  readonly users: readonly Address[];
  readonly coinAbi: Interface;
  /** The ABI of the first version. */
  readonly abi: Interface;
  readonly fixedAbi: Interface;
  /** The listing that the attacker cancels again and again. */
  readonly listing: bigint;
}

/** The coins of everybody, at one moment. In wei. */
export interface Balances {
  /** What the marketplace holds. */
  readonly poolWei: bigint;
  /** What is missing in it. */
  readonly shortfallWei: bigint;
  /** Escrow of each user, in the order of the users. */
  readonly escrowWei: readonly bigint[];
  /** Coins in each user's wallet. */
  readonly walletWei: readonly bigint[];
  readonly attackerWei: bigint;
}

/** The compiled contracts that the drill needs. */
export interface Compiled {
  readonly contractName: string;
  readonly abi: readonly unknown[];
  readonly bytecode: `0x${string}`;
}

/** Reads a compiled contract of the drill's project. */
export async function compiled(hre: HardhatRuntimeEnvironment, name: string): Promise<Compiled> {
  const artifact = await hre.artifacts.readArtifact(name);
  const { contractName, bytecode } = artifact;
  const abi: readonly unknown[] = artifact.abi;
  if (!isHex(bytecode)) {
    throw new EmergencyError("DRILL_FAILED", `${name} is not compiled`, "npx hardhat build");
  }
  return { contractName, abi, bytecode };
}

/** Deploys the coin and the marketplace behind their proxies and lets the users pay in. */
export async function deployProtocol(
  hre: HardhatRuntimeEnvironment,
  client: NodeClient,
): Promise<Protocol> {
  const { Interface } = await import("ethers");
  const [onCall, owner, attacker, ...users] = await client.accounts();
  if (onCall === undefined || owner === undefined || attacker === undefined) {
    throw new EmergencyError(
      "DRILL_FAILED",
      "the drill's node has too few accounts",
      "report this",
    );
  }
  const create = async (name: string, args: readonly Json[]): Promise<Address> => {
    const data = await encodeCreation(await compiled(hre, name), args);
    const [outcome] = await client.sendAll([{ from: owner, data }]);
    if (outcome?.contractAddress === undefined) {
      throw new EmergencyError("DRILL_FAILED", `${name} was not created`, "report this");
    }
    return outcome.contractAddress;
  };
  const coinAbi = Interface.from(JSON.stringify((await compiled(hre, "Coin")).abi));
  const abi = Interface.from(JSON.stringify((await compiled(hre, "Marketplace")).abi));
  const fixedAbi = Interface.from(JSON.stringify((await compiled(hre, "MarketplaceV2")).abi));

  const coin = await create("ERC1967Proxy", [
    await create("Coin", []),
    coinAbi.encodeFunctionData("initialize", [owner]),
  ]);
  // The person on call owns the ProxyAdmin and holds the pauser's role, as in a small team.
  const marketplace = await create("TransparentUpgradeableProxy", [
    await create("Marketplace", []),
    onCall,
    abi.encodeFunctionData("initialize", [coin, owner, onCall]),
  ]);

  const call = (from: Address, to: Address, data: string): NodeCall => ({ from, to, data });
  const everybody = [...users, attacker];
  await client.sendAll(
    everybody.map((user, index) =>
      call(
        owner,
        coin,
        coinAbi.encodeFunctionData("mint", [user, incomeWei(user, attacker, index)]),
      ),
    ),
  );
  await client.sendAll(
    everybody.map((user) =>
      call(user, coin, coinAbi.encodeFunctionData("approve", [marketplace, 2n ** 256n - 1n])),
    ),
  );
  await client.sendAll(
    everybody.map((user, index) =>
      call(
        user,
        marketplace,
        abi.encodeFunctionData("deposit", [escrowWei(user, attacker, index)]),
      ),
    ),
  );
  // The attacker sells something to himself, at the price of his stake.
  await client.sendAll([call(attacker, marketplace, abi.encodeFunctionData("list", [STAKE_WEI]))]);
  const listing = BigInt(String(await client.read(marketplace, abi, "listingCount"))) - 1n;
  await client.sendAll([call(attacker, marketplace, abi.encodeFunctionData("buy", [listing]))]);
  return { coin, marketplace, onCall, attacker, users, coinAbi, abi, fixedAbi, listing };
}

/** Users earn between 600 and about 1,500 coins, each a different amount. */
function incomeWei(user: Address, attacker: Address, index: number): bigint {
  return user === attacker ? STAKE_WEI : (600n + 3n * BigInt(index)) * COIN_WEI + BigInt(index);
}

/** Nine tenths of a user's coins are in escrow. */
function escrowWei(user: Address, attacker: Address, index: number): bigint {
  return user === attacker ? STAKE_WEI : (incomeWei(user, attacker, index) * 9n) / 10n;
}

/** The attack: cancelling a sale that was cancelled before pays its price once more. */
export function attackCall(protocol: Protocol): NodeCall {
  const { attacker, marketplace, abi, listing } = protocol;
  return { from: attacker, to: marketplace, data: abi.encodeFunctionData("cancel", [listing]) };
}

/** Reads the coins of everybody. */
export async function readBalances(client: NodeClient, protocol: Protocol): Promise<Balances> {
  const { coin, marketplace, users, attacker, abi, coinAbi } = protocol;
  const [escrow, wallet, pool, shortfall, attackers] = await Promise.all([
    client.readAll(
      abi,
      "escrowOf",
      users.map((user) => ({ to: marketplace, args: [user] })),
    ),
    client.readAll(
      coinAbi,
      "balanceOf",
      users.map((user) => ({ to: coin, args: [user] })),
    ),
    client.read(coin, coinAbi, "balanceOf", [marketplace]),
    client.read(marketplace, abi, "shortfallWei"),
    client.read(coin, coinAbi, "balanceOf", [attacker]),
  ]);
  return {
    poolWei: wei(pool),
    shortfallWei: wei(shortfall),
    escrowWei: escrow.map(wei),
    walletWei: wallet.map(wei),
    attackerWei: wei(attackers),
  };
}

function wei(value: unknown): bigint {
  if (typeof value !== "bigint") {
    throw new EmergencyError("DRILL_FAILED", `${String(value)} is not an amount`, "report this");
  }
  return value;
}

/** How many users have other coins than before. */
export function changedUsers(before: Balances, after: Balances): number {
  return before.escrowWei.filter(
    (escrow, index) =>
      escrow !== after.escrowWei[index] || before.walletWei[index] !== after.walletWei[index],
  ).length;
}

/** "12,500 coins". */
export function coins(amountWei: bigint): string {
  return `${withCommas(amountWei / COIN_WEI)} coins`;
}

/**
 * A whole sale between two users, for real: list, buy, settle, withdraw.
 * @returns why it did not work, or undefined when the seller's wallet holds the price.
 */
export async function trade(client: NodeClient, protocol: Protocol): Promise<string | undefined> {
  const { marketplace, abi, coin, coinAbi, users } = protocol;
  const [seller, buyer] = users;
  if (seller === undefined || buyer === undefined) {
    return "there are no users";
  }
  const price = 10n * COIN_WEI;
  const before = wei(await client.read(coin, coinAbi, "balanceOf", [seller]));
  const id = BigInt(String(await client.read(marketplace, abi, "listingCount")));
  const steps = [
    [seller, "list", price],
    [buyer, "buy", id],
    [buyer, "settle", id],
    [seller, "withdraw", price],
  ] as const;
  for (const [from, name, value] of steps) {
    const data = abi.encodeFunctionData(name, [value]);
    const outcome = await client.attempt({ from, to: marketplace, data });
    if (!outcome.ok) {
      return `${name} fails: ${outcome.refusal}`;
    }
  }
  const after = wei(await client.read(coin, coinAbi, "balanceOf", [seller]));
  return after - before === price
    ? undefined
    : `the seller got ${after - before} wei instead of ${price}`;
}
