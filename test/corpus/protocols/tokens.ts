import { ZERO_ADDRESS } from "../../../src/chain/address.js";
import { admin, deployer, owner, pauser, stranger } from "../../helpers/accounts.js";
import { from } from "../artifacts.js";
import { protocol } from "../case.js";
import { answering, transparent } from "./shared.js";

const venus = from("@venusprotocol/venus-protocol@6.0.0");
const Wbtc = venus("artifacts/contracts/test/WBTC.sol/WBTVToken.json");
const Pausable = venus("artifacts/contracts/test/WBTC.sol/PausableToken.json");
const Xvs = venus("artifacts/contracts/Tokens/XVS/XVS.sol/XVS.json");
const MiniMe = from("@aragon/minime@1.0.0")("build/contracts/MiniMeToken.json");
const governance = from("@uniswap/governance@1.0.2");
const Uni = governance("build/Uni.json");
const Timelock = governance("build/Timelock.json");
const Governor = governance("build/GovernorAlpha.json");
const Lock = from("@unlock-protocol/contracts@0.0.34")("dist/abis/PublicLock/PublicLockV9.json");

export const tokens = protocol({
  name: "Tokens",
  cases: {
    wbtc: {
      title: "WBTC, of the time of OpenZeppelin 1",
      idiom: "pause()",
      proxy: null,
      authority: "two-step owner",
      verdict: "pausable",
      paused: false,
    },
    renounced: {
      title: "A PausableToken of the time of OpenZeppelin 1 whose owner has renounced",
      idiom: null,
      proxy: null,
      authority: null,
      verdict: "not-pausable",
      paused: false,
    },
    governed: {
      title: "A token that is frozen by the timelock of a governor",
      idiom: "freeze()",
      proxy: null,
      authority: "governor",
      verdict: "pausable",
      paused: false,
    },
    minime: {
      title: "MiniMe token, whose controller disables transfers",
      idiom: "enableTransfers(bool), the other way round",
      proxy: null,
      authority: "controller",
      verdict: "pausable",
      paused: false,
    },
    uni: {
      title: "UNI, which has a minter and nobody who may stop it",
      idiom: null,
      proxy: null,
      authority: null,
      verdict: "not-pausable",
      paused: null,
    },
    lock: {
      title: "Unlock membership, which a manager disables for ever",
      idiom: "disableLock(), one way",
      proxy: "transparent v4",
      authority: "lock manager",
      verdict: "pausable",
      paused: false,
      // Nothing starts it again, so nobody can see any more that it was stopped.
      pausedAfter: null,
    },
  },

  async deploy(bench) {
    const [wbtc, renounced] = [await bench.deploy(Wbtc), await bench.deploy(Pausable)];
    await wbtc.send(deployer, "transferOwnership", owner.address);
    await wbtc.send(owner, "claimOwnership");
    await renounced.send(deployer, "renounceOwnership");

    const governed = await bench.deploy(Xvs, [stranger.address]);
    const timelock = await bench.deploy(Timelock, [admin.address, 172_800]);
    const governor = await bench.deploy(Governor, [timelock.address, governed.address]);
    await timelock.send(timelock, "setPendingAdmin", governor.address);
    await timelock.send(governor, "acceptAdmin");
    await governed.send(deployer, "transferOwnership", timelock.address);

    const minime = await bench.deploy(MiniMe, [
      ZERO_ADDRESS,
      ZERO_ADDRESS,
      0,
      "Organization",
      18,
      "ORG",
      true,
    ]);
    await minime.send(deployer, "generateTokens", stranger.address, 100);
    await minime.send(deployer, "changeController", pauser.address);

    const uni = await bench.deploy(Uni, [stranger.address, owner.address, 4_000_000_000]);

    const lock = await transparent(bench, await bench.deploy(Lock));
    // Locks are made by the Unlock contract, which only takes notes of sales.
    const unlock = await answering(bench, 0);
    await lock.send(unlock, "initialize", owner.address, 1000, ZERO_ADDRESS, 0, 10, "Members");

    const transfer = ["transfer", owner.address, 0] as const;
    return {
      wbtc: {
        address: wbtc.address,
        stop: wbtc.call(owner, "pause"),
        start: wbtc.call(owner, "unpause"),
        probe: wbtc.call(stranger, ...transfer),
      },
      renounced: {
        address: renounced.address,
        probe: renounced.call(stranger, ...transfer),
        attempts: [deployer, owner, admin].map((account) => renounced.call(account, "pause")),
      },
      governed: {
        address: governed.address,
        stop: governed.call(timelock, "freeze"),
        start: governed.call(timelock, "unfreeze"),
        probe: governed.call(stranger, ...transfer),
      },
      minime: {
        address: minime.address,
        stop: minime.call(pauser, "enableTransfers", false),
        start: minime.call(pauser, "enableTransfers", true),
        probe: minime.call(stranger, "transfer", owner.address, 1),
      },
      uni: {
        address: uni.address,
        probe: uni.call(stranger, "transfer", owner.address, 1),
        attempts: [uni.call(owner, "setMinter", admin.address)],
      },
      lock: {
        address: lock.address,
        stop: lock.call(owner, "disableLock"),
        probe: lock.call(
          stranger,
          "purchase",
          0,
          stranger.address,
          ZERO_ADDRESS,
          ZERO_ADDRESS,
          "0x",
        ),
      },
    };
  },
});
