import { expect } from "chai";

import type { Address } from "../../../src/chain/address.js";
import { owner, pauser, stranger } from "../../helpers/accounts.js";
import { useChain } from "../../helpers/chain.js";
import { deploy, execute, isPaused } from "../../helpers/contracts.js";
import {
  bestOf,
  callOf,
  effectsOf,
  examinedOne,
  provedCallers,
  waysOf,
} from "../../helpers/examined.js";

describe("the proof of a pause", () => {
  const chain = useChain();

  async function stuck(obeys: boolean): Promise<Address> {
    const address = await deploy(chain.node, "StuckPaused", [owner.address, obeys]);
    await execute(chain.node, { name: "StuckPaused", address }, "renounceOwnership", [], owner);
    return address;
  }

  const evidence = ({ evidence: lines }: Record<string, unknown>): string => JSON.stringify(lines);

  it("starts what is paused before it pauses it, and leaves the chain as it is", async () => {
    const address = await deploy(chain.node, "StuckPaused", [owner.address, true]);
    const project = await chain.project();
    await chain.nothingWritten(project, async () => {
      const report = await examinedOne(chain, address);
      expect(report).to.include({ verdict: "pausable", paused: true });
      const best = bestOf(report);
      expect(best).to.include({ paused: true, works: true });
      expect(effectsOf(best)["work()"]).to.equal("blocked, guarded");
      expect(evidence(best)).to.match(
        /unpause\(\) as .* succeeds.*then false.*[^n]pause\(\) as .* succeeds.*then true.*unpause\(\) as .* succeeds.*then false/,
      );
    });
    expect(await isPaused(chain.node, address)).to.equal(true);
  });

  it("clears the flag by force where nobody can start it: what obeys it is paused", async () => {
    const report = await examinedOne(chain, await stuck(true));
    expect(report).to.include({ verdict: "not-pausable", paused: true });
    expect(bestOf(report)).to.include({ paused: true });
    expect(bestOf(report).works).not.to.equal(true);
    expect(evidence(report)).to.contain("cleared by force its functions go by it");
  });

  it("does not believe a flag that nothing obeys", async () => {
    const report = await examinedOne(chain, await stuck(false));
    expect(report).to.include({ verdict: "not-pausable", paused: null });
    expect(bestOf(report)).to.include({ paused: true });
    expect(bestOf(report).works).not.to.equal(true);
    expect(evidence(report)).to.contain("cleared by force its functions are the same");
  });

  it("is none where the flag is set and read back, and every function goes on", async () => {
    const address = await deploy(chain.node, "StuckPaused", [owner.address, false]);
    await execute(chain.node, { name: "StuckPaused", address }, "unpause", [], owner);
    const report = await examinedOne(chain, address);
    expect(report.verdict).to.equal("not-pausable");
    const best = bestOf(report);
    expect(best.works).to.equal(false);
    expect(evidence(best)).to.contain("paused() is then true");
    expect(evidence(best)).to.contain("it sets a flag, but 3 function(s)");
  });

  it("is none where the call succeeds, and the flag is not set", async () => {
    const address = await deploy(chain.node, "PauseDoesNothing", [owner.address]);
    const report = await examinedOne(chain, address);
    expect(report.verdict).to.equal("not-pausable");
    for (const mechanism of waysOf(report)) {
      expect(mechanism.works).not.to.equal(true);
    }
  });

  it("does not believe a getter that always says so", async () => {
    const address = await deploy(chain.node, "PausedForShow", [owner.address]);
    const report = await examinedOne(chain, address);
    expect(report.verdict).to.equal("unknown");
    expect(report.paused).to.equal(null);
    expect(JSON.stringify(report.unknown)).to.contain("nobody and nothing starts it");
  });

  it("says which storage words the unpause does not bring back", async () => {
    const address = await deploy(chain.node, "LeavesTraces", [owner.address]);
    const best = bestOf(await examinedOne(chain, address));
    expect(best.works).to.equal(true);
    expect(evidence(best)).to.contain(
      `1 of 2 storage words differ from before: 0x${"0".repeat(63)}2 of ${address.toLowerCase()}`,
    );
    const clean = await deploy(chain.node, "OwnablePausable", [owner.address]);
    expect(evidence(bestOf(await examinedOne(chain, clean)))).to.contain(
      "the 1 storage word(s) that the pause changed are as before",
    );
  });

  it("knows a stop that cannot be undone", async () => {
    const address = await deploy(chain.node, "ShutdownForEver", [owner.address]);
    const best = bestOf(await examinedOne(chain, address));
    expect(callOf(best, "inverse")).to.equal(undefined);
    expect(best.works).to.equal(true);
    expect(effectsOf(best)["work()"]).to.equal("blocked, guarded");
    expect(evidence(best)).to.contain("cannot be undone");
  });

  it("promises no pause of which a contract that makes no calls is the only holder", async () => {
    const mute = await deploy(chain.node, "Directory", [owner.address]);
    const address = await deploy(chain.node, "OwnablePausable", [mute]);
    const report = await examinedOne(chain, address, { accounts: [owner, pauser, stranger] });
    expect(report.verdict).not.to.equal("pausable");
    expect(report.ours).to.deep.equal([]);
    for (const mechanism of waysOf(report)) {
      expect(provedCallers(mechanism)).to.deep.equal([]);
      expect(mechanism.works).not.to.equal(true);
    }
  });
});
