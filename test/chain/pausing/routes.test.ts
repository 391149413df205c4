import { expect } from "chai";

import type { Address } from "../../../src/chain/address.js";
import { inspectContract } from "../../../src/chain/inspection/contract.js";
import { findRoute, findRoutes, type RouteSearch } from "../../../src/chain/pausing/routes.js";
import { admin, owner, pauser, stranger } from "../../helpers/accounts.js";
import { useChain } from "../../helpers/chain.js";
import { deploy, execute } from "../../helpers/contracts.js";
import { nodeChain } from "../../helpers/node-chain.js";

/** A time that has passed, and one that has not: in seconds since 1970. */
const LONG_AGO = 1_000_000_000n;
const FAR_OFF = 100_000_000_000n;

describe("ways to stop a contract", () => {
  const chain = useChain();

  async function search(address: Address): Promise<RouteSearch & { readonly trips: number }> {
    const reader = nodeChain(chain.node.url);
    const { block, contract } = await inspectContract(reader, address);
    const before = reader.batches.length;
    const found = await findRoutes(reader, block, contract, []);
    return { ...found, trips: reader.batches.length - before };
  }

  async function idsOf(address: Address): Promise<readonly string[]> {
    const { found } = await search(address);
    return found.map(({ route }) => route.id);
  }

  describe("of its own", () => {
    it("are found in one round trip", async () => {
      const address = await deploy(chain.node, "Toggled", [owner.address]);
      const { found, trips } = await search(address);
      expect(found.map(({ route, paused }) => [route.id, paused])).to.deep.equal([
        ["toggle-pause", false],
      ]);
      expect(trips).to.equal(1);
    });

    it("may be read back by a getter that means the opposite", async () => {
      const address = await deploy(chain.node, "TradingSwitch", [owner.address]);
      const [seen] = (await search(address)).found;
      expect(seen?.route.id).to.equal("set-trading-enabled");
      expect(seen?.paused).to.equal(false);
      expect(seen?.route.pause.args).to.deep.equal(["false"]);
      const name = "TradingSwitch";
      await execute(chain.node, { name, address }, "setTradingEnabled", [false], owner);
      expect((await search(address)).found[0]?.paused).to.equal(true);
    });

    it("may have several flags: some of them set is partly", async () => {
      const address = await deploy(chain.node, "FiveFlags", [owner.address]);
      const paused = async () => (await search(address)).found[0]?.paused;
      const set = async (...flags: readonly boolean[]) => {
        await execute(chain.node, { name: "FiveFlags", address }, "pause", flags, owner);
      };
      expect(await paused()).to.equal(false);
      await set(true, false, false, false, false);
      expect(await paused()).to.equal("partly");
      await set(true, true, true, true, true);
      expect(await paused()).to.equal(true);
    });

    it("count only while they can be used: a window that has closed is a reason against them", async () => {
      const open = await deploy(chain.node, "PauseWindow", [owner.address, FAR_OFF]);
      expect(await idsOf(open)).to.deep.equal(["balancer-v2"]);
      const closed = await deploy(chain.node, "PauseWindow", [owner.address, LONG_AGO]);
      const { found, reasons } = await search(closed);
      expect(found).to.deep.equal([]);
      expect(reasons.join()).to.contain("its pause window closed on 2001-09-09");
    });

    it("are named when nothing is known to read them back with", async () => {
      const address = await deploy(chain.node, "PauseWithoutPaused", [owner.address]);
      const { found, reasons } = await search(address);
      expect(found).to.deep.equal([]);
      expect(reasons.join()).to.contain("pause()");
    });

    const lookalikes = [
      ["PermissiveFallback", []],
      ["PausedWithoutPause", []],
      ["ReturnBomb", [owner.address]],
      ["InfiniteLoop", [owner.address]],
    ] as const;
    for (const [name, args] of lookalikes) {
      it(`are not seen in a lookalike: ${name}`, async () => {
        const address = await deploy(chain.node, name, args);
        expect(await idsOf(address)).to.deep.equal([]);
      });
    }
  });

  describe("through an AccessManager", () => {
    it("close a target that is managed", async () => {
      const manager = await deploy(chain.node, "AccessManager", [admin.address]);
      const address = await deploy(chain.node, "ManagedVault", [manager]);
      const { found, trips } = await search(address);
      expect(found.map(({ route }) => route.id)).to.deep.equal(["access-manager-target"]);
      const route = found[0]?.route;
      expect(route?.pause.to).to.equal(manager);
      expect(route?.pause.args).to.deep.equal([address, "true"]);
      expect(route?.readBack.text).to.equal(`isTargetClosed(${address}) of ${manager}`);
      expect(trips).to.be.at.most(3);
    });

    it("come after the contract's own", async () => {
      const manager = await deploy(chain.node, "AccessManager", [admin.address]);
      const address = await deploy(chain.node, "ManagedPausable", [manager]);
      expect(await idsOf(address)).to.deep.equal(["openzeppelin", "access-manager-target"]);
    });

    it("are none when the authority is an account, or another contract", async () => {
      const other = await deploy(chain.node, "SetPaused", [owner.address]);
      for (const authority of [stranger.address, other]) {
        const address = await deploy(chain.node, "ManagedVault", [authority]);
        expect(await idsOf(address), authority).to.deep.equal([]);
      }
    });
  });

  describe("through a lending protocol", () => {
    const asset = stranger.address;

    it("stop a pool with all its reserves, or one of them", async () => {
      const pool = await deploy(chain.node, "Reserves", [owner.address]);
      await execute(chain.node, { name: "Reserves", address: pool }, "addReserve", [asset]);
      const token = await deploy(chain.node, "ReserveToken", [pool, asset]);
      const ofPool = (await search(pool)).found;
      expect(ofPool.map(({ route }) => route.id)).to.deep.equal(["aave-v3-pool"]);
      const [ofToken] = (await search(token)).found;
      expect(ofToken?.route.id).to.equal("aave-v3-reserve");
      expect(ofToken?.route.pause.to).to.equal(pool);
      expect(ofToken?.route.pause.args).to.deep.equal([asset, "true"]);
    });

    it("are partly stopped when one reserve of two is", async () => {
      const name = "Reserves";
      const address = await deploy(chain.node, name, [owner.address]);
      for (const each of [asset, pauser.address]) {
        await execute(chain.node, { name, address }, "addReserve", [each]);
      }
      await execute(chain.node, { name, address }, "setReservePause", [asset, true], owner);
      expect((await search(address)).found[0]?.paused).to.equal("partly");
    });

    it("are none while the pool has no reserve, and that is said", async () => {
      const { found, reasons } = await search(
        await deploy(chain.node, "Reserves", [owner.address]),
      );
      expect(found).to.deep.equal([]);
      expect(reasons.join()).to.contain("its list is empty");
    });

    it("are none when the configurator does not have the function", async () => {
      const name = "Reserves";
      const address = await deploy(chain.node, name, [owner.address]);
      await execute(chain.node, { name, address }, "addReserve", [asset]);
      const permissive = await deploy(chain.node, "PermissiveFallback");
      await execute(chain.node, { name, address }, "setConfigurator", [permissive]);
      expect(await idsOf(address)).to.deep.equal([]);
    });

    it("stop one action of a market each, borrowing first", async () => {
      const comptroller = await deploy(chain.node, "Markets", [admin.address, pauser.address]);
      const market = await deploy(chain.node, "Market", [comptroller]);
      const { found } = await search(market);
      expect(found.map(({ route }) => route.id)).to.deep.equal([
        "compound-v2-borrow",
        "compound-v2-mint",
      ]);
      expect(found.every(({ route }) => route.section === true)).to.equal(true);
    });
  });

  describe("through an enforcer", () => {
    it("need one that enforces just this contract", async () => {
      const name = "Enforcer";
      const enforcer = await deploy(chain.node, name, [pauser.address]);
      const address = await deploy(chain.node, "Enforced", [enforcer]);
      expect(await idsOf(address), "of nobody").to.deep.equal([]);
      const other = await deploy(chain.node, "Enforced", [enforcer]);
      await execute(chain.node, { name, address: enforcer }, "setTarget", [other]);
      expect(await idsOf(address), "of another").to.deep.equal([]);
      await execute(chain.node, { name, address: enforcer }, "setTarget", [address]);
      expect(await idsOf(address)).to.deep.equal(["ronin-enforcer"]);
    });
  });

  it("are found again by their id, and no others", async () => {
    const manager = await deploy(chain.node, "AccessManager", [admin.address]);
    const address = await deploy(chain.node, "ManagedPausable", [manager]);
    const reader = nodeChain(chain.node.url);
    const { block, contract } = await inspectContract(reader, address);
    const again = async (id: string) =>
      (await findRoute(reader, block, contract, [], id))?.route.pause.to;
    expect(await again("access-manager-target")).to.equal(manager);
    expect(await again("openzeppelin")).to.equal(address);
    expect(await again("comet")).to.equal(undefined);
    expect(await again("nonsense")).to.equal(undefined);
  });
});
