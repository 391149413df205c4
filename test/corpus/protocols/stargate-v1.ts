import { AbiCoder } from "ethers";

import { ZERO_ADDRESS } from "../../../src/chain/address.js";
import { deployer, owner, stranger } from "../../helpers/accounts.js";
import { from } from "../artifacts.js";
import { protocol } from "../case.js";
import { answering, plainToken } from "./shared.js";

const stargate = from("@stargatefinance/stg-evm-v1@1.0.33");
const inContracts = (name: string) => stargate(`artifacts/contracts/${name}.sol/${name}.json`);
const Factory = inContracts("Factory");
const Router = inContracts("Router");
const Pool = inContracts("Pool");
const Token = inContracts("StargateToken");

export const stargateV1 = protocol({
  name: "Stargate v1",
  cases: {
    pool: {
      title: "Stargate v1 pool, stopped through its Router",
      idiom: "setSwapStop(uint256,bool) of a router",
      proxy: null,
      authority: "owner",
      verdict: "pausable-elsewhere",
      paused: false,
    },
    token: {
      title: "Stargate token, whose sending to other chains is paused",
      idiom: "pauseSendTokens(bool)",
      proxy: null,
      authority: "owner",
      verdict: "pausable",
      paused: false,
    },
  },

  async deploy(bench) {
    const underlying = await plainToken(bench, stranger);
    const router = await bench.deploy(Router);
    const factory = await bench.deploy(Factory, [router.address]);
    // The bridge sends messages, and the library takes no fees.
    const [bridge, fees] = [await answering(bench, 1), await answering(bench, 0)];
    await router.send(deployer, "setBridgeAndFactory", bridge, factory.address);
    await factory.send(deployer, "setDefaultFeeLibrary", fees);
    await router.send(deployer, "createPool", 1, underlying.address, 6, 18, "Pool", "S*TKN");
    const pool = await bench.contract(Pool, await factory.read("getPool", 1));
    await router.send(deployer, "createChainPath", 1, 2, 1, 100);
    await router.send(deployer, "activateChainPath", 1, 2, 1);
    await router.send(bridge, "creditChainPath", 2, 1, 1, [10n ** 12n, 10n ** 12n]);
    await underlying.send(stranger, "approve", router.address, 10n ** 18n);
    await router.send(deployer, "transferOwnership", owner.address);

    const token = await bench.deploy(Token, ["Stargate", "STG", bridge, 1, 1000]);
    await token.send(deployer, "setDestination", 2, token.address);
    // What the user has came from another chain.
    const arrived = AbiCoder.defaultAbiCoder().encode(
      ["bytes", "uint256"],
      [stranger.address, 100],
    );
    await token.send(bridge, "lzReceive", 2, token.address, 1, arrived);
    await token.send(deployer, "transferOwnership", owner.address);
    return {
      pool: {
        address: pool.address,
        stop: router.call(owner, "setSwapStop", 1, true),
        start: router.call(owner, "setSwapStop", 1, false),
        probe: router.call(
          stranger,
          "swap",
          2,
          1,
          1,
          stranger.address,
          10n ** 15n,
          0,
          [0, 0, "0x"],
          "0x",
          "0x",
        ),
      },
      token: {
        address: token.address,
        stop: token.call(owner, "pauseSendTokens", true),
        start: token.call(owner, "pauseSendTokens", false),
        probe: token.call(stranger, "sendTokens", 2, "0x", 1, ZERO_ADDRESS, "0x"),
      },
    };
  },
});
