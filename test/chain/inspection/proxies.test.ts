import { expect } from "chai";
import { Interface } from "ethers";

import type { Address, Hex } from "../../../src/chain/address.js";
import { openChain } from "../../../src/chain/connect.js";
import { inspectContract, type InspectedContract } from "../../../src/chain/inspection/contract.js";
import { ERC1967 } from "../../../src/chain/inspection/proxies.js";
import { deployer, owner } from "../../helpers/accounts.js";
import { useChain } from "../../helpers/chain.js";
import { deploy, deployTransparent, deployUups, isPaused } from "../../helpers/contracts.js";
import { expectRejection, expectSuccess, listOf, onlyDocument } from "../../helpers/refusal.js";

/** Slots as their projects define them; the code under test has its own copies. */
const ZEPPELINOS = "0x7050c9e0f4ca769c69bd3a8ef740bc37934f8e2c036e5a723fd8ee048ed3f8c3";
const PROXIABLE = "0xc5f16f0fcc639fa48a6947836d9850f504798523bf8c9a3a87d5876cf622bcf7";
const SLOT_0 = `0x${"0".repeat(64)}`;

/** The runtime code of a Safe's proxy, version 1.3.0, without its metadata. */
const SAFE_PROXY =
  "0x608060405273ffffffffffffffffffffffffffffffffffffffff600054167fa619486e0000000000000000000000000000000000000000000000000000000060003514156050578060005260206000f35b3660008037600080366000845af43d6000803e60008114156070573d6000fd5b3d6000f3fe";

/** The smallest forwarder that keeps its implementation in a storage slot: every call is delegated. */
function forwarder(slot: string): string {
  const copy = "365f5f37";
  const delegate = `5f5f365f7f${slot.slice(2)}545af4`;
  // returndatacopy, then revert or return what came back
  const finish = "3d5f5f3e3d5f82";
  const target = (copy.length + delegate.length + finish.length) / 2 + 5;
  return `0x${copy}${delegate}${finish}60${target.toString(16).padStart(2, "0")}57fd5bf3`;
}

/** ERC-1167 (https://eips.ethereum.org/EIPS/eip-1167), with what may stand behind it. */
function minimal(implementation: string, args = ""): string {
  return `0x363d3d373d3d3d363d73${implementation.slice(2)}5af43d82803e903d91602b57fd5bf3${args}`;
}

function word(address: string): string {
  return `0x${address.slice(2).toLowerCase().padStart(64, "0")}`;
}

