import { ZERO_ADDRESS, type Address } from "../../../src/chain/address.js";
import { deployer, type TestAccount } from "../../helpers/accounts.js";
import { hex } from "../../helpers/contracts.js";
import { from } from "../artifacts.js";
import type { Contract, Workbench } from "../workbench.js";

const oz4 = from("@openzeppelin/contracts@4.9.6");
const safe = from("@gnosis.pm/safe-contracts@1.3.0");

export const TransparentV4 = oz4("build/contracts/TransparentUpgradeableProxy.json");
export const ProxyAdminV4 = oz4("build/contracts/ProxyAdmin.json");
export const ERC1967Proxy = oz4("build/contracts/ERC1967Proxy.json");
export const FixedSupplyToken = oz4("build/contracts/ERC20PresetFixedSupply.json");
export const TimelockController = oz4("build/contracts/TimelockController.json");
const GnosisSafe = safe("build/artifacts/contracts/GnosisSafe.sol/GnosisSafe.json");
const SafeFactory = safe(
  "build/artifacts/contracts/proxies/GnosisSafeProxyFactory.sol/GnosisSafeProxyFactory.json",
);

/** A Safe behind its factory's proxy, as the Safe app makes them. */
export async function deploySafe(
  bench: Workbench,
  owners: readonly TestAccount[],
  threshold: number,
): Promise<Contract> {
  const [singleton, factory] = [await bench.deploy(GnosisSafe), await bench.deploy(SafeFactory)];
  const setup = singleton.data(
    "setup",
    owners.map(({ address }) => address),
    threshold,
    ZERO_ADDRESS,
    "0x",
    ZERO_ADDRESS,
    ZERO_ADDRESS,
    0,
    ZERO_ADDRESS,
  );
  const logs = await factory.send(deployer, "createProxy", singleton.address, setup);
  const created = logs.find(({ address }) => address === factory.address.toLowerCase());
  return await singleton.at(`0x${(created?.data ?? "").slice(26, 66)}`);
}

/** A contract behind OpenZeppelin's transparent proxy of version 4, and its ProxyAdmin. */
export async function transparent(
  bench: Workbench,
  implementation: Contract,
  initialiser?: readonly [string, ...unknown[]],
): Promise<Contract> {
  const admin = await bench.deploy(ProxyAdminV4);
  const data =
    initialiser === undefined ? "0x" : implementation.data(initialiser[0], ...initialiser.slice(1));
  const proxy = await bench.deploy(TransparentV4, [implementation.address, admin.address, data]);
  return await implementation.at(proxy.address);
}

/** A contract behind a plain ERC-1967 proxy. */
export async function erc1967(
  bench: Workbench,
  implementation: Contract,
  initialiser?: readonly [string, ...unknown[]],
): Promise<Contract> {
  const data =
    initialiser === undefined ? "0x" : implementation.data(initialiser[0], ...initialiser.slice(1));
  const proxy = await bench.deploy(ERC1967Proxy, [implementation.address, data]);
  return await implementation.at(proxy.address);
}

/** The smallest proxy there is (EIP-1167). */
export async function minimalProxy(bench: Workbench, implementation: Contract): Promise<Contract> {
  const target = implementation.address.slice(2).toLowerCase();
  const code = `0x3d602d80600a3d3981f3363d3d373d3d3d363d73${target}5af43d82803e903d91602b57fd5bf3`;
  return await implementation.at(await bench.create(hex(code)));
}

/** A plain token of which somebody holds all. */
export async function plainToken(
  bench: Workbench,
  holder: { readonly address: Address },
): Promise<Contract> {
  return await bench.deploy(FixedSupplyToken, ["Token", "TKN", 10n ** 30n, holder.address]);
}

/**
 * A contract that answers all questions with sixteen words, the first of them this number: in the place of
 * a neighbour that only has to be there.
 */
export async function answering(bench: Workbench, number: 0 | 1): Promise<Address> {
  const first = number === 0 ? "00" : "01";
  return await bench.create(hex(`0x600b600c600039600b6000f360${first}6000526102006000f3`));
}
