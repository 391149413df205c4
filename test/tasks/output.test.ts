import { expect } from "chai";

import type { Address } from "../../src/chain/address.js";
import { owner, stranger } from "../helpers/accounts.js";
import { useChain } from "../helpers/chain.js";
import type { Finished } from "../helpers/cli.js";
import { deploy } from "../helpers/contracts.js";
import { expectRefusal, expectSuccess, fieldOf, listOf, onlyDocument } from "../helpers/refusal.js";

describe("what a command says", () => {
  let ownable: Address;
  let lying: Address;
  const chain = useChain(async (node) => {
    ownable = await deploy(node, "OwnablePausable", [owner.address]);
    lying = await deploy(node, "PauseDoesNothing", [owner.address]);
  });

  describe("on the command line", () => {
    const pause = (contract: string, ...more: readonly string[]): string[] => [
      ...["pause", "--network", "live", "--contract", contract, "--yes"],
      ...more,
    ];

    async function run(args: readonly string[], accounts = [owner]): Promise<Finished> {
      return await (await chain.cli({ accounts })).run(args);
    }

    it("ends with 0 when it is done and read back", async () => {
      const { exitCode, stdout, stderr } = await run(pause(ownable));
      expect(exitCode, stderr).to.equal(0);
      expect(stdout).to.contain("DONE").and.to.contain("read back");
      expect(stdout).not.to.contain("\u001b");
    });

    it("ends with 1 when it is refused, with code, reason and next command, and no stack", async () => {
      const { exitCode, stdout, stderr } = await run(pause(ownable), [stranger]);
      expect(exitCode).to.equal(1);
      expect(stderr).to.contain("NO_AUTHORITY: ").and.to.contain("Next: ");
      expect(`${stdout}${stderr}`).not.to.match(/^ +at /m);
      expect(stderr).not.to.contain("unexpected error");
    });

    it("ends with 3 when it is done but the read-back does not say so", async () => {
      const { exitCode, stdout } = await run(pause(lying));
      expect(exitCode).to.equal(3);
      expect(stdout).to.contain("NOT VERIFIED");
    });

    it("is one JSON document with --json: done, refused, and not verified", async () => {
      const done = await run(pause(ownable, "--json"));
      expect(done.exitCode, done.stderr).to.equal(0);
      expect(onlyDocument(done)).to.include({ ok: true, verified: true, command: "pause" });

      const refused = await run(pause(stranger.address, "--json"));
      expect(refused.exitCode).to.equal(1);
      expect(onlyDocument(refused)).to.include({ ok: false, verified: false });
      expect(fieldOf(onlyDocument(refused), "error").code).to.equal("NO_CODE");

      const unverified = await run(pause(lying, "--json"));
      expect(unverified.exitCode).to.equal(3);
      expect(onlyDocument(unverified)).to.include({ ok: true, verified: false });
    });

    it("names a key that is not set, with the command that sets it", async () => {
      const project = await chain.cli({ keyVariables: ["PAUSER_KEY"] });
      const { exitCode, stdout, stderr } = await project.run(pause(ownable));
      expect(exitCode).to.equal(1);
      expect(`${stdout}${stderr}`).to.contain("PAUSER_KEY").and.to.contain("Next: ");
      expect(stderr).not.to.match(/^ +at /m);

      const inJson = await project.run(pause(ownable, "--json"));
      expect(inJson.exitCode).to.equal(1);
      expect(JSON.stringify(onlyDocument(inJson))).to.contain("PAUSER_KEY");
    });

    it("needs no key to read", async () => {
      const project = await chain.cli({ keyVariables: ["PAUSER_KEY"] });
      const call = ["call", "--network", "live", "--contract", ownable, "--function", "paused()"];
      const { exitCode, stdout, stderr } = await project.run(call);
      expect(exitCode, stderr).to.equal(0);
      expect(stdout).to.contain("false");
    });

    it("names the wrong place of a wrong configuration", async () => {
      const project = await chain.cli({ emergency: { contracts: { Token: "0x1234" } } });
      const { exitCode, stderr } = await project.run(pause("Token"));
      expect(exitCode).to.equal(1);
      expect(stderr).to.contain("emergency.contracts.Token");
      expect(stderr).not.to.match(/^ +at /m);
    });

    it("names the networks when there is none of the name", async () => {
      const project = await chain.cli({ network: "configured" });
      const { exitCode, stderr } = await project.run(pause(ownable));
      expect(exitCode).to.equal(1);
      expect(stderr).to.contain("UNKNOWN_NETWORK").and.to.contain("configured");
    });

    it("has help for every command", async () => {
      const { exitCode, stdout } = await run(["--help"]);
      expect(exitCode).to.equal(0);
      for (const task of [
        "pause",
        "unpause",
        "inspect",
        "verify-pausable",
        "call",
        "upgrade",
        "deploy-fixed",
      ]) {
        expect(stdout).to.contain(task);
      }
    });
  });

  describe("in JSON", () => {
    it("holds the plan, its hash, what was done and how it was read back", async () => {
      const project = await chain.project();
      const outcome = await project.run("pause", { contract: ownable, yes: true, json: true });
      expectSuccess(outcome);
      const document = onlyDocument(outcome);
      expect(document).to.include({
        schema: "hardhat-emergency/report@1",
        network: "live",
        chainId: chain.node.chainId,
        live: true,
        dryRun: false,
        error: null,
      });
      expect(fieldOf(document, "plan").hash).to.match(/^[0-9a-f]{64}$/);
      const [done] = listOf(document, "outcomes");
      expect(done?.status).to.equal("done");
      const [effect] = listOf(fieldOf(done, "effects"), "actions");
      const receipt = await chain.node.request("eth_getTransactionReceipt", effect?.hash);
      expect(receipt).not.to.equal(null);
      expect(fieldOf(done, "verification").verified).to.be.true;
    });

    it("holds the plan and no outcome with --dry-run", async () => {
      const project = await chain.project();
      const outcome = await chain.nothingWritten(
        project,
        async () => await project.run("pause", { contract: ownable, dryRun: true, json: true }),
      );
      expectSuccess(outcome);
      const document = onlyDocument(outcome);
      expect(document).to.include({ ok: true, verified: false, dryRun: true });
      expect(document.outcomes).to.deep.equal([]);
      expect(listOf(fieldOf(document, "plan"), "steps")).to.have.lengthOf(1);
    });

    it("holds what was done when a later step failed", async () => {
      const other = await deploy(chain.node, "OwnablePausable", [owner.address]);
      const proxy = await chain.proxy();
      let sent = 0;
      proxy.answerBy(async (request, forward) => {
        const sends = request.methods.some((method) => method.startsWith("eth_send"));
        return sends && ++sent === 2 ? "drop" : await forward();
      });
      const project = await chain.project({ url: proxy.url });
      const contract = `${ownable},${other}`;
      const outcome = await project.run("pause", { contract, yes: true, json: true });
      expectRefusal(outcome, "RPC_UNREACHABLE");
      const document = onlyDocument(outcome);
      expect(document.ok).to.be.false;
      expect(fieldOf(document, "error").code).to.equal("RPC_UNREACHABLE");
      const statuses = listOf(document, "outcomes").map(({ status }) => status);
      expect(statuses).to.deep.equal(["done", "failed"]);
    });

    it("is one document for every command that is refused for what is typed", async () => {
      const project = await chain.project();
      for (const task of [
        "pause",
        "unpause",
        "inspect",
        "verify-pausable",
        "call",
        "upgrade",
        "deploy-fixed",
      ]) {
        const outcome = await project.run(task, { json: true });
        expectRefusal(outcome, "BAD_ARGUMENTS");
        expect(fieldOf(onlyDocument(outcome), "error").next).not.to.equal("");
      }
    });
  });
});