describe("inspecting proxies", () => {
  const chain = useChain();
  let count = 0;

  /** A contract with this code and storage, at an address that nothing else has. */
  async function place(
    code: string,
    storage: Readonly<Record<string, string>> = {},
  ): Promise<Address> {
    count++;
    const address: Address = `0x${"c0de".padEnd(36, "0")}${count.toString(16).padStart(4, "0")}`;
    await chain.node.request("hardhat_setCode", address, code);
    for (const [slot, value] of Object.entries(storage)) {
      await chain.node.request("hardhat_setStorageAt", address, slot, value);
    }
    return address;
  }

  async function inspect(address: Address): Promise<InspectedContract> {
    const project = await chain.project({ accounts: [owner] });
    const opened = await openChain(project.hre);
    try {
      return (await inspectContract(opened, address)).contract;
    } finally {
      await opened.close();
    }
  }

  async function logic(): Promise<Address> {
    return await deploy(chain.node, "OwnablePausable", [owner.address]);
  }

  it("finds nothing in a contract that is none", async () => {
    const address = await logic();
    const { proxy, logic: found } = await inspect(address);
    expect(proxy).to.equal(null);
    expect(found.address).to.equal(address);
  });

  it("tells transparent and UUPS proxies apart", async () => {
    const uups = await deployUups(chain.node, "UupsVaultV1", "initialize", [owner.address]);
    const transparent = await deployTransparent(
      chain.node,
      "UupsVaultV1",
      "initialize",
      [owner.address],
      owner,
    );
    expect((await inspect(uups.proxy)).proxy?.kind).to.equal("uups");
    const { proxy } = await inspect(transparent.proxy);
    expect(proxy?.kind).to.equal("transparent");
    expect(proxy?.interfaceVersion).to.equal("5.0.0");
    expect(proxy?.admin).not.to.equal(null);
  });

  it("asks the beacon", async () => {
    const implementation = await logic();
    const beacon = await deploy(chain.node, "UpgradeableBeacon", [implementation, owner.address]);
    // A beacon proxy wants a call at its birth; any getter will do.
    const address = await deploy(chain.node, "BeaconProxy", [beacon, "0x5c975abb"]);
    const { proxy, logic: found } = await inspect(address);
    expect(proxy).to.include({ kind: "beacon", beacon, implementation });
    expect(found.address).to.equal(implementation);
  });

  for (const [kind, slot] of [
    ["erc1967", ERC1967.implementation],
    ["zeppelinos", ZEPPELINOS],
    ["erc1822", PROXIABLE],
  ] as const) {
    it(`reads the slot of ${kind}`, async () => {
      const implementation = await logic();
      const address = await place(forwarder(slot), { [slot]: word(implementation) });
      expect((await inspect(address)).proxy).to.include({ kind, implementation });
    });
  }

  it("reads slot 0 of a Safe", async () => {
    const implementation = await logic();
    const address = await place(SAFE_PROXY, { [SLOT_0]: word(implementation) });
    expect((await inspect(address)).proxy).to.include({ kind: "safe", implementation });
  });

  it("reads the address in the code of a minimal proxy, with and without arguments", async () => {
    const implementation = await logic();
    for (const args of ["", "00112233445566778899aabbccddeeff"]) {
      const address = await place(minimal(implementation, args));
      expect((await inspect(address)).proxy).to.include({ kind: "minimal", implementation });
    }
  });

  it("reads the address in an account that runs a contract's code (EIP-7702)", async () => {
    const implementation = await logic();
    const address = await place(`0xef0100${implementation.slice(2)}`);
    expect((await inspect(address)).proxy).to.include({ kind: "eip7702", implementation });
  });

  it("asks a Unitroller", async () => {
    const implementation = await deploy(chain.node, "UupsVaultV1");
    const address = await deploy(chain.node, "PlainUnitroller", [implementation]);
    expect((await inspect(address)).proxy).to.include({ kind: "unitroller", implementation });
  });

  it("looks at all facets of a diamond, and pauses through the one that can", async () => {
    const guarded = await deploy(chain.node, "UupsVaultV1");
    const other = await deploy(chain.node, "OwnablePausable", [owner.address]);
    const vault = new Interface([
      "function initialize(address)",
      "function pause()",
      "function unpause()",
      "function paused()",
      "function owner()",
    ]);
    const selectors: string[] = [];
    vault.forEachFunction(({ selector }) => selectors.push(selector));
    const address = await deploy(chain.node, "PlainDiamond", [
      [other, guarded],
      [["0x12345678"], selectors],
    ]);
    const data = vault.encodeFunctionData("initialize", [owner.address]);
    await chain.node.request("eth_sendTransaction", { from: deployer.address, to: address, data });
    const { proxy } = await inspect(address);
    expect(proxy?.kind).to.equal("diamond");
    expect(proxy?.facets).to.deep.equal([other, guarded]);
    const project = await chain.project({ accounts: [owner] });
    expectSuccess(await project.run("verify-pausable", { contract: address }));
    expectSuccess(await project.run("pause", { contract: address, yes: true }));
    expect(await isPaused(chain.node, address)).to.equal(true);
  });

  it("follows a proxy behind a proxy", async () => {
    const implementation = await logic();
    const inner = await place(forwarder(ZEPPELINOS), { [ZEPPELINOS]: word(implementation) });
    const outer = await place(minimal(inner));
    const { proxy, behind, logic: found } = await inspect(outer);
    expect(proxy?.kind).to.equal("minimal");
    expect(behind.map(({ kind }) => kind)).to.deep.equal(["zeppelinos"]);
    expect(found.address).to.equal(implementation);
  });

  it("does not believe slots that the code cannot use", async () => {
    const address = await logic();
    const victim = await logic();
    await chain.node.request("hardhat_setStorageAt", address, ERC1967.implementation, word(victim));
    expect((await inspect(address)).proxy).to.equal(null);
  });

  it("watches where a forwarder of no known kind leads", async () => {
    const slot = `0x${"77".repeat(32)}`;
    const implementation = await logic();
    const address = await place(forwarder(slot), { [slot]: word(implementation) });
    // Its code and its storage do not tell.
    expect((await inspect(address)).proxy).to.include({ kind: "unknown", implementation: null });
    const project = await chain.project({ accounts: [owner] });
    const { stdout } = await project.run("verify-pausable", { contract: address, json: true });
    const [report] = listOf(onlyDocument({ stdout }), "contracts");
    expect(report?.proxy).to.include({ kind: "plain-storage", implementation });
  });

  it("refuses a proxy that leads back to itself", async () => {
    const address: Address = "0x00000000000000000000000000000000C0DeFfff";
    await chain.node.request("hardhat_setCode", address, forwarder(ERC1967.implementation));
    await chain.node.request(
      "hardhat_setStorageAt",
      address,
      ERC1967.implementation,
      word(address),
    );
    await expectRejection(inspect(address), "UNKNOWN_PROXY");
  });

  it("refuses a proxy with nothing behind it", async () => {
    const nothing: Hex = "0x00000000000000000000000000000000deadbeef";
    const address = await place(forwarder(ERC1967.implementation), {
      [ERC1967.implementation]: word(nothing),
    });
    await expectRejection(inspect(address), "NO_CODE");
  });

  it("lets a clone be paused by its own owner", async () => {
    const implementation = await deploy(chain.node, "UupsVaultV1", []);
    const clone = await place(minimal(implementation));
    const data = new Interface(["function initialize(address)"]).encodeFunctionData("initialize", [
      owner.address,
    ]);
    await chain.node.request("eth_sendTransaction", { from: deployer.address, to: clone, data });
    const project = await chain.project({ accounts: [owner] });
    expectSuccess(await project.run("pause", { contract: clone, yes: true }));
    expect(await isPaused(chain.node, clone)).to.equal(true);
  });
});
