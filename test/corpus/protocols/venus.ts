import { ZERO_ADDRESS } from "../../../src/chain/address.js";
import { admin, deployer, owner, pauser, stranger } from "../../helpers/accounts.js";
import { from } from "../artifacts.js";
import { protocol, type CaseFacts } from "../case.js";
import type { Contract } from "../workbench.js";
import { plainToken, transparent } from "./shared.js";

const core = from("@venusprotocol/venus-protocol@6.0.0");
const inCore = (path: string) => core(`artifacts/contracts/${path}.json`);
const Unitroller = inCore("Comptroller/Unitroller.sol/Unitroller");
const Diamond = inCore("Comptroller/Diamond/Diamond.sol/Diamond");
const facets = ["MarketFacet", "PolicyFacet", "RewardFacet", "SetterFacet"].map((name) =>
  inCore(`Comptroller/Diamond/facets/${name}.sol/${name}`),
);
const Vault = inCore("XVSVault/XVSVault.sol/XVSVault");
const VaultProxy = inCore("XVSVault/XVSVaultProxy.sol/XVSVaultProxy");
const Store = inCore("XVSVault/XVSStore.sol/XVSStore");
const Xvs = inCore("Tokens/XVS/XVS.sol/XVS");
const Liquidity = inCore("Tokens/Prime/PrimeLiquidityProvider.sol/PrimeLiquidityProvider");
const Prime = inCore("Tokens/Prime/Prime.sol/Prime");

const isolated = from("@venusprotocol/isolated-pools@1.0.0");
const inIsolated = (name: string) => isolated(`artifacts/contracts/${name}.json`);
const AccessControl = isolated(
  "artifacts/@venusprotocol/governance-contracts/contracts/Governance/AccessControlManager.sol/AccessControlManager.json",
);
const Comptroller = inIsolated("Comptroller.sol/Comptroller");
const VToken = inIsolated("VToken.sol/VToken");
const Shortfall = inIsolated("Shortfall/Shortfall.sol/Shortfall");
const Rates = inIsolated("WhitePaperInterestRateModel.sol/WhitePaperInterestRateModel");
const beacons = "artifacts/@openzeppelin/contracts/proxy/beacon";
const Beacon = isolated(`${beacons}/UpgradeableBeacon.sol/UpgradeableBeacon.json`);
const BeaconProxy = isolated(`${beacons}/BeaconProxy.sol/BeaconProxy.json`);

const shared = { authority: "AccessControlManager", verdict: "pausable", paused: false } as const;

