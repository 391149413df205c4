import { join } from "node:path";

import { Interface, getCreateAddress, type InterfaceAbi } from "ethers";
import { createHardhatRuntimeEnvironment } from "hardhat/hre";

import { checksummed, type Address, type Hex } from "../../src/chain/address.js";
import { isHex } from "../../src/chain/reads.js";
import { isRecord } from "../../src/json.js";
import { deployer, type TestAccount } from "./accounts.js";
import { until, type LocalNode } from "./anvil.js";
import { repository } from "./repository.js";

/** A compiled contract of this repository. */
export interface TestArtifact {
  readonly abi: Interface;
  readonly bytecode: Hex;
  readonly deployedBytecode: Hex;
}

const artifacts = createHardhatRuntimeEnvironment(
  { paths: { artifacts: join(repository, "artifacts") } },
  {},
  repository,
).then((hre) => hre.artifacts);

/** A compiled contract by its name. The tests run after the build, so it is there. */
export async function artifact(name: string): Promise<TestArtifact> {
  const { abi, bytecode, deployedBytecode } = await (await artifacts).readArtifact(name);
  const parsed: InterfaceAbi = JSON.stringify(abi);
  return {
    abi: new Interface(parsed),
    bytecode: hex(bytecode),
    deployedBytecode: hex(deployedBytecode),
  };
}

/** Creates a contract, from an account that the node holds the key of. */
export async function deploy(
  node: LocalNode,
  name: string,
  args: readonly unknown[] = [],
  from: TestAccount = deployer,
): Promise<Address> {
  const { abi, bytecode } = await artifact(name);
  const data = bytecode + abi.encodeDeploy([...args]).slice(2);
  return (await transact(node, { from: from.address, data })).contractAddress;
}

/** Calls a function in a transaction, from an account that the node holds the key of. */
export async function execute(
  node: LocalNode,
  contract: { readonly name: string; readonly address: Address },
  signature: string,
  args: readonly unknown[] = [],
  from: TestAccount = deployer,
): Promise<void> {
  const { abi } = await artifact(contract.name);
  const data = abi.encodeFunctionData(signature, args);
  await transact(node, { from: from.address, to: contract.address, data });
}

/** What a function answers now, as ethers decodes it. */
export async function read(
  node: LocalNode,
  contract: { readonly name: string; readonly address: Address },
  signature: string,
  args: readonly unknown[] = [],
): Promise<unknown> {
  const { abi } = await artifact(contract.name);
  const data = abi.encodeFunctionData(signature, args);
  const answer = await node.request("eth_call", { to: contract.address, data }, "latest");
  const values: readonly unknown[] = abi.decodeFunctionResult(signature, hex(answer)).toArray();
  return values[0];
}

/** `paused()` of whatever has it. */
export async function isPaused(node: LocalNode, address: Address): Promise<boolean> {
  return (await read(node, { name: "OwnablePausable", address }, "paused()")) === true;
}

/** A contract behind OpenZeppelin's transparent proxy. The proxy makes a ProxyAdmin of its own. */
export async function deployTransparent(
  node: LocalNode,
  name: string,
  initialiser: string,
  args: readonly unknown[],
  proxyOwner: TestAccount,
): Promise<{ readonly proxy: Address; readonly implementation: Address }> {
  const implementation = await deploy(node, name);
  const { abi } = await artifact(name);
  const data = abi.encodeFunctionData(initialiser, args);
  const proxy = await deploy(node, "TransparentUpgradeableProxy", [
    implementation,
    proxyOwner.address,
    data,
  ]);
  return { proxy, implementation };
}

/** A UUPS contract behind a plain ERC-1967 proxy. */
export async function deployUups(
  node: LocalNode,
  name: string,
  initialiser: string,
  args: readonly unknown[],
): Promise<{ readonly proxy: Address; readonly implementation: Address }> {
  const implementation = await deploy(node, name);
  const { abi } = await artifact(name);
  const proxy = await deploy(node, "ERC1967Proxy", [
    implementation,
    abi.encodeFunctionData(initialiser, args),
  ]);
  return { proxy, implementation };
}

/** The address that the next contract of an account gets. */
export async function nextAddress(node: LocalNode, from: TestAccount): Promise<Address> {
  const nonce = Number(await node.request("eth_getTransactionCount", from.address, "latest"));
  return await checksummed(getCreateAddress({ from: from.address, nonce }));
}

interface Mined {
  /** Where a creation put its contract; the zero address for a call. */
  readonly contractAddress: Address;
}

async function transact(
  node: LocalNode,
  transaction: Readonly<Record<string, string>>,
): Promise<Mined> {
  const hash = await node.request("eth_sendTransaction", transaction);
  let receipt: unknown;
  // A node mines at once, but may answer before it has.
  await until("a test's transaction is mined", async () => {
    receipt = await node.request("eth_getTransactionReceipt", hash);
    return receipt !== null;
  });
  if (!isRecord(receipt) || receipt.status !== "0x1") {
    throw new Error(`the transaction of a test's preparation failed: ${JSON.stringify(receipt)}`);
  }
  const { contractAddress } = receipt;
  return {
    contractAddress: await checksummed(
      typeof contractAddress === "string" ? contractAddress : `0x${"0".repeat(40)}`,
    ),
  };
}

/** Hex data, or an error that stops the test. */
export function hex(value: unknown): Hex {
  if (!isHex(value)) {
    throw new TypeError(`not hex data: ${String(value)}`);
  }
  return value;
}
