import { ZERO_ADDRESS } from "../../../src/chain/address.js";
import { admin, deployer, owner, stranger } from "../../helpers/accounts.js";
import { from } from "../artifacts.js";
import { protocol } from "../case.js";
import { plainToken, transparent } from "./shared.js";

const nitro = from("@arbitrum/nitro-contracts@3.2.0");
const inBuild = (folder: string, name: string) =>
  nitro(`build/contracts/src/${folder}/${name}.sol/${name}.json`);
const Bridge = inBuild("bridge", "Bridge");
const Inbox = inBuild("bridge", "Inbox");
const Outbox = inBuild("bridge", "Outbox");
const Sequencer = inBuild("bridge", "SequencerInbox");
const Events = inBuild("rollup", "RollupEventInbox");
const RollupProxy = inBuild("rollup", "RollupProxy");
const AdminLogic = inBuild("rollup", "RollupAdminLogic");
const UserLogic = inBuild("rollup", "RollupUserLogic");

const ZERO_WORD = `0x${"0".repeat(64)}`;

export const arbitrum = protocol({
  name: "Arbitrum",
  cases: {
    rollup: {
      title: "Arbitrum rollup, whose proxy has one logic for its admin and one for all others",
      idiom: "pause() and resume(), for the proxy's admin",
      proxy: "two logics",
      authority: "proxy admin",
      verdict: "pausable",
      paused: false,
    },
    inbox: {
      title: "Arbitrum inbox, paused by the owner of the rollup of its bridge",
      idiom: "pause() by bridge().rollup().owner()",
      proxy: "transparent v4",
      authority: "owner of another contract",
      verdict: "pausable",
      paused: false,
    },
    bridge: {
      title: "Arbitrum bridge",
      idiom: null,
      proxy: "transparent v4",
      authority: null,
      verdict: "not-pausable",
      paused: null,
    },
  },

  async deploy(bench) {
    const stake = await plainToken(bench, stranger);
    const rollup = await bench.deploy(RollupProxy);
    const bridge = await transparent(bench, await bench.deploy(Bridge), [
      "initialize",
      rollup.address,
    ]);
    const variation = [100, 100, 1000, 1000];
    const buffer = [0, 0, 0];
    const sequencer = await transparent(
      bench,
      await bench.deploy(Sequencer, [100_000, stake.address, false, false]),
      ["initialize", bridge.address, variation, buffer, ZERO_ADDRESS],
    );
    const inbox = await transparent(bench, await bench.deploy(Inbox, [100_000]), [
      "initialize",
      bridge.address,
      sequencer.address,
    ]);
    const outbox = await transparent(bench, await bench.deploy(Outbox), [
      "initialize",
      bridge.address,
    ]);
    const events = await transparent(bench, await bench.deploy(Events), [
      "initialize",
      bridge.address,
    ]);
    const [adminLogic, userLogic] = [await bench.deploy(AdminLogic), await bench.deploy(UserLogic)];
    await rollup.send(
      deployer,
      "initializeProxy",
      [
        20,
        stake.address,
        1,
        ZERO_WORD,
        owner.address,
        admin.address,
        412_346,
        "{}",
        75,
        201_600,
        [1, 1, 1],
        variation,
        64,
        64,
        64,
        [
          [
            [ZERO_WORD, ZERO_WORD],
            [0, 0],
          ],
          1,
          ZERO_WORD,
        ],
        0,
        ZERO_ADDRESS,
        1,
        10,
        buffer,
        0,
      ],
      [
        bridge.address,
        sequencer.address,
        inbox.address,
        outbox.address,
        events.address,
        stake.address,
        adminLogic.address,
        userLogic.address,
        stake.address,
      ],
    );
    const asAdmin = await adminLogic.at(rollup.address);
    const asUser = await userLogic.at(rollup.address);
    return {
      rollup: {
        address: rollup.address,
        stop: asAdmin.call(owner, "pause"),
        start: asAdmin.call(owner, "resume"),
        probe: { ...asUser.call(stranger, "withdrawStakerFunds"), stoppedBy: "Pausable: paused" },
      },
      inbox: {
        address: inbox.address,
        stop: inbox.call(owner, "pause"),
        start: inbox.call(owner, "unpause"),
        probe: { ...inbox.call(stranger, "depositEth()"), valueWei: 1000n },
      },
      bridge: {
        address: bridge.address,
        probe: bridge.call(rollup, "setDelayedInbox", stranger.address, true),
        attempts: [asAdmin.call(owner, "pause")],
      },
    };
  },
});
