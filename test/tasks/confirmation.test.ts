import { expect } from "chai";

import type { Address } from "../../src/chain/address.js";
import { owner } from "../helpers/accounts.js";
import { useChain } from "../helpers/chain.js";
import { deploy, isPaused } from "../helpers/contracts.js";
import { expectRefusal, expectSuccess, onlyDocument } from "../helpers/refusal.js";

describe("a live chain", () => {
  let ownable: Address;
  const chain = useChain(async (node) => {
    ownable = await deploy(node, "OwnablePausable", [owner.address]);
  });

  describe("asks for its name to be typed", () => {
    const command = (): string[] => ["pause", "--network", "live", "--contract", ownable];

    const right: readonly (readonly [string, string])[] = [
      ["with a line feed", "live\n"],
      ["with spaces around it", "  live \n"],
    ];
    for (const [title, stdin] of right) {
      it(`and goes on when it is ${title}`, async () => {
        const project = await chain.cli();
        const { exitCode, stdout, stderr } = await project.run(command(), { stdin });
        expect(exitCode, stderr).to.equal(0);
        expect(stdout).to.contain('"live"');
        expect(await isPaused(chain.node, ownable)).to.be.true;
      });
    }

    const wrong: readonly (readonly [string, string, string])[] = [
      ["another name is typed", "mainnet\n", "NOT_CONFIRMED"],
      ["yes is typed", "yes\n", "NOT_CONFIRMED"],
      ["only the line feed is typed", "\n", "NOT_CONFIRMED"],
      ["nobody is there", "", "CONFIRMATION_NEEDED"],
      ["the name is torn off before its line feed", "live", "CONFIRMATION_NEEDED"],
    ];
    for (const [title, stdin, code] of wrong) {
      it(`and sends nothing when ${title}`, async () => {
        const project = await chain.cli();
        const { exitCode, stderr } = await project.run(command(), { stdin });
        expect(exitCode).to.equal(1);
        expect(stderr).to.contain(`${code}: `).and.to.contain("Next: ");
        expect(await isPaused(chain.node, ownable)).to.be.false;
        expect(await project.written()).to.deep.equal({});
      });
    }
  });

  it("shows what will be done before it asks", async () => {
    let seen = "";
    const project = await chain.project({
      answer: async () => {
        seen = "asked";
        return await Promise.resolve("live");
      },
    });
    const outcome = await project.run("pause", { contract: ownable });
    expectSuccess(outcome);
    expect(seen).to.equal("asked");
    expect(outcome.stdout).to.contain("LIVE");
    expect(outcome.stdout.indexOf("call pause()")).to.be.lessThan(outcome.stdout.indexOf("DONE"));
  });

  it("is written to without a question with --yes", async () => {
    const project = await chain.project({ answer: neverAsked });
    expectSuccess(await project.run("pause", { contract: ownable, yes: true }));
  });

  it("is not written to with --json alone: a machine cannot type", async () => {
    const project = await chain.project({ answer: neverAsked });
    const outcome = await chain.nothingWritten(
      project,
      async () => await project.run("pause", { contract: ownable, json: true }),
    );
    expectRefusal(outcome, "CONFIRMATION_NEEDED");
    expect(onlyDocument(outcome).error).to.include({ code: "CONFIRMATION_NEEDED" });
  });

  it("is not asked about with --dry-run", async () => {
    const project = await chain.project({ answer: neverAsked });
    const outcome = await chain.nothingWritten(
      project,
      async () => await project.run("pause", { contract: ownable, dryRun: true }),
    );
    expectSuccess(outcome);
    expect(outcome.stdout).to.contain("nothing was sent");
  });
});

describe("a development chain", () => {
  let ownable: Address;
  const chain = useChain(
    async (node) => {
      ownable = await deploy(node, "OwnablePausable", [owner.address]);
    },
    { chainId: 31_337 },
  );

  it("is written to without a question", async () => {
    const project = await chain.project({ answer: neverAsked });
    expectSuccess(await project.run("pause", { contract: ownable }));
  });

  it("needs no chain id in the configuration", async () => {
    const project = await chain.project({ answer: neverAsked, chainId: undefined });
    expectSuccess(await project.run("pause", { contract: ownable }));
  });
});

async function neverAsked(): Promise<string> {
  return await Promise.reject(new Error("somebody was asked"));
}
