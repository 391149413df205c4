import { expect } from "chai";

import type { Address } from "../../../src/chain/address.js";
import { admin, deployer, owner, pauser, penniless, stranger } from "../../helpers/accounts.js";
import type { LocalNode } from "../../helpers/anvil.js";
import { useChain, type ProjectWishes } from "../../helpers/chain.js";
import {
  artifact,
  deploy,
  deployTransparent,
  deployUups,
  execute,
} from "../../helpers/contracts.js";
import { rpcError } from "../../helpers/proxy.js";
import { fieldOf, listOf, onlyDocument } from "../../helpers/refusal.js";

/** A proxy whose code one account may change. */
interface Case {
  readonly title: string;
  readonly create: (node: LocalNode) => Promise<Address>;
  readonly how: string;
  readonly by: Address;
}

const people = [deployer.address, admin.address, pauser.address];

const cases: readonly Case[] = [
  {
    title: "a transparent proxy, by the owner of its ProxyAdmin",
    create: async (node) =>
      (await deployTransparent(node, "Marketplace", "initialize", people, admin)).proxy,
    how: "upgradeAndCall(address,address,bytes)",
    by: admin.address,
  },
  {
    title: "a UUPS contract, by its owner",
    create: async (node) =>
      (await deployUups(node, "UupsVaultV1", "initialize", [owner.address])).proxy,
    how: "upgradeToAndCall(address,bytes)",
    by: owner.address,
  },
  {
    title: "a beacon's proxy, by the owner of the beacon",
    create: async (node) => await behindBeacon(node, admin.address),
    how: "upgradeTo(address)",
    by: admin.address,
  },
];

async function behindBeacon(node: LocalNode, beaconOwner: Address): Promise<Address> {
  const implementation = await deploy(node, "UupsVaultV1");
  const beacon = await deploy(node, "UpgradeableBeacon", [implementation, beaconOwner]);
  const { abi } = await artifact("UupsVaultV1");
  const data = abi.encodeFunctionData("initialize", [owner.address]);
  return await deploy(node, "BeaconProxy", [beacon, data]);
}

describe("the power to upgrade", () => {
  const chain = useChain();

  async function reportOf(
    contract: Address,
    wishes: ProjectWishes = {},
  ): Promise<Record<string, unknown>> {
    const project = await chain.project(wishes);
    const outcome = await project.run("inspect", { contract, json: true });
    const [report] = listOf(onlyDocument(outcome), "contracts");
    if (report === undefined) {
      throw new Error(outcome.stdout);
    }
    return report;
  }

  for (const { title, create, how, by } of cases) {
    it(`is found of ${title}, and shown by a call`, async () => {
      const contract = await create(chain.node);
      const upgrade = fieldOf(await reportOf(contract, { accounts: [stranger] }), "upgrade");
      expect(upgrade.how).to.equal(how);
      const proved = listOf(upgrade, "callers").filter((caller) => caller.proved === true);
      expect(proved.map(({ address }) => address)).to.deep.equal([by]);
      expect(listOf(upgrade, "authority").map(({ address }) => address)).to.deep.equal([by]);
      expect(fieldOf(upgrade, "canYou").now).to.equal(false);
      expect(JSON.stringify(upgrade.evidence)).to.contain(`as ${by} succeeds`);
    });
  }

  it("is nobody's where the contract is no proxy", async () => {
    const report = await reportOf(await deploy(chain.node, "OwnablePausable", [owner.address]));
    expect(report.upgrade).to.equal(null);
    expect(JSON.stringify(report.alternatives)).not.to.contain("upgrade");
  });

  it("is nobody's where the owner has renounced, and is then no alternative", async () => {
    const { proxy } = await deployUups(chain.node, "UupsVaultV1", "initialize", [owner.address]);
    const vault = { name: "UupsVaultV1", address: proxy };
    await execute(chain.node, vault, "renounceOwnership()", [], owner);
    const report = await reportOf(proxy);
    const upgrade = fieldOf(report, "upgrade");
    expect(listOf(upgrade, "callers").filter((caller) => caller.proved === true)).to.deep.equal([]);
    expect(fieldOf(upgrade, "canYou").now).to.equal(false);
    expect(JSON.stringify(report.alternatives)).not.to.contain("upgrade it");
  });

  it("is within reach of the one who holds it and can pay", async () => {
    const contract = await behindBeacon(chain.node, admin.address);
    const report = await reportOf(contract, { accounts: [admin] });
    expect(fieldOf(fieldOf(report, "upgrade"), "canYou").now).to.equal(true);
    // `upgrade` knows no beacons yet.
    expect(JSON.stringify(report.alternatives))
      .to.contain("upgrade it: you can now")
      .and.to.contain("by upgradeTo(address) on 0x")
      .and.not.to.contain("npx hardhat upgrade");
  });

  it("is not within reach of the one who holds it and has no ETH", async () => {
    const contract = await behindBeacon(chain.node, penniless.address);
    const report = await reportOf(contract, { accounts: [penniless] });
    const canYou = fieldOf(fieldOf(report, "upgrade"), "canYou");
    expect(canYou.now).to.equal(false);
    expect(canYou.why).to.contain("cannot pay for it");
    const [funds] = listOf(canYou, "funds");
    expect(funds).to.include({ account: penniless.address, balanceWei: "0", enough: false });
    expect(BigInt(String(funds?.atMostWei)) > 0n).to.be.true;
  });

  it("is what slots say, and not shown, where no fork can be made", async () => {
    const { proxy: market } = await deployTransparent(
      chain.node,
      "Marketplace",
      "initialize",
      people,
      admin,
    );
    const proxy = await chain.proxy();
    proxy.answerBy(async (request, forward) =>
      request.methods[0] === "eth_getBlockByNumber" && !request.body.includes('"latest"')
        ? rpcError(request, "missing trie node")
        : await forward(),
    );
    const report = await reportOf(market, { url: proxy.url, accounts: [admin] });
    const upgrade = fieldOf(report, "upgrade");
    expect(upgrade.how).to.equal(null);
    expect(upgrade.to).to.equal(fieldOf(report, "proxy").admin);
    expect(fieldOf(upgrade, "canYou").now).to.equal(null);
    expect(JSON.stringify(report.unknown)).to.contain("not tried on a fork");
  });

  it("shows powers that a contract holds elsewhere, when it cannot be paused", async () => {
    const lying = await deploy(chain.node, "PauseDoesNothing", [owner.address]);
    const roles = await deploy(chain.node, "RolePausable", [admin.address, pauser.address]);
    const target = { name: "RolePausable", address: roles };
    const role = "0x65d7a28e3265b37a6474929f336521b332c1681b933f6cb9f3376673440d862a";
    await execute(chain.node, target, "grantRole", [role, lying], admin);
    const before = await reportOf(lying);
    expect(JSON.stringify(before.alternatives)).to.contain(`role PAUSER_ROLE`).and.contain(roles);
    await execute(chain.node, target, "revokeRole", [role, lying], admin);
    const after = await reportOf(lying);
    expect(JSON.stringify(after.alternatives)).not.to.contain(roles);
  });
});
