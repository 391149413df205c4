import { id } from "ethers";

import { ZERO_ADDRESS, type Address } from "../../../src/chain/address.js";
import { admin, deployer, owner, pauser, stranger } from "../../helpers/accounts.js";
import { from } from "../artifacts.js";
import { protocol } from "../case.js";
import type { Call, Contract } from "../workbench.js";
import { deploySafe, minimalProxy, TimelockController, transparent } from "./shared.js";

const v2 = from("@openzeppelin/contracts@2.5.1")("build/contracts/ERC20Pausable.json");
const crowdsale = from("@openzeppelin/contracts@2.5.1");
const v3 = from("@openzeppelin/contracts@3.4.2")("build/contracts/ERC20PresetMinterPauser.json");
const v4 = from("@openzeppelin/contracts@4.9.6");
const v4upgradeable = from("@openzeppelin/contracts-upgradeable@4.9.6")(
  "build/contracts/ERC20PresetMinterPauserUpgradeable.json",
);
const v5 = from("@openzeppelin/contracts@5.4.0");

const Crowdsale = crowdsale("build/contracts/PausableCrowdsaleImpl.json");
const SimpleToken = crowdsale("build/contracts/SimpleToken.json");
const Nft = v4("build/contracts/ERC721PresetMinterPauserAutoId.json");
const Multi = v4("build/contracts/ERC1155PresetMinterPauser.json");
const UpgradeableBeaconV4 = v4("build/contracts/UpgradeableBeacon.json");
const BeaconProxyV4 = v4("build/contracts/BeaconProxy.json");
const TransparentV5 = v5("build/contracts/TransparentUpgradeableProxy.json");
const BeaconV5 = v5("build/contracts/UpgradeableBeacon.json");
const BeaconProxyV5 = v5("build/contracts/BeaconProxy.json");
const AccessManager = v5("build/contracts/AccessManager.json");

const PAUSER_ROLE = id("PAUSER_ROLE");
const ADMIN_ROLE = `0x${"0".repeat(64)}`;

