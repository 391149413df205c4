import { AbiCoder, id, parseEther } from "ethers";

import { deployer, owner, pauser, stranger } from "../../helpers/accounts.js";
import { from } from "../artifacts.js";
import { protocol } from "../case.js";
import type { Contract } from "../workbench.js";
import { answering } from "./shared.js";

const graph = from("@graphprotocol/contracts@7.2.1");
const inContracts = (folder: string, name: string) =>
  graph(`artifacts/contracts/${folder}/${name}.sol/${name}.json`);
const Controller = inContracts("governance", "Controller");
const Proxy = inContracts("upgrades", "GraphProxy");
const ProxyAdmin = inContracts("upgrades", "GraphProxyAdmin");
const Token = inContracts("token", "GraphToken");
const Curation = inContracts("curation", "Curation");
const CurationToken = inContracts("curation", "GraphCurationToken");
const Bancor = inContracts("bancor", "BancorFormula");
const Gateway = inContracts("gateway", "L1GraphTokenGateway");

export const theGraph = protocol({
  name: "The Graph",
  cases: {
    curation: {
      title: "The Graph's Curation, stopped through its Controller",
      idiom: "setPartialPaused(bool) of a controller",
      proxy: "GraphProxy",
      authority: "guardian",
      verdict: "pausable-elsewhere",
      paused: false,
    },
    gateway: {
      title: "The Graph's token gateway, paused at present",
      idiom: "setPaused(bool), with a guardian",
      proxy: "GraphProxy",
      authority: "guardian",
      verdict: "pausable",
      paused: true,
    },
    token: {
      title: "The Graph's token",
      idiom: null,
      proxy: null,
      authority: null,
      verdict: "not-pausable",
      paused: null,
    },
  },

  async deploy(bench) {
    const controller = await bench.deploy(Controller);
    const admin = await bench.deploy(ProxyAdmin);
    const token = await bench.deploy(Token, [parseEther("1000000")]);
    await controller.send(deployer, "setContractProxy", id("GraphToken"), token.address);
    await controller.send(deployer, "setPauseGuardian", pauser.address);
    // It is born paused.
    await controller.send(deployer, "setPaused", false);

    const behind = async (implementation: Contract, ...args: readonly unknown[]) => {
      const proxy = await bench.deploy(Proxy, [implementation.address, admin.address]);
      const data = implementation.data("initialize", ...args);
      await admin.send(deployer, "acceptProxyAndCall", implementation.address, proxy.address, data);
      return await implementation.at(proxy.address);
    };
    const bancor = await bench.deploy(Bancor);
    const master = await bench.deploy(CurationToken);
    const curation = await behind(
      await bench.deploy(Curation),
      controller.address,
      bancor.address,
      master.address,
      500_000,
      0,
      parseEther("1"),
    );
    await controller.send(deployer, "setContractProxy", id("Curation"), curation.address);
    await token.send(deployer, "transfer", stranger.address, parseEther("100"));
    await token.send(stranger, "approve", curation.address, parseEther("100"));

    const gateway = await behind(await bench.deploy(Gateway), controller.address);
    const inbox = await answering(bench, 1);
    await gateway.send(deployer, "setArbitrumAddresses", inbox, admin.address);
    await token.send(stranger, "approve", gateway.address, parseEther("100"));
    await gateway.send(deployer, "setL2TokenAddress", owner.address);
    await gateway.send(deployer, "setL2CounterpartAddress", pauser.address);
    await gateway.send(deployer, "setEscrowAddress", bancor.address);
    await gateway.send(deployer, "setPauseGuardian", pauser.address);

    return {
      curation: {
        address: curation.address,
        stop: controller.call(pauser, "setPartialPaused", true),
        start: controller.call(pauser, "setPartialPaused", false),
        probe: curation.call(stranger, "mint", id("subgraph"), parseEther("10"), 0),
      },
      gateway: {
        address: gateway.address,
        stop: gateway.call(pauser, "setPaused", true),
        start: gateway.call(pauser, "setPaused", false),
        probe: {
          ...gateway.call(
            stranger,
            "outboundTransfer",
            token.address,
            owner.address,
            1,
            1,
            1,
            AbiCoder.defaultAbiCoder().encode(["uint256", "bytes"], [1, "0x"]),
          ),
          valueWei: 2n,
        },
      },
      token: {
        address: token.address,
        probe: token.call(stranger, "transfer", owner.address, 1),
        attempts: [controller.call(pauser, "setPaused", true)],
      },
    };
  },
});
