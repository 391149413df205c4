import { encodeBytes32String } from "ethers";

import { deployer, owner, pauser, stranger } from "../../helpers/accounts.js";
import { from } from "../artifacts.js";
import { protocol } from "../case.js";
import { answering } from "./shared.js";

const release = from("synthetix@2.102.1");
const onMainnet = (name: string) => release("publish/deployed/mainnet/deployment.json", name);
const Status = onMainnet("SystemStatus");
const Snx = onMainnet("Synthetix");
const Proxy = onMainnet("ProxyERC20");
const State = onMainnet("LegacyTokenState");
const Resolver = onMainnet("AddressResolver");

export const synthetix = protocol({
  name: "Synthetix",
  cases: {
    snx: {
      title: "Synthetix SNX behind its proxy, stopped through SystemStatus",
      idiom: "suspendSystem(uint256) of a registry's SystemStatus",
      proxy: "Synthetix",
      authority: "access list",
      verdict: "pausable-elsewhere",
      paused: false,
    },
    status: {
      title: "Synthetix SystemStatus, which suspends sections",
      idiom: "suspendSystem(uint256)",
      proxy: null,
      authority: "access list",
      verdict: ["pausable", "unknown"],
      paused: false,
    },
    resolver: {
      title: "Synthetix AddressResolver",
      idiom: null,
      proxy: null,
      authority: null,
      verdict: "not-pausable",
      paused: null,
    },
  },

  async deploy(bench) {
    const status = await bench.deploy(Status, [owner.address]);
    const access = ["updateAccessControl", encodeBytes32String("System")] as const;
    await status.send(owner, ...access, pauser.address, true, true);
    const resolver = await bench.deploy(Resolver, [deployer.address]);
    const proxy = await bench.deploy(Proxy, [deployer.address]);
    const state = await bench.deploy(State, [deployer.address, deployer.address]);
    await state.send(deployer, "setBalanceOf", stranger.address, 1000);
    const code = await bench.deploy(Snx, [
      proxy.address,
      state.address,
      deployer.address,
      1000,
      resolver.address,
    ]);
    await state.send(deployer, "setAssociatedContract", code.address);
    await proxy.send(deployer, "setTarget", code.address);
    const answer = await bench.tryCall(code.call(deployer, "resolverAddressesRequired"));
    const names: unknown = code.abi
      .decodeFunctionResult("resolverAddressesRequired", answer ?? "0x")
      .at(0);
    // Nobody has debt: the other contracts of Synthetix answer 0 to all questions.
    const zero = await answering(bench, 0);
    const required = Array.isArray(names) ? names.map(String) : [];
    const parts = required.map((name) =>
      name === encodeBytes32String("SystemStatus") ? status.address : zero,
    );
    await resolver.send(deployer, "importAddresses", required, parts);
    await code.send(deployer, "rebuildCache");
    const snx = await code.at(proxy.address);
    return {
      snx: {
        address: snx.address,
        stop: status.call(pauser, "suspendSystem", 1),
        start: status.call(pauser, "resumeSystem"),
        probe: snx.call(stranger, "transfer", owner.address, 1),
      },
      status: {
        address: status.address,
        stop: status.call(pauser, "suspendSystem", 1),
        start: status.call(pauser, "resumeSystem"),
        probe: status.call(stranger, "requireSystemActive"),
      },
      resolver: {
        address: resolver.address,
        probe: resolver.call(deployer, "importAddresses", [], []),
        attempts: [status.call(pauser, "suspendSystem", 1)],
      },
    };
  },
});
