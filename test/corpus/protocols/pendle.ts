import { id } from "ethers";

import { admin, deployer, owner, pauser, stranger } from "../../helpers/accounts.js";
import { from } from "../artifacts.js";
import { protocol } from "../case.js";
import { erc1967, plainToken } from "./shared.js";

const pendle = from("@pendle/core-v2@6.11.0");
const inBuild = (folder: string, name: string) =>
  pendle(`build/artifacts/contracts/${folder}/${name}.sol/${name}.json`);
const Governance = inBuild("offchain-helpers", "PendleGovernanceProxy");
const FixedPrice = inBuild("cross-chain", "FixedPricePTAMMV2");
const Token = from("@openzeppelin/contracts@4.9.6")("build/contracts/ERC20PresetMinterPauser.json");

const PAUSER_ROLE = id("PAUSER_ROLE");

export const pendleMarkets = protocol({
  name: "Pendle",
  cases: {
    guarded: {
      title: "A token that only Pendle's governance proxy may pause, for its guardian",
      idiom: "pause(address[]) of an enforcer",
      proxy: null,
      authority: "guardian of an enforcer",
      verdict: ["pausable-elsewhere", "pausable"],
      paused: false,
    },
    fixedPrice: {
      title: "Pendle's fixed price market, which pauses one asset at a time",
      idiom: "setPausePtTrading(address,bool)",
      proxy: "erc-1967",
      authority: "two-step owner",
      verdict: ["pausable", "unknown"],
      paused: null,
      pausedAfter: null,
    },
  },

  async deploy(bench) {
    const governance = await erc1967(bench, await bench.deploy(Governance), [
      "initialize",
      admin.address,
    ]);
    const guardian = await governance.read("GUARDIAN");
    await governance.send(admin, "grantRole", guardian, pauser.address);
    const token = await bench.deploy(Token, ["Token", "TKN"]);
    await token.send(deployer, "grantRole", PAUSER_ROLE, governance.address);
    await token.send(deployer, "renounceRole", PAUSER_ROLE, deployer.address);

    const asset = await plainToken(bench, stranger);
    const fixedPrice = await erc1967(bench, await bench.deploy(FixedPrice, [asset.address]), [
      "initialize",
      owner.address,
    ]);
    await fixedPrice.send(owner, "setPriceOracle", asset.address, stranger.address, 1);
    return {
      guarded: {
        address: token.address,
        stop: governance.call(pauser, "pause", [token.address]),
        start: token.call(governance, "unpause"),
        probe: token.call(stranger, "transfer", owner.address, 0),
      },
      fixedPrice: {
        address: fixedPrice.address,
        stop: fixedPrice.call(owner, "setPausePtTrading", asset.address, true),
        start: fixedPrice.call(owner, "setPausePtTrading", asset.address, false),
        probe: {
          ...fixedPrice.call(stranger, "previewSwapExactPtForToken", asset.address, 1),
          stoppedBy: "trading paused",
        },
      },
    };
  },
});