export const openzeppelin = protocol({
  name: "OpenZeppelin",
  cases: {
    v2Token: {
      title: "OpenZeppelin 2 ERC20Pausable, with a pauser",
      idiom: "pause()",
      proxy: null,
      authority: "PauserRole",
      verdict: "pausable",
      paused: false,
    },
    v2Renounced: {
      title: "OpenZeppelin 2 ERC20Pausable whose last pauser renounced",
      idiom: null,
      proxy: null,
      authority: null,
      verdict: ["not-pausable", "unknown"],
      paused: false,
    },
    v2Crowdsale: {
      title: "OpenZeppelin 2 PausableCrowdsale",
      idiom: "pause()",
      proxy: null,
      authority: "PauserRole",
      verdict: "pausable",
      paused: false,
    },
    v3Safe: {
      title: "OpenZeppelin 3 token preset, paused by a Safe",
      idiom: "pause()",
      proxy: null,
      authority: "Safe",
      verdict: "pausable",
      paused: false,
    },
    v4Transparent: {
      title: "OpenZeppelin 4 token preset behind a transparent proxy, paused by a timelock",
      idiom: "pause()",
      proxy: "transparent v4",
      authority: "timelock",
      verdict: "pausable",
      paused: false,
    },
    v4Beacon: {
      title: "OpenZeppelin 4 token preset behind a beacon",
      idiom: "pause()",
      proxy: "beacon",
      authority: "AccessControlEnumerable",
      verdict: "pausable",
      paused: false,
    },
    v4Clone: {
      title: "OpenZeppelin 4 token preset as an EIP-1167 clone, paused at present",
      idiom: "pause()",
      proxy: "eip-1167",
      authority: "AccessControlEnumerable",
      verdict: "pausable",
      paused: true,
    },
    v4UnderV5: {
      title: "OpenZeppelin 4 token preset behind a transparent proxy of version 5",
      idiom: "pause()",
      proxy: "transparent v5",
      authority: "AccessControlEnumerable",
      verdict: "pausable",
      paused: false,
    },
    v5Beacon: {
      title: "OpenZeppelin 4 token preset behind a beacon of version 5, stopped for ever",
      idiom: null,
      proxy: "beacon",
      authority: null,
      verdict: ["not-pausable", "unknown"],
      paused: true,
    },
    v4Nft: {
      title: "OpenZeppelin 4 ERC-721 preset whose roles were all renounced",
      idiom: null,
      proxy: null,
      authority: null,
      verdict: "not-pausable",
      paused: false,
    },
    v4Multi: {
      title: "OpenZeppelin 4 ERC-1155 preset, with two pausers",
      idiom: "pause()",
      proxy: null,
      authority: "AccessControlEnumerable",
      verdict: "pausable",
      paused: false,
    },
    implementation: {
      title: "OpenZeppelin 4 token preset, the implementation itself, which nobody initialised",
      idiom: null,
      proxy: null,
      authority: null,
      verdict: "not-pausable",
      paused: false,
    },
    managed: {
      title: "OpenZeppelin 5 AccessManaged contract, paused by a role of its AccessManager",
      idiom: "pause()",
      proxy: null,
      authority: "AccessManager",
      verdict: "pausable",
      paused: false,
    },
    manager: {
      title: "OpenZeppelin 5 AccessManager itself",
      idiom: null,
      proxy: null,
      authority: null,
      verdict: "not-pausable",
      paused: null,
    },
    timelock: {
      title: "OpenZeppelin 4 TimelockController",
      idiom: null,
      proxy: null,
      authority: null,
      verdict: "not-pausable",
      paused: null,
    },
  },

  async deploy(bench) {
    const [v2Token, v2Renounced] = [
      await bench.deploy(v2, [], { from: pauser }),
      await bench.deploy(v2),
    ];
    await v2Renounced.send(deployer, "renouncePauser");
    const sold = await bench.deploy(SimpleToken);
    const v2Crowdsale = await bench.deploy(Crowdsale, [1, owner.address, sold.address]);
    await sold.send(deployer, "transfer", v2Crowdsale.address, 10n ** 20n);

    const v3Token = await bench.deploy(v3, ["Token", "TKN"]);
    const safe = await deploySafe(bench, [owner, admin, pauser], 2);
    await v3Token.send(deployer, "grantRole", PAUSER_ROLE, safe.address);
    await v3Token.send(deployer, "renounceRole", PAUSER_ROLE, deployer.address);

    const implementation = await bench.deploy(v4upgradeable);
    const initialise = ["initialize", "Token", "TKN"] as const;
    const data = implementation.data(...initialise);

    const timelock = await bench.deploy(TimelockController, [
      86_400,
      [owner.address],
      [owner.address],
      ZERO_ADDRESS,
    ]);
    // The preset gives its roles to whoever initialises it, which must not be the proxy's admin.
    const v4Transparent = await transparent(bench, implementation);
    await v4Transparent.send(deployer, ...initialise);
    await hand(v4Transparent, timelock.address);

    const beacon = await bench.deploy(UpgradeableBeaconV4, [implementation.address]);
    const v4Beacon = await implementation.at(
      (await bench.deploy(BeaconProxyV4, [beacon.address, "0x"])).address,
    );
    await v4Beacon.send(deployer, ...initialise);
    await hand(v4Beacon, pauser.address);

    const v4Clone = await minimalProxy(bench, implementation);
    await v4Clone.send(deployer, ...initialise);
    await hand(v4Clone, pauser.address);
    await v4Clone.send(pauser, "pause");

    const v4UnderV5 = await implementation.at(
      (await bench.deploy(TransparentV5, [implementation.address, admin.address, "0x"])).address,
    );
    await v4UnderV5.send(deployer, ...initialise);
    await hand(v4UnderV5, pauser.address);

    const beaconV5 = await bench.deploy(BeaconV5, [implementation.address, owner.address]);
    const v5Beacon = await implementation.at(
      (await bench.deploy(BeaconProxyV5, [beaconV5.address, data])).address,
    );
    await v5Beacon.send(deployer, "pause");
    for (const role of [PAUSER_ROLE, ADMIN_ROLE]) {
      await v5Beacon.send(deployer, "renounceRole", role, deployer.address);
    }

    const v4Nft = await bench.deploy(Nft, ["Things", "THG", "https://example.invalid/"]);
    await v4Nft.send(deployer, "mint", stranger.address);
    for (const role of [PAUSER_ROLE, ADMIN_ROLE]) {
      await v4Nft.send(deployer, "renounceRole", role, deployer.address);
    }
    const v4Multi = await bench.deploy(Multi, ["https://example.invalid/"]);
    await v4Multi.send(deployer, "mint", stranger.address, 1, 10, "0x");
    await v4Multi.send(deployer, "grantRole", PAUSER_ROLE, pauser.address);

    const manager = await bench.deploy(AccessManager, [admin.address]);
    const managed = await bench.deployOwn("ManagedPausable", [manager.address]);
    const functions = ["0x8456cb59", "0x3f4ba83a"];
    await manager.send(admin, "setTargetFunctionRole", managed.address, functions, 7);
    await manager.send(admin, "grantRole", 7, pauser.address, 0);

    const transferred = (token: Contract) => token.call(stranger, "transfer", owner.address, 0);
    const pausing = (
      token: Contract,
      by: { readonly address: Address },
      probe: Call = transferred(token),
    ) => ({
      address: token.address,
      stop: token.call(by.address, "pause"),
      start: token.call(by.address, "unpause"),
      probe,
    });
    const refused = (token: Contract) =>
      [deployer, owner, admin, pauser].map((account) => token.call(account, "pause"));
    return {
      v2Token: pausing(v2Token, pauser),
      v2Renounced: {
        address: v2Renounced.address,
        probe: transferred(v2Renounced),
        attempts: refused(v2Renounced),
      },
      v2Crowdsale: pausing(v2Crowdsale, deployer, {
        ...v2Crowdsale.call(stranger, "buyTokens", stranger.address),
        valueWei: 1000n,
      }),
      v3Safe: pausing(v3Token, safe),
      v4Transparent: pausing(v4Transparent, timelock),
      v4Beacon: pausing(v4Beacon, pauser),
      v4Clone: pausing(v4Clone, pauser),
      v4UnderV5: pausing(v4UnderV5, pauser),
      v5Beacon: {
        address: v5Beacon.address,
        probe: transferred(v5Beacon),
        attempts: refused(v5Beacon),
      },
      v4Nft: {
        address: v4Nft.address,
        probe: v4Nft.call(stranger, "transferFrom", stranger.address, owner.address, 0),
        attempts: refused(v4Nft),
      },
      v4Multi: pausing(
        v4Multi,
        pauser,
        v4Multi.call(stranger, "safeTransferFrom", stranger.address, owner.address, 1, 1, "0x"),
      ),
      implementation: {
        address: implementation.address,
        probe: transferred(implementation),
        attempts: refused(implementation),
      },
      managed: {
        ...pausing(managed, pauser, managed.call(stranger, "work")),
        also: ["setTargetClosed(address,bool)"],
      },
      manager: {
        address: manager.address,
        probe: manager.call(admin, "labelRole", 9, "nine"),
        attempts: [manager.call(admin, "setTargetClosed", managed.address, true)],
      },
      timelock: {
        address: timelock.address,
        probe: timelock.call(
          owner,
          "schedule",
          stranger.address,
          0,
          "0x",
          ADMIN_ROLE,
          ADMIN_ROLE,
          86_400,
        ),
        attempts: [],
      },
    };
  },
});

/** Gives the power to pause to somebody else, as a project does after it has deployed. */
async function hand(token: Contract, to: string): Promise<void> {
  await token.send(deployer, "grantRole", PAUSER_ROLE, to);
  await token.send(deployer, "renounceRole", PAUSER_ROLE, deployer.address);
}
