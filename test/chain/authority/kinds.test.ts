import { expect } from "chai";
import { id } from "ethers";

import { ZERO_ADDRESS, type Address } from "../../../src/chain/address.js";
import { reach } from "../../../src/chain/authority/reach.js";
import * as real from "../../corpus/authorities.js";
import { Workbench } from "../../corpus/workbench.js";
import { admin, deployer, owner, pauser, stranger } from "../../helpers/accounts.js";
import { useChain } from "../../helpers/chain.js";
import { deployTransparent } from "../../helpers/contracts.js";
import { nodeChain } from "../../helpers/node-chain.js";
import { membersOf, treeOf } from "./trees.js";

const DAY = 86_400;

/** What each kind of authority contract says of itself, and what is made of it. */
describe("the kinds of authority", () => {
  const chain = useChain();
  const tree = async (address: Address, accounts: readonly Address[] = []) =>
    await treeOf(chain.node.url, address, { accounts });
  const bench = (): Workbench => new Workbench(chain.node);

  describe("a TimelockController", () => {
    for (const [version, file] of [
      ["3.4", real.TimelockControllerV3],
      ["4.9", real.TimelockControllerV4],
      ["5.4", real.TimelockControllerV5],
    ] as const) {
      it(`of OpenZeppelin ${version}: proposers, executors, delay`, async () => {
        const args = [2 * DAY, [owner.address], [admin.address]];
        const { address } = await bench().deploy(
          file,
          version === "3.4" ? args : [...args, ZERO_ADDRESS],
        );
        const node = await tree(address);
        expect(node).to.include({ kind: "timelock", delaySeconds: 2 * DAY, needed: 1 });
        expect(node.about).to.equal("TimelockController, delay 2 days, then an executor executes");
        const members = membersOf(node);
        expect(members).to.deep.include([owner.address, "decides", "account"]);
        expect(members).to.deep.include([admin.address, "helps", "account"]);
        expect(reach(node, [owner.address, admin.address])).to.include({
          now: false,
          why: "only after a delay of 172800 s",
        });
        expect(reach(node, [owner.address]).why).to.contain("also needs an executor");
      });
    }

    it("without a delay acts at once, and an open executor needs nobody", async () => {
      const { address } = await bench().deployOwn("TimelockController", [
        0,
        [owner.address],
        [ZERO_ADDRESS],
        stranger.address,
      ]);
      const node = await tree(address);
      expect(node.facts).to.include({ openExecutor: true, selfAdministered: true });
      expect(reach(node, [owner.address])).to.include({ now: true });
      expect(reach(node, [admin.address])).to.include({ now: false });
      // The admin can make itself a proposer.
      expect(reach(node, [stranger.address])).to.include({ now: true });
    });
  });

  it("Compound's Timelock under a GovernorAlpha, as Uniswap has them", async () => {
    const work = bench();
    const timelock = await work.deploy(real.UniswapTimelock, [deployer.address, 2 * DAY]);
    const uni = await work.deploy(real.Uni, [deployer.address, deployer.address, 2_000_000_000n]);
    const governor = await work.deploy(real.GovernorAlpha, [timelock.address, uni.address]);
    await timelock.send(timelock, "setPendingAdmin", governor.address);
    await governor.send(deployer, "__acceptAdmin").catch(() => undefined);
    const node = await tree(timelock.address);
    expect(node).to.include({ kind: "timelock", delaySeconds: 2 * DAY });
    expect(node.facts).to.include({ graceSeconds: 14 * DAY });
    const named = node.members.find(({ address }) => address === governor.address);
    expect(named).to.include({ kind: "governor" });
    expect(named?.facts).to.include({ token: uni.address, votingDelay: 1, votingPeriod: 40_320 });
  });

  it("Aave's ExecutorWithTimelock", async () => {
    const { address } = await bench().deploy(real.ExecutorWithTimelock, [
      owner.address,
      DAY,
      5 * DAY,
      DAY,
      10 * DAY,
    ]);
    const node = await tree(address);
    expect(node).to.include({ kind: "timelock", delaySeconds: DAY });
    expect(membersOf(node)).to.deep.equal([[owner.address, "decides", "account"]]);
  });

  it("OpenZeppelin's Governor: no list of people, but the shortest time", async () => {
    const { address } = await bench().deployOwn("VotingGovernor", [stranger.address]);
    // Twelve seconds a block.
    await chain.node.request("hardhat_mine", "0x64", "0xc");
    const node = await tree(address);
    expect(node.kind).to.equal("governor");
    expect(node.facts).to.include({ votingDelay: 7_200, votingPeriod: 50_400, unit: "blocks" });
    expect(node.delaySeconds).to.be.greaterThan(0);
    expect(node.members).to.deep.equal([]);
    expect(node.unknown.join()).to.contain("who holds enough votes");
    expect(reach(node, [owner.address])).to.include({ now: false });
    expect(reach(node, [owner.address]).why).to.contain("only after a vote");
  });

  it("DSPause: plots, waits, executes", async () => {
    const work = bench();
    const book = await work.deployOwn("RoleBook", [owner.address]);
    const { address } = await work.deployOwn("AnnouncedPause", [DAY, ZERO_ADDRESS, book.address]);
    const node = await tree(address);
    expect(node).to.include({ kind: "timelock", delaySeconds: DAY });
    expect(membersOf(node)).to.deep.equal([[book.address, "decides", "registry"]]);
  });

  it("Zodiac's Delay: its modules queue, its owner may become one", async () => {
    const { address } = await bench().deployOwn("DelayModule", [
      owner.address,
      3_600,
      [admin.address],
    ]);
    const node = await tree(address);
    expect(node).to.include({ kind: "timelock", delaySeconds: 3_600 });
    expect(membersOf(node)).to.deep.equal([
      [admin.address, "decides", "account"],
      [owner.address, "alone", "account"],
    ]);
  });

  it("a wallet of several owners that is no Safe", async () => {
    const { address } = await bench().deployOwn("OldWallet", [
      [owner.address, admin.address],
      2,
      DAY,
    ]);
    const node = await tree(address);
    expect(node).to.include({ kind: "multisig", needed: 2, delaySeconds: DAY });
    expect(reach(node, [owner.address, admin.address])).to.include({ now: false });
  });

  for (const version of [4, 5] as const) {
    it(`ProxyAdmin of OpenZeppelin ${version}`, async () => {
      const work = bench();
      const { address } =
        version === 4
          ? await work.deploy(real.ProxyAdminV4)
          : await work.deployOwn("ProxyAdmin", [deployer.address]);
      const node = await tree(address);
      expect(node).to.include({ kind: "proxy-admin", delaySeconds: 0 });
      expect(membersOf(node)).to.deep.equal([[deployer.address, "decides", "account"]]);
      expect(reach(node, [deployer.address])).to.include({ now: true });
    });
  }

  it("a contract behind a transparent proxy: its rules, and who may change its code", async () => {
    const { proxy } = await deployTransparent(
      chain.node,
      "Marketplace",
      "initialize",
      [deployer.address, admin.address, pauser.address],
      owner,
    );
    const node = await tree(proxy);
    const ruler = node.members.find(({ kind }) => kind === "proxy-admin");
    expect(ruler).to.include({ part: "aside" });
    expect(ruler?.members[0]?.address).to.equal(owner.address);
  });

  it("Ownable in two steps: the pending owner decides nothing yet", async () => {
    const work = bench();
    const owned = await work.deployOwn("TwoStepOwned", [owner.address]);
    await owned.send(owner, "transferOwnership", admin.address);
    const node = await tree(owned.address);
    expect(node).to.include({ kind: "ownable" });
    expect(membersOf(node)).to.deep.equal([
      [owner.address, "decides", "account"],
      [admin.address, "aside", "account"],
    ]);
    // What such a contract does for its owner is its own affair.
    expect(reach(node, [owner.address])).to.include({ now: false });
    expect(reach(node, [owner.address]).why).to.contain("is not known");
  });

  it("Ownable without an owner", async () => {
    const owned = await bench().deployOwn("TwoStepOwned", [owner.address]);
    await owned.send(owner, "renounceOwnership");
    const node = await tree(owned.address);
    expect(node).to.include({ kind: "ownable", about: "Ownable, without an owner" });
    expect(node.members).to.deep.equal([]);
  });

  it("AccessControl with rules for its admin", async () => {
    const work = bench();
    const ruled = await work.deployOwn("DefaultAdminRuled", [DAY, owner.address]);
    await ruled.send(owner, "grantRole", id("PAUSER_ROLE"), pauser.address);
    await ruled.send(owner, "grantRole", id("PAUSER_ROLE"), stranger.address);
    await ruled.send(owner, "revokeRole", id("PAUSER_ROLE"), stranger.address);
    await ruled.send(owner, "beginDefaultAdminTransfer", admin.address);
    const node = await tree(ruled.address);
    expect(node.kind).to.equal("access-control");
    expect(node.facts).to.include({ pendingDefaultAdmin: admin.address, adminDelaySeconds: DAY });
    expect(
      node.members.map(({ address, via, part }) => [address, via, part]),
    ).to.deep.include.members([
      [owner.address, "holds role DEFAULT_ADMIN_ROLE; owner()", "decides"],
      [pauser.address, "holds role PAUSER_ROLE", "aside"],
    ]);
    expect(node.members.map(({ address }) => address)).to.not.include(stranger.address);
  });

  it("AccessControl that lists its members, without a single log", async () => {
    const { address } = await bench().deployOwn("EnumerableRolePausable", [
      admin.address,
      pauser.address,
    ]);
    const node = await treeOf(nodeChain(chain.node.url, ["eth_getLogs"]), address);
    expect(membersOf(node)).to.deep.include([admin.address, "decides", "account"]);
    expect(node.unknown.join()).to.contain("RoleGranted");
  });

  it("AccessControl on a node that keeps its logs to itself: the network's accounts are asked about", async () => {
    const work = bench();
    const ruled = await work.deployOwn("DefaultAdminRuled", [DAY, owner.address]);
    const node = await treeOf(nodeChain(chain.node.url, ["eth_getLogs"]), ruled.address, {
      accounts: [owner.address, stranger.address],
    });
    expect(membersOf(node)).to.deep.equal([[owner.address, "decides", "account"]]);
    expect(node.unknown.join()).to.contain("RoleGranted");
  });

  it("Venus' AccessControlManager", async () => {
    const work = bench();
    const venus = await work.deploy(real.VenusAccessControlManager);
    const node = await tree(venus.address);
    expect(node.kind).to.equal("access-control");
    expect(membersOf(node)).to.deep.include([deployer.address, "decides", "account"]);
  });

  it("an AccessManager, whose admins may have to wait", async () => {
    const work = bench();
    const manager = await work.deploy(real.AccessManagerV5, [owner.address]);
    await manager.send(owner, "grantRole", 0, admin.address, 3_600);
    await manager.send(owner, "grantRole", 0, stranger.address, 0);
    await manager.send(owner, "revokeRole", 0, stranger.address);
    const managed = await work.deployOwn("ManagedPausable", [manager.address]);
    const above = await tree(managed.address);
    expect(above).to.include({ kind: "ds-auth", about: "obeys an authority" });
    const node = await tree(manager.address);
    expect(above.members[0]).to.include({ address: manager.address, kind: "access-manager" });
    expect(node.kind).to.equal("access-manager");
    expect(node.members.map(({ address, waitSeconds }) => [address, waitSeconds])).to.deep.equal([
      [owner.address, 0],
      [admin.address, 3_600],
    ]);
  });

  it("wards: those who still are", async () => {
    const wards = await bench().deployOwn("Wards", [owner.address]);
    await wards.send(owner, "rely", admin.address);
    await wards.send(owner, "rely", stranger.address);
    await wards.send(owner, "deny", stranger.address);
    const node = await tree(wards.address);
    expect(node).to.include({ kind: "ds-auth", about: "relies on 2 wards" });
    expect(membersOf(node).map(([address]) => address)).to.have.members([
      owner.address,
      admin.address,
    ]);
  });

  it("an owner and an authority with roles", async () => {
    const work = bench();
    const book = await work.deployOwn("RoleBook", [owner.address]);
    await book.send(owner, "setUserRole", pauser.address, 3, true);
    await book.send(owner, "setUserRole", stranger.address, 3, true);
    await book.send(owner, "setUserRole", stranger.address, 3, false);
    const authorised = await work.deployOwn("Authorised", [ZERO_ADDRESS, book.address]);
    const node = await tree(authorised.address);
    expect(node.kind).to.equal("ds-auth");
    const [authority] = node.members;
    expect(authority).to.include({ kind: "registry", address: book.address });
    expect(authority?.facts.users).to.deep.equal([{ address: pauser.address, roles: [3] }]);
  });

  it("a registry of pausers", async () => {
    const registry = await bench().deployOwn("PauserBook", [
      [pauser.address, stranger.address],
      owner.address,
    ]);
    await registry.send(owner, "remove", stranger.address);
    const node = await tree(registry.address);
    expect(node).to.include({ kind: "registry", about: "PauserRegistry, 1 pauser" });
    expect(membersOf(node)).to.deep.equal([
      [pauser.address, "decides", "account"],
      [owner.address, "alone", "account"],
    ]);
  });

  it("an app of an Aragon organisation, and its Voting", async () => {
    const work = bench();
    const kernel = await work.deploy(real.AragonKernel, [false]);
    const aclBase = await work.deploy(real.AragonAcl);
    await kernel.send(deployer, "initialize", aclBase.address, deployer.address);
    const acl = await work.contract(real.AragonAcl, await kernel.read("acl"));
    const app = await work.deployOwn("KernelApp", [kernel.address]);
    const voting = await work.deployOwn("KernelVoting", [kernel.address, stranger.address]);
    const give = async (entity: Address, role: string): Promise<void> => {
      await acl.send(deployer, "createPermission", entity, app.address, id(role), deployer.address);
    };
    await give(voting.address, "EXECUTE_ROLE");
    await give(pauser.address, "PAUSE_ROLE");
    await give(stranger.address, "RESUME_ROLE");
    await acl.send(deployer, "revokePermission", stranger.address, app.address, id("RESUME_ROLE"));

    const node = await tree(app.address);
    expect(node).to.include({ kind: "access-control", about: "Aragon app, 2 permissions" });
    const [first, second] = node.members;
    expect(first).to.include({ address: voting.address, kind: "governor", part: "decides" });
    expect(first).to.include({ via: "holds role EXECUTE_ROLE", delaySeconds: 3 * DAY });
    expect(second).to.include({ address: pauser.address, part: "aside" });
    expect(second?.via).to.equal("holds role PAUSE_ROLE");
    expect(node.members.map(({ address }) => address)).to.not.include(stranger.address);
  });

  it("a contract of an unknown kind, followed through its getters", async () => {
    const work = bench();
    const owned = await work.deployOwn("TwoStepOwned", [owner.address]);
    const enforcer = await work.deployOwn("TwoRulers", [owned.address, ZERO_ADDRESS]);
    const node = await tree(enforcer.address);
    expect(node).to.include({ kind: "contract", about: "a contract of an unknown kind" });
    expect(node.members.map(({ via }) => via)).to.deep.equal(["governance()"]);
    expect(node.members[0]?.members[0]?.address).to.equal(owner.address);
  });

  it("accounts: with code of their own, and those that nobody has", async () => {
    const delegated = await tree(owner.address);
    expect(delegated).to.include({ kind: "account" });
    await chain.node.request(
      "hardhat_setCode",
      admin.address,
      `0xef0100${stranger.address.slice(2)}`,
    );
    const node = await tree(admin.address);
    expect(node).to.include({ kind: "delegated-account" });
    expect(reach(node, [admin.address])).to.include({ now: true });
    for (const burnt of [ZERO_ADDRESS, "0x000000000000000000000000000000000000dEaD"] as const) {
      expect(await tree(burnt)).to.include({ kind: "nobody" });
      expect(reach(await tree(burnt), [burnt])).to.include({ now: false });
    }
  });

  it("names what the caller knows", async () => {
    const owned = await bench().deployOwn("TwoStepOwned", [owner.address]);
    const node = await treeOf(chain.node.url, owned.address, {
      label: (address) => (address === owner.address ? "Alice" : undefined),
    });
    expect(node.label).to.equal(null);
    expect(node.members[0]?.label).to.equal("Alice");
  });
});
