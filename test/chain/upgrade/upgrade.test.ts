import { expect } from "chai";

import type { Address } from "../../../src/chain/address.js";
import type { ErrorCode } from "../../../src/errors.js";
import { admin, deployer, owner, pauser, stranger } from "../../helpers/accounts.js";
import { useChain, type ProjectWishes } from "../../helpers/chain.js";
import {
  artifact,
  deploy,
  deployTransparent,
  deployUups,
  execute,
  nextAddress,
  read,
} from "../../helpers/contracts.js";
import type { Outcome } from "../../helpers/project.js";
import {
  expectRefusal,
  expectSuccess,
  fieldOf,
  listOf,
  onlyDocument,
} from "../../helpers/refusal.js";

type Arguments = Readonly<Record<string, string | boolean>>;

describe("upgrade", () => {
  let market: Address;
  let vault: Address;
  const chain = useChain(async (node) => {
    const coin = await deployUups(node, "Coin", "initialize", [owner.address]);
    const roles = [coin.proxy, deployer.address, pauser.address];
    market = (await deployTransparent(node, "Marketplace", "initialize", roles, admin)).proxy;
    vault = (await deployUups(node, "UupsVaultV1", "initialize", [owner.address])).proxy;
  });

  async function upgrade(args: Arguments, wishes: ProjectWishes = {}): Promise<Outcome> {
    const project = await chain.project({ accounts: [owner, admin], builds: true, ...wishes });
    return await project.run("upgrade", { yes: true, ...args });
  }

  /** Refused, and neither the chain nor the project's records were touched. */
  async function refused(
    args: Arguments,
    code: ErrorCode,
    wishes: ProjectWishes = {},
  ): Promise<string> {
    const project = await chain.project({ accounts: [owner, admin], builds: true, ...wishes });
    const outcome = await chain.nothingWritten(
      project,
      async () => await project.run("upgrade", { yes: true, ...args }),
    );
    return expectRefusal(outcome, code).message;
  }

  async function implementationOf(proxy: Address): Promise<string> {
    const word = await chain.node.request("eth_getStorageAt", proxy, IMPLEMENTATION, "latest");
    return `0x${String(word).slice(-40)}`;
  }

  async function codeAt(address: string): Promise<string> {
    return String(await chain.node.request("eth_getCode", address, "latest"));
  }

  it("of a UUPS proxy initialises in the same transaction, and reads the implementation back", async () => {
    await execute(chain.node, { name: "UupsVaultV1", address: vault }, "pause", [], owner);
    const created = await nextAddress(chain.node, owner);
    const outcome = await upgrade({
      proxy: vault,
      implementation: "UupsVaultV2",
      call: "initializeV2",
      callArgs: "[1000000000000000000000]",
      json: true,
    });
    expectSuccess(outcome);
    expect(await implementationOf(vault)).to.equal(created.toLowerCase());
    const target = { name: "UupsVaultV2", address: vault };
    expect(await read(chain.node, target, "capWei()")).to.equal(10n ** 21n);
    expect(await read(chain.node, target, "version()")).to.equal("2");
    expect(await read(chain.node, target, "paused()"), "state is kept").to.be.true;

    const [step] = listOf(onlyDocument(outcome), "outcomes");
    expect(step?.status).to.equal("done");
    const evidence = JSON.stringify(fieldOf(step, "verification").evidence);
    expect(evidence).to.contain(created).and.to.contain("UupsVaultV2");
    // The creation, and one transaction for upgrade and initialiser.
    expect(listOf(fieldOf(step, "effects"), "actions")).to.have.lengthOf(2);
  });

  it("of a transparent proxy goes through its ProxyAdmin", async () => {
    const outcome = await upgrade({
      proxy: market,
      implementation: "MarketplaceV2",
      call: "initializeV2(uint256,uint256)",
      callArgs: "5, 0",
    });
    expectSuccess(outcome);
    const target = { name: "MarketplaceV2", address: market };
    expect(await read(chain.node, target, "payoutLimitWei()")).to.equal(5n);
    expect(outcome.stdout).to.contain("ProxyAdmin");
  });

  it("without an initialiser calls none", async () => {
    expectSuccess(await upgrade({ proxy: vault, implementation: "UupsVaultV2" }));
    expect(await read(chain.node, { name: "UupsVaultV2", address: vault }, "capWei()")).to.equal(
      0n,
    );
  });

  it("to an implementation that exists creates nothing", async () => {
    const implementation = await deploy(chain.node, "UupsVaultV2");
    const before = await chain.node.request("eth_getTransactionCount", owner.address, "latest");
    expectSuccess(await upgrade({ proxy: vault, implementation }));
    const after = await chain.node.request("eth_getTransactionCount", owner.address, "latest");
    expect(Number(after) - Number(before)).to.equal(1);
    expect(await implementationOf(vault)).to.equal(implementation.toLowerCase());
  });

  it("is done when the proxy runs it already", async () => {
    const project = await chain.project({ accounts: [owner], builds: true });
    const args = { proxy: vault, implementation: "UupsVaultV2", yes: true };
    expectSuccess(await project.run("upgrade", args));
    const again = await chain.nothingWritten(
      project,
      async () => await project.run("upgrade", args),
    );
    expectSuccess(again);
  });

  it("uses the implementation that an earlier run has created", async () => {
    // The first run may create, but not upgrade: the proxy belongs to somebody else meanwhile.
    const project = await chain.project({ accounts: [owner], builds: true });
    const args = { contract: "UupsVaultV2", args: "[]", yes: true };
    const created = await nextAddress(chain.node, owner);
    expectSuccess(await project.run("deploy-fixed", args));
    const upgraded = await project.run("upgrade", {
      proxy: vault,
      implementation: "UupsVaultV2",
      yes: true,
    });
    expectSuccess(upgraded);
    expect(await implementationOf(vault)).to.equal(created.toLowerCase());
  });

  it("refuses a layout that does not fit, and says why", async () => {
    const message = await refused(
      { proxy: market, implementation: "MarketplaceBadLayout" },
      "INCOMPATIBLE_LAYOUT",
    );
    expect(message).to.contain("_payoutLimitWei");
    expect(message).not.to.contain("\u001b");
  });

  it("refuses a layout that does not fit, at an address too", async () => {
    const implementation = await deploy(chain.node, "MarketplaceBadLayout");
    await refused({ proxy: market, implementation }, "INCOMPATIBLE_LAYOUT");
  });

  it("refuses a UUPS proxy's last upgrade: code that cannot be upgraded any more", async () => {
    await refused({ proxy: vault, implementation: "MarketplaceV2" }, "INCOMPATIBLE_LAYOUT");
  });

  it("refuses an initialiser that reverts, before anything is created", async () => {
    const args = { proxy: market, call: "initializeV2", callArgs: "5,0" };
    await refused({ ...args, implementation: "MarketplaceBadInitializer" }, "REHEARSAL_FAILED");
    const refusing = { proxy: market, implementation: "MarketplaceV2", call: "initializeV2" };
    // A limit of zero is refused by the initialiser itself.
    await refused({ ...refusing, callArgs: "0,0" }, "REHEARSAL_FAILED");
  });

  it("changes nothing behind the proxy when the initialiser reverts and nobody has rehearsed", async () => {
    const before = await implementationOf(market);
    const outcome = await upgrade({
      proxy: market,
      implementation: "MarketplaceBadInitializer",
      call: "initializeV2",
      callArgs: "5,0",
      skipRehearsal: true,
    });
    expectRefusal(outcome, "WOULD_REVERT");
    expect(await implementationOf(market)).to.equal(before);
  });

  it("refuses an initialiser that does not exist, or is called wrongly", async () => {
    const args = { proxy: vault, implementation: "UupsVaultV2" };
    await refused({ ...args, call: "initializeV3" }, "BAD_ARGUMENTS");
    await refused({ ...args, call: "initializeV2" }, "BAD_ARGUMENTS");
    await refused({ ...args, call: "initializeV2", callArgs: "much" }, "BAD_ARGUMENTS");
    await refused({ ...args, call: "initializeV2", callArgs: "[" }, "BAD_ARGUMENTS");
  });

  it("refuses what is not a proxy", async () => {
    const plain = await deploy(chain.node, "OwnablePausable", [owner.address]);
    const message = await refused({ proxy: plain, implementation: "UupsVaultV2" }, "UNKNOWN_PROXY");
    expect(message).to.contain("deploy-fixed");
  });

  it("refuses a beacon's proxy, which others share", async () => {
    const implementation = await deploy(chain.node, "UupsVaultV1");
    const beacon = await deploy(chain.node, "UpgradeableBeacon", [implementation, owner.address]);
    const proxy = await deploy(chain.node, "BeaconProxy", [beacon, "0x"]);
    await refused({ proxy, implementation: "UupsVaultV2" }, "UNKNOWN_PROXY");
  });

  it("refuses a contract that the project does not have", async () => {
    await refused({ proxy: vault, implementation: "UupsVaultV9" }, "UNKNOWN_ARTIFACT");
  });

  it("refuses an implementation without code, and one that is not the project's", async () => {
    await refused({ proxy: vault, implementation: stranger.address }, "NO_CODE");
    await chain.node.request("hardhat_setCode", stranger.address, "0x60016002");
    await refused({ proxy: vault, implementation: stranger.address }, "UNKNOWN_ARTIFACT");
  });

  describe("of a proxy whose present code is not the project's", () => {
    async function makeUnknown(): Promise<void> {
      const { deployedBytecode } = await artifact("UupsVaultV1");
      const present = await implementationOf(vault);
      // One more instruction, which nothing reaches: other code that behaves the same.
      await chain.node.request("hardhat_setCode", present, `${await codeAt(present)}00`);
      expect(await codeAt(present)).not.to.have.lengthOf(deployedBytecode.length);
    }

    it("is refused: nobody can say whether the storage fits", async () => {
      await makeUnknown();
      const message = await refused(
        { proxy: vault, implementation: "UupsVaultV2" },
        "LAYOUT_UNKNOWN",
      );
      expect(message).to.contain("--previous");
    });

    it("is refused with a --previous that is not what runs", async () => {
      await makeUnknown();
      await refused(
        { proxy: vault, implementation: "UupsVaultV2", previous: "UupsVaultV1" },
        "LAYOUT_UNKNOWN",
      );
    });

    it("is done with --skip-layout-check, which says so", async () => {
      await makeUnknown();
      const outcome = await upgrade({
        proxy: vault,
        implementation: "UupsVaultV2",
        skipLayoutCheck: true,
      });
      expectSuccess(outcome);
      expect(outcome.stdout).to.contain("NOT CHECKED");
    });
  });

  it("takes --previous when it is what runs", async () => {
    const args = { proxy: vault, implementation: "UupsVaultV2", previous: "UupsVaultV1" };
    expectSuccess(await upgrade(args));
  });

  it("refuses a --previous that is not what runs", async () => {
    const args = { proxy: vault, implementation: "UupsVaultV2", previous: "Marketplace" };
    await refused(args, "LAYOUT_UNKNOWN");
  });

  it("refuses whoever may not upgrade, and says who may", async () => {
    const accounts = [stranger, pauser];
    const args = { implementation: "MarketplaceV2", proxy: market };
    expect(await refused(args, "NO_AUTHORITY", { accounts })).to.contain(admin.address);
  });

  it("leaves the live chain alone with --dry-run, and shows what the rehearsal did", async () => {
    const project = await chain.project({ accounts: [owner], builds: true });
    const outcome = await chain.nothingWritten(
      project,
      async () =>
        await project.run("upgrade", { proxy: vault, implementation: "UupsVaultV2", dryRun: true }),
    );
    expectSuccess(outcome);
    expect(outcome.stdout).to.contain("On the fork, upgrade");
    expect(outcome.stdout).to.contain("Upgraded(address)");
  });
});

/** The implementation slot of ERC-1967. */
const IMPLEMENTATION = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";
