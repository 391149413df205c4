import { id } from "ethers";

import { deployer, owner, admin, pauser, stranger } from "../../helpers/accounts.js";
import { from } from "../artifacts.js";
import { protocol } from "../case.js";
import type { Contract } from "../workbench.js";
import { deploySafe, minimalProxy } from "./shared.js";

const legacy = from("@eth-optimism/contracts@0.6.0");
const LegacyMessenger = legacy(
  "artifacts/contracts/L1/messaging/L1CrossDomainMessenger.sol/L1CrossDomainMessenger.json",
);
const ResolvedProxy = legacy(
  "artifacts/contracts/libraries/resolver/Lib_ResolvedDelegateProxy.sol/Lib_ResolvedDelegateProxy.json",
);
const AddressManager = legacy(
  "artifacts/contracts/libraries/resolver/Lib_AddressManager.sol/Lib_AddressManager.json",
);
const bedrock = from("@eth-optimism/contracts-bedrock@0.17.3");
const inForge = (name: string) => bedrock(`forge-artifacts/${name}.sol/${name}.json`);
const SuperchainConfig = inForge("SuperchainConfig");
const Portal = inForge("OptimismPortal");
const Oracle = inForge("L2OutputOracle");
const SystemConfig = inForge("SystemConfig");
const OpProxy = inForge("Proxy");
const Messenger = inForge("L1CrossDomainMessenger");
const DeputyModule = inForge("DeputyGuardianModule");

const ZERO_WORD = `0x${"0".repeat(64)}`;

export const optimism = protocol({
  name: "Optimism",
  cases: {
    legacy: {
      title: "Optimism's first messenger, which cannot be started again",
      idiom: "pause(), one way",
      proxy: "address manager",
      authority: "owner",
      verdict: "pausable",
      paused: false,
    },
    superchain: {
      title: "Optimism SuperchainConfig, paused by a Safe",
      idiom: "pause(string)",
      proxy: "Optimism Proxy",
      authority: "Safe",
      verdict: "pausable",
      paused: false,
    },
    portal: {
      title: "Optimism portal, stopped through its SuperchainConfig",
      idiom: "SuperchainConfig of a portal",
      proxy: "Optimism Proxy",
      authority: "Safe",
      verdict: "pausable-elsewhere",
      paused: false,
    },
    messenger: {
      title: "Optimism's messenger behind its address manager, stopped through SuperchainConfig",
      idiom: "SuperchainConfig of a messenger",
      proxy: "address manager",
      authority: "Safe",
      verdict: "pausable-elsewhere",
      paused: false,
    },
    nobody: {
      title: "Optimism SuperchainConfig without a guardian",
      idiom: null,
      proxy: "eip-1167",
      authority: null,
      verdict: "not-pausable",
      paused: false,
    },
  },

  async deploy(bench) {
    const manager = await bench.deploy(AddressManager);
    const name = "OVM_L1CrossDomainMessenger";
    const legacyCode = await bench.deploy(LegacyMessenger);
    await manager.send(deployer, "setAddress", name, legacyCode.address);
    const resolved = await bench.deploy(ResolvedProxy, [manager.address, name]);
    const legacyMessenger = await legacyCode.at(resolved.address);
    await legacyMessenger.send(deployer, "initialize", manager.address);
    await legacyMessenger.send(deployer, "transferOwnership", owner.address);

    const behind = async (implementation: Contract, ...args: readonly unknown[]) => {
      const proxy = await bench.deploy(OpProxy, [deployer.address]);
      const data = implementation.data("initialize", ...args);
      await proxy.send(deployer, "upgradeToAndCall", implementation.address, data);
      await proxy.send(deployer, "changeAdmin", admin.address);
      return await implementation.at(proxy.address);
    };
    const guardian = await deploySafe(bench, [owner, admin, pauser], 2);
    const configCode = await bench.deploy(SuperchainConfig);
    const config = await behind(configCode, guardian.address, false);
    const oracle = await bench.deploy(Oracle);
    const system = await bench.deploy(SystemConfig);
    const portal = await behind(
      await bench.deploy(Portal),
      oracle.address,
      system.address,
      config.address,
    );
    const messengerCode = await bench.deploy(Messenger);
    await manager.send(deployer, "setAddress", "NEW_L1CrossDomainMessenger", messengerCode.address);
    const messenger = await messengerCode.at(
      (await bench.deploy(ResolvedProxy, [manager.address, "NEW_L1CrossDomainMessenger"])).address,
    );
    await messenger.send(deployer, "initialize", config.address, portal.address, system.address);
    const nobody = await minimalProxy(bench, configCode);
    // Anybody may send it through the deputy's module too, as the Safe has enabled it.
    const module = await bench.deploy(DeputyModule, [
      guardian.address,
      config.address,
      pauser.address,
    ]);
    await guardian.send(guardian, "enableModule", module.address);

    const paused = {
      stop: config.call(guardian, "pause", "now"),
      start: config.call(guardian, "unpause"),
    };
    const withdrawal = [0, owner.address, owner.address, 0, 0, "0x"];
    return {
      legacy: {
        address: legacyMessenger.address,
        stop: legacyMessenger.call(owner, "pause"),
        probe: {
          ...legacyMessenger.call(stranger, "relayMessage", owner.address, owner.address, "0x", 0, [
            ZERO_WORD,
            [0, ZERO_WORD, 0, 0, "0x"],
            [0, []],
            "0x",
            "0x",
          ]),
          stoppedBy: "Pausable: paused",
        },
      },
      superchain: {
        address: config.address,
        ...paused,
        probe: { ...config.call(stranger, "paused"), works: (answer) => BigInt(answer) === 0n },
      },
      portal: {
        address: portal.address,
        stop: module.call(pauser, "pause"),
        start: paused.start,
        probe: {
          ...portal.call(
            stranger,
            "proveWithdrawalTransaction",
            withdrawal,
            0,
            [ZERO_WORD, ZERO_WORD, ZERO_WORD, ZERO_WORD],
            [],
          ),
          stoppedBy: id("CallPaused()").slice(2, 10),
        },
      },
      messenger: {
        address: messenger.address,
        ...paused,
        probe: {
          ...messenger.call(stranger, "relayMessage", 0, owner.address, owner.address, 0, 0, "0x"),
          stoppedBy: "CrossDomainMessenger: paused",
        },
      },
      nobody: {
        address: nobody.address,
        probe: { ...nobody.call(stranger, "paused"), works: (answer) => BigInt(answer) === 0n },
        attempts: [owner, admin, pauser].map((account) => nobody.call(account, "pause", "now")),
      },
    };
  },
});
