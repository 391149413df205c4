import { ZERO_ADDRESS } from "../../../src/chain/address.js";
import { deployer, owner, stranger } from "../../helpers/accounts.js";
import { hex } from "../../helpers/contracts.js";
import { from } from "../artifacts.js";
import { protocol } from "../case.js";
import { answering, erc1967, plainToken } from "./shared.js";

const across = from("@across-protocol/contracts@5.0.27");
const Hub = across("dist/evm/artifacts/HubPool.sol/HubPool.json");
const Spoke = across("dist/evm/artifacts/Ethereum_SpokePool.sol/Ethereum_SpokePool.json");
const LpTokens = across("dist/evm/artifacts/LpTokenFactory.sol/LpTokenFactory.json");

const NOBODY = `0x${"0".repeat(64)}`;
const ROOT = `0x${"11".repeat(32)}`;

export const acrossBridge = protocol({
  name: "Across",
  cases: {
    hub: {
      title: "Across HubPool",
      idiom: "setPaused(bool)",
      proxy: null,
      authority: "owner",
      verdict: "pausable",
      paused: false,
    },
    spoke: {
      title: "Across SpokePool, whose deposits and fills are stopped apart",
      idiom: "pauseDeposits(bool)",
      proxy: "uups",
      authority: "owner",
      verdict: "pausable",
      paused: false,
      pausedAfter: null,
    },
  },

  async deploy(bench) {
    const token = await plainToken(bench, stranger);
    const factory = await bench.deploy(LpTokens);
    // In the place of UMA's registry: whoever is asked for is a contract that answers 1 to all questions.
    const one = await answering(bench, 1);
    const finder = await bench.create(
      hex(`0x601d600c600039601d6000f373${one.slice(2).toLowerCase()}60005260206000f3`),
    );
    const hub = await bench.deploy(Hub, [factory.address, finder, token.address, ZERO_ADDRESS]);
    await hub.send(deployer, "setBond", token.address, 10);
    await token.send(stranger, "approve", hub.address, 1000);
    await hub.send(deployer, "transferOwnership", owner.address);
    const spokeCode = await bench.deploy(Spoke, [token.address, 3600, 21_600, token.address]);
    const spoke = await erc1967(bench, spokeCode, ["initialize", 0, hub.address]);
    await spoke.send(deployer, "transferOwnership", owner.address);
    await token.send(stranger, "approve", spoke.address, 1000);
    const block = await bench.node.request("eth_getBlockByNumber", "latest", false);
    const now = timestampOf(block);
    const account = (address: string) => `0x${"0".repeat(24)}${address.slice(2)}`;
    return {
      hub: {
        address: hub.address,
        stop: hub.call(owner, "setPaused", true),
        start: hub.call(owner, "setPaused", false),
        probe: hub.call(stranger, "proposeRootBundle", [1], 1, ROOT, ROOT, ROOT),
      },
      spoke: {
        address: spoke.address,
        stop: spoke.call(owner, "pauseDeposits", true),
        start: spoke.call(owner, "pauseDeposits", false),
        also: ["pauseFills(bool)"],
        probe: spoke.call(
          stranger,
          "deposit",
          account(stranger.address),
          account(stranger.address),
          account(token.address),
          account(token.address),
          10,
          9,
          10,
          NOBODY,
          now,
          now + 3600,
          0,
          "0x",
        ),
      },
    };
  },
});

function timestampOf(block: unknown): number {
  return typeof block === "object" && block !== null && "timestamp" in block
    ? Number(block.timestamp)
    : 0;
}
