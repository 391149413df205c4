import { expect } from "chai";
import { id } from "ethers";

import type { Address } from "../../../src/chain/address.js";
import { LARGEST, selectorOf, type FixedCall } from "../../../src/chain/pausing/mechanism.js";
import { MECHANISMS } from "../../../src/chain/pausing/recognise.js";
import { owner, pauser, stranger } from "../../helpers/accounts.js";
import { useChain } from "../../helpers/chain.js";
import { artifact, deploy, execute, read } from "../../helpers/contracts.js";
import { expectRefusal, expectSuccess, listOf, onlyDocument } from "../../helpers/refusal.js";

/** One contract for each idiom, and how it says that it is stopped. */
const idioms = [
  { id: "openzeppelin", name: "OwnablePausable", args: [owner.address], readBack: "paused()" },
  { id: "set-paused", name: "SetPaused", args: [owner.address], readBack: "paused()" },
  {
    id: "eigenlayer",
    name: "BitmapPaused",
    args: [owner.address, owner.address],
    readBack: "paused()",
  },
  { id: "lido", name: "PausedUntil", args: [owner.address], readBack: "isPaused()" },
  { id: "ds-stop", name: "StopStart", args: [owner.address], readBack: "stopped()" },
  {
    id: "yearn-v2",
    name: "EmergencyShutdown",
    args: [owner.address],
    readBack: "emergencyShutdown()",
  },
] as const;

describe("ways to pause", () => {
  const chain = useChain();

  /** Whether the guarded function fails: what a pause is for. */
  async function isBlocked(name: string, address: Address): Promise<boolean> {
    const { abi } = await artifact(name);
    const data = abi.encodeFunctionData("work()");
    return await chain.node
      .request("eth_call", { from: stranger.address, to: address, data }, "latest")
      .then(
        () => false,
        () => true,
      );
  }

  it("declare the selectors of their signatures", () => {
    const calls = MECHANISMS.flatMap(({ pause, unpause, readBack }): (FixedCall | null)[] => [
      pause,
      unpause,
      readBack,
    ]).filter((call) => call !== null);
    expect(calls.map(selectorOf)).to.deep.equal(
      calls.map(({ signature }) => id(signature).slice(0, 10)),
    );
  });

  it("have ids that differ", () => {
    expect(new Set(MECHANISMS.map((mechanism) => mechanism.id)).size).to.equal(MECHANISMS.length);
  });

  for (const idiom of idioms) {
    it(`${idiom.id}: proved, stopped, and started again`, async () => {
      const address = await deploy(chain.node, idiom.name, idiom.args);
      const project = await chain.project({ accounts: [owner] });
      const verified = await project.run("verify-pausable", { contract: address, json: true });
      expectSuccess(verified);
      const [report] = listOf(onlyDocument(verified), "contracts");
      expect(report?.verdict).to.equal("pausable");
      const [mechanism] = listOf(report, "mechanisms");
      expect(mechanism?.id).to.equal(idiom.id);
      expect(mechanism?.readback).to.equal(idiom.readBack);

      expectSuccess(await project.run("pause", { contract: address, yes: true }));
      expect(await isBlocked(idiom.name, address)).to.equal(true);
      expectSuccess(await project.run("unpause", { contract: address, yes: true, rehearse: true }));
      expect(await isBlocked(idiom.name, address)).to.equal(false);
    });
  }

  describe("a stop that cannot be undone", () => {
    const name = "ShutdownForEver";

    it("is refused unless it is asked for", async () => {
      const address = await deploy(chain.node, name, [owner.address]);
      const project = await chain.project({ accounts: [owner] });
      await chain.nothingWritten(project, async () => {
        const error = expectRefusal(
          await project.run("pause", { contract: address, yes: true }),
          "IRREVERSIBLE",
        );
        expect(error.next).to.contain("--irreversible");
      });
    });

    it("is done with --irreversible, says so, and is never started again", async () => {
      const address = await deploy(chain.node, name, [owner.address]);
      const project = await chain.project({ accounts: [owner] });
      const outcome = await project.run("pause", {
        contract: address,
        yes: true,
        irreversible: true,
      });
      expectSuccess(outcome);
      expect(outcome.stdout).to.contain("CANNOT BE UNDONE");
      expect(await isBlocked(name, address)).to.equal(true);
      expectRefusal(await project.run("unpause", { contract: address, yes: true }), "IRREVERSIBLE");
    });
  });

  describe("EigenLayer's bitmap", () => {
    const name = "BitmapPaused";

    it("with some bits set is neither paused nor not: both directions have something to do", async () => {
      const address = await deploy(chain.node, name, [owner.address, owner.address]);
      await execute(chain.node, { name, address }, "pause(uint256)", [4n], owner);
      const project = await chain.project({ accounts: [owner] });
      const verified = await project.run("verify-pausable", { contract: address, json: true });
      const [report] = listOf(onlyDocument(verified), "contracts");
      expect(report?.verdict).to.equal("pausable");
      expect(report?.paused).to.equal(null);

      expectSuccess(await project.run("pause", { contract: address, yes: true }));
      expect(await read(chain.node, { name, address }, "paused()")).to.equal(LARGEST);
      expectSuccess(await project.run("unpause", { contract: address, yes: true }));
      expect(await read(chain.node, { name, address }, "paused()")).to.equal(0n);
    });

    it("finds that our own account may, although no getter names it", async () => {
      const address = await deploy(chain.node, name, [pauser.address, owner.address]);
      const project = await chain.project({ accounts: [pauser] });
      const verified = await project.run("verify-pausable", { contract: address, json: true });
      const [report] = listOf(onlyDocument(verified), "contracts");
      expect(report?.verdict).to.equal("pausable");
      expect(report?.ours).to.deep.equal([pauser.address]);
    });
  });
});
