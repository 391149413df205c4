import { id } from "ethers";

import { ZERO_ADDRESS } from "../../../src/chain/address.js";
import { deployer, owner, pauser, stranger } from "../../helpers/accounts.js";
import { from } from "../artifacts.js";
import { protocol } from "../case.js";
import type { Contract } from "../workbench.js";
import { answering } from "./shared.js";

const connext = from("@connext/smart-contracts@2.4.0");
const inCore = (path: string) => {
  const name = path.split("/").at(-1) ?? "";
  return connext(`artifacts/contracts/${path}.sol/${name}.json`);
};
const Diamond = inCore("core/connext/helpers/ConnextDiamond");
const Init = inCore("core/connext/facets/upgrade-initializers/DiamondInit");
const Loupe = inCore("core/connext/facets/DiamondLoupeFacet");
const Cut = inCore("core/connext/facets/DiamondCutFacet");
const Ownable = inCore("core/connext/facets/ProposedOwnableFacet");
const Bridge = inCore("core/connext/facets/BridgeFacet");
const Watchers = inCore("messaging/WatcherManager");
const Root = inCore("messaging/RootManager");

export const connextBridge = protocol({
  name: "Connext",
  cases: {
    diamond: {
      title: "Connext diamond, paused by its owner",
      idiom: "pause() of a facet",
      proxy: "diamond",
      authority: "two-step owner",
      verdict: "pausable",
      paused: false,
    },
    root: {
      title: "Connext RootManager, paused by any watcher of a list and started by its owner",
      idiom: "pause() by a watcher",
      proxy: null,
      authority: "registry",
      verdict: "pausable",
      paused: false,
    },
    watchers: {
      title: "Connext WatcherManager",
      idiom: null,
      proxy: null,
      authority: null,
      verdict: "not-pausable",
      paused: null,
    },
  },

  async deploy(bench) {
    const cut = async (facet: Contract) => {
      const selectors: string[] = [];
      facet.abi.forEachFunction(({ selector }) => selectors.push(selector));
      return await Promise.resolve([facet.address, 0, selectors]);
    };
    const init = await bench.deploy(Init);
    const [loupe, cutter, ownable, bridge] = [
      await bench.deploy(Loupe),
      await bench.deploy(Cut),
      await bench.deploy(Ownable),
      await bench.deploy(Bridge),
    ];
    const manager = await answering(bench, 1);
    const proxy = await bench.deploy(
      Diamond,
      [
        owner.address,
        await Promise.all([loupe, cutter, ownable, bridge].map(cut)),
        [[init.address, init.data("init", 1, manager, 604_800, manager)]],
      ],
      { from: owner },
    );
    const diamond = await ownable.at(proxy.address);

    const watchers = await bench.deploy(Watchers);
    await watchers.send(deployer, "addWatcher", pauser.address);
    const root = await bench.deploy(Root, [1, watchers.address, watchers.address, 1, 2]);
    return {
      diamond: {
        address: diamond.address,
        stop: diamond.call(owner, "pause"),
        start: diamond.call(owner, "unpause"),
        probe: {
          ...(await bridge.at(proxy.address)).call(
            stranger,
            "bumpTransfer(bytes32,address,uint256)",
            id("transfer"),
            ZERO_ADDRESS,
            1,
          ),
          stoppedBy: id("BaseConnextFacet__whenNotPaused_paused()").slice(2, 10),
        },
      },
      root: {
        address: root.address,
        stop: root.call(pauser, "pause"),
        start: root.call(deployer, "unpause"),
        probe: {
          ...root.call(stranger, "dequeue"),
          stoppedBy: "Pausable: paused",
        },
      },
      watchers: {
        address: watchers.address,
        probe: watchers.call(deployer, "addWatcher", stranger.address),
        attempts: [root.call(pauser, "pause")],
      },
    };
  },
});