export const venus = protocol({
  name: "Venus",
  cases: {
    comptroller: {
      ...shared,
      title: "Venus core Comptroller: a Unitroller over a diamond",
      idiom: "_setProtocolPaused(bool)",
      proxy: "Unitroller over a diamond",
    },
    vault: {
      ...shared,
      title: "Venus XVSVault, which is resumed",
      idiom: "pause() and resume()",
      proxy: "Unitroller-like",
    },
    liquidity: {
      ...shared,
      title: "Venus Prime's liquidity provider",
      idiom: "pauseFundsTransfer()",
      proxy: "transparent v4",
    },
    prime: {
      ...shared,
      title: "Venus Prime, toggled, and paused since it was initialised",
      idiom: "togglePause()",
      proxy: "transparent v4",
      paused: true,
    },
    xvs: {
      title: "Venus XVS, frozen by its owner",
      idiom: "freeze()",
      proxy: null,
      authority: "owner",
      verdict: "pausable",
      paused: false,
    },
    pool: {
      ...shared,
      title: "Venus isolated pool's Comptroller, which pauses actions of markets",
      idiom: "setActionsPaused(address[],uint8[],bool)",
      proxy: "beacon",
      paused: false,
      pausedAfter: null,
    },
    market: {
      ...shared,
      title: "Venus isolated market, stopped through its Comptroller",
      idiom: "setActionsPaused of a market's Comptroller",
      proxy: "beacon",
      verdict: "pausable-elsewhere",
      paused: false,
    },
    shortfall: {
      ...shared,
      title: "Venus Shortfall auctions",
      idiom: "pauseAuctions()",
      proxy: "transparent v4",
    },
  } satisfies Record<string, CaseFacts>,

  async deploy(bench) {
    const rights = await bench.deploy(AccessControl);
    const allow = async (contract: Contract, ...signatures: readonly string[]) => {
      for (const signature of signatures) {
        await rights.send(
          deployer,
          "giveCallPermission",
          contract.address,
          signature,
          pauser.address,
        );
      }
    };

    const unitroller = await bench.deploy(Unitroller);
    const diamond = await bench.deploy(Diamond);
    await unitroller.send(deployer, "_setPendingImplementation", diamond.address);
    await diamond.send(deployer, "_become", unitroller.address);
    const cuts = [];
    const taken = new Set<string>();
    const parts: Contract[] = [];
    for (const file of facets) {
      const facet = await bench.deploy(file);
      const selectors: string[] = [];
      facet.abi.forEachFunction(({ selector }) => selectors.push(selector));
      const fresh = selectors.filter((selector) => !taken.has(selector));
      fresh.forEach((selector) => taken.add(selector));
      cuts.push([facet.address, 0, fresh]);
      parts.push(await facet.at(unitroller.address));
    }
    await (await diamond.at(unitroller.address)).send(deployer, "diamondCut", cuts);
    const [, policy, , setter] = parts;
    if (policy === undefined || setter === undefined) {
      throw new Error("four facets");
    }
    await setter.send(deployer, "_setAccessControl", rights.address);
    await allow(setter, "_setProtocolPaused(bool)");

    const xvs = await bench.deploy(Xvs, [stranger.address]);
    const vaultCode = await bench.deploy(Vault);
    const vaultProxy = await bench.deploy(VaultProxy);
    await vaultProxy.send(deployer, "_setPendingImplementation", vaultCode.address);
    await vaultCode.send(deployer, "_become", vaultProxy.address);
    const vault = await vaultCode.at(vaultProxy.address);
    const store = await bench.deploy(Store);
    await store.send(deployer, "setNewOwner", vault.address);
    await vault.send(deployer, "setXvsStore", xvs.address, store.address);
    await vault.send(deployer, "setAccessControl", rights.address);
    await allow(vault, "pause()", "resume()");
    await xvs.send(deployer, "transferOwnership", owner.address);

    const liquidity = await transparent(bench, await bench.deploy(Liquidity), [
      "initialize",
      rights.address,
      [xvs.address],
      [0],
      [10n ** 18n],
      10,
    ]);
    await liquidity.send(deployer, "setPrimeToken", stranger.address);
    await allow(liquidity, "pauseFundsTransfer()", "resumeFundsTransfer()");

    const prime = await transparent(
      bench,
      await bench.deploy(Prime, [xvs.address, xvs.address, 10_512_000, 100, 1000, 10_000]),
      [
        "initialize",
        vault.address,
        xvs.address,
        0,
        1,
        2,
        rights.address,
        liquidity.address,
        unitroller.address,
        xvs.address,
        10,
      ],
    );
    await allow(prime, "togglePause()");

    const beacon = async (implementation: Contract, ...args: readonly unknown[]) => {
      const { address } = await bench.deploy(Beacon, [implementation.address]);
      const data = implementation.data("initialize", ...args);
      return await implementation.at((await bench.deploy(BeaconProxy, [address, data])).address);
    };
    const pool = await beacon(await bench.deploy(Comptroller, [admin.address]), 10, rights.address);
    const underlying = await plainToken(bench, stranger);
    const market = await beacon(
      await bench.deploy(VToken),
      underlying.address,
      pool.address,
      (await bench.deploy(Rates, [0, 10n ** 17n])).address,
      10n ** 18n,
      "Venus token",
      "vTKN",
      18,
      deployer.address,
      rights.address,
      [owner.address, owner.address],
      0,
    );
    const caps = "setMarketSupplyCaps(address[],uint256[])";
    // The contract itself names the permission with uint256.
    await allow(pool, caps, "setActionsPaused(address[],uint256[],bool)");
    await pool.send(admin, "supportMarket", market.address);
    await pool.send(pauser, "setMarketSupplyCaps", [market.address], [10n ** 30n]);
    await underlying.send(stranger, "approve", market.address, 10n ** 20n);

    const shortfall = await transparent(bench, await bench.deploy(Shortfall), [
      "initialize",
      xvs.address,
      owner.address,
      1000,
      rights.address,
    ]);
    await allow(shortfall, "pauseAuctions()", "resumeAuctions()");

    const [actions, none] = [[0, 1, 2, 3, 4, 5, 6, 7, 8], ZERO_ADDRESS];
    return {
      comptroller: {
        address: unitroller.address,
        stop: setter.call(pauser, "_setProtocolPaused", true),
        start: setter.call(pauser, "_setProtocolPaused", false),
        probe: {
          ...policy.call(stranger, "mintAllowed", none, none, 1),
          stoppedBy: "protocol is paused",
        },
      },
      vault: {
        address: vault.address,
        stop: vault.call(pauser, "pause"),
        start: vault.call(pauser, "resume"),
        probe: {
          ...vault.call(stranger, "claim", stranger.address, xvs.address, 0),
          stoppedBy: "Vault is paused",
        },
      },
      liquidity: {
        address: liquidity.address,
        stop: liquidity.call(pauser, "pauseFundsTransfer"),
        start: liquidity.call(pauser, "resumeFundsTransfer"),
        probe: liquidity.call(stranger, "releaseFunds", xvs.address),
      },
      prime: {
        address: prime.address,
        stop: prime.call(pauser, "togglePause"),
        start: prime.call(pauser, "togglePause"),
        probe: {
          ...prime.call(stranger, "claimInterest(address)", xvs.address),
          stoppedBy: "Pausable: paused",
        },
      },
      xvs: {
        address: xvs.address,
        stop: xvs.call(owner, "freeze"),
        start: xvs.call(owner, "unfreeze"),
        probe: xvs.call(stranger, "transfer", owner.address, 1),
      },
      pool: {
        address: pool.address,
        stop: pool.call(pauser, "setActionsPaused", [market.address], actions, true),
        start: pool.call(pauser, "setActionsPaused", [market.address], actions, false),
        probe: pool.call(stranger, "enterMarkets", [market.address]),
      },
      market: {
        address: market.address,
        stop: pool.call(pauser, "setActionsPaused", [market.address], [0], true),
        start: pool.call(pauser, "setActionsPaused", [market.address], [0], false),
        probe: market.call(stranger, "mint", 1000),
      },
      shortfall: {
        address: shortfall.address,
        stop: shortfall.call(pauser, "pauseAuctions"),
        start: shortfall.call(pauser, "resumeAuctions"),
        probe: {
          ...shortfall.call(stranger, "startAuction", pool.address),
          stoppedBy: "Auctions are paused",
        },
      },
    };
  },
});
