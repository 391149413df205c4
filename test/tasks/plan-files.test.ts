import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import type { Address } from "../../src/chain/address.js";
import { isTransactionAction } from "../../src/chain/transactions/transaction.js";
import { readPlan } from "../../src/recovery/plan-file.js";
import type { AnyWorld, Plan } from "../../src/recovery/plan.js";
import { admin, owner, pauser } from "../helpers/accounts.js";
import { useChain } from "../helpers/chain.js";
import { deploy, execute, isPaused } from "../helpers/contracts.js";
import type { Project } from "../helpers/project.js";
import { sends } from "../helpers/proxy.js";
import { expectRefusal, expectSuccess, fieldOf, listOf, onlyDocument } from "../helpers/refusal.js";

describe("plans in files", () => {
  let ownable: Address;
  let roles: Address;
  const chain = useChain(async (node) => {
    ownable = await deploy(node, "OwnablePausable", [owner.address]);
    roles = await deploy(node, "RolePausable", [admin.address, pauser.address]);
  });

  function fileOf(project: Project): string {
    return join(project.folder, "plan.json");
  }

  /** Makes a plan and proves that this alone writes nothing to the chain. */
  async function savedPlan(
    project: Project,
    more: Readonly<Record<string, string | boolean>> = {},
  ): Promise<Plan<AnyWorld>> {
    const args = { contract: ownable, dryRun: true, savePlan: fileOf(project), ...more };
    const outcome = await chain.nothingWritten(
      project,
      async () => await project.run("pause", args),
    );
    expectSuccess(outcome);
    return await readPlan(fileOf(project));
  }

  it("are performed as they were made", async () => {
    const project = await chain.project();
    const plan = await savedPlan(project);
    const args = { plan: fileOf(project), yes: true, json: true };
    const outcome = await project.run("pause", args);
    expectSuccess(outcome);
    expect(fieldOf(onlyDocument(outcome), "plan").hash).to.equal(plan.hash);
    expect(await isPaused(chain.node, ownable)).to.be.true;

    const [step] = plan.steps;
    const action = step?.actions.find(isTransactionAction);
    const block = await chain.node.request("eth_getBlockByNumber", "latest", true);
    const [transaction] = listOf(block, "transactions");
    expect(transaction?.input).to.equal(action?.data);
    expect(String(transaction?.from)).to.equal(action?.from.toLowerCase());
    expect(String(transaction?.to)).to.equal(action?.to?.toLowerCase());
  });

  it("are taken from what --dry-run --json printed", async () => {
    const project = await chain.project();
    const printed = await project.run("pause", { contract: ownable, dryRun: true, json: true });
    await writeFile(fileOf(project), printed.stdout);
    expectSuccess(await project.run("pause", { plan: fileOf(project), yes: true }));
    expect(await isPaused(chain.node, ownable)).to.be.true;
  });

  it("ask for the live chain's name as well", async () => {
    const project = await chain.project({ answer: async () => await Promise.resolve("no") });
    await savedPlan(project);
    expectRefusal(await project.run("pause", { plan: fileOf(project) }), "NOT_CONFIRMED");
  });

  it("may be made by somebody without the power, for somebody who has it", async () => {
    const maker = await chain.project();
    await savedPlan(maker);
    const performer = await chain.project({ accounts: [pauser, owner] });
    expectSuccess(await performer.run("pause", { plan: fileOf(maker), yes: true }));
  });

  describe("are refused, and nothing is written,", () => {
    async function refuse(
      project: Project,
      code: Parameters<typeof expectRefusal>[1],
      task = "pause",
    ): Promise<string> {
      const outcome = await chain.nothingWritten(
        project,
        async () => await project.run(task, { plan: fileOf(project), yes: true }),
      );
      return expectRefusal(outcome, code).message;
    }

    it("when they were changed by hand", async () => {
      const project = await chain.project();
      await savedPlan(project);
      const text = await readFile(fileOf(project), "utf8");
      await writeFile(fileOf(project), text.replaceAll("0x8456cb59", "0x715018a6"));
      await refuse(project, "BAD_PLAN");
    });

    it("when they are for another command", async () => {
      const project = await chain.project();
      await savedPlan(project);
      expect(await refuse(project, "BAD_PLAN", "unpause")).to.contain("npx hardhat pause");
    });

    it("when they are for another chain", async () => {
      const project = await chain.project();
      await savedPlan(project);
      const elsewhere = await chain.proxy();
      elsewhere.answerBy(async (request, forward) => {
        const answer = await forward();
        const id = `0x${chain.node.chainId.toString(16)}`;
        return request.methods.includes("eth_chainId")
          ? { ...answer, body: answer.body.replace(`"${id}"`, '"0x2a"') }
          : answer;
      });
      const other = await chain.project({ url: elsewhere.url, chainId: 42 });
      const outcome = await other.run("pause", { plan: fileOf(project), yes: true });
      expectRefusal(outcome, "BAD_PLAN");
      expect(elsewhere.requests.some(sends)).to.be.false;
    });

    it("when the chain has changed since", async () => {
      const project = await chain.project();
      await savedPlan(project);
      await execute(chain.node, { name: "OwnablePausable", address: ownable }, "pause", [], owner);
      expect(await refuse(project, "PRIOR_STATE_CHANGED")).to.contain(
        "paused was false and is true",
      );
    });

    it("when the code has changed since", async () => {
      const project = await chain.project();
      await savedPlan(project);
      const code = String(await chain.node.request("eth_getCode", ownable, "latest"));
      await chain.node.request("hardhat_setCode", ownable, `${code}00`);
      expect(await refuse(project, "PRIOR_STATE_CHANGED")).to.contain("code hash");
    });

    it("when the one who should sign is not there, or may not any more", async () => {
      const project = await chain.project({ accounts: [pauser] });
      await savedPlan(project, { contract: roles });
      const without = await chain.project({ accounts: [owner] });
      const outcome = await chain.nothingWritten(
        without,
        async () => await without.run("pause", { plan: fileOf(project), yes: true }),
      );
      expectRefusal(outcome, "NOT_OUR_ACCOUNT");
    });

    it("when they are not there, or are no plans", async () => {
      const project = await chain.project();
      await refuse(project, "BAD_PLAN");
      await writeFile(fileOf(project), "pause, please");
      await refuse(project, "BAD_PLAN");
    });

    it("when they cannot be saved", async () => {
      const project = await chain.project();
      const args = {
        contract: ownable,
        yes: true,
        savePlan: join(project.folder, "no", "such.json"),
      };
      const outcome = await chain.nothingWritten(
        project,
        async () => await project.run("pause", args),
      );
      expectRefusal(outcome, "BAD_PLAN");
    });
  });

  describe("with a rehearsal", () => {
    it("leave the live chain untouched", async () => {
      const proxy = await chain.proxy();
      const project = await chain.project({ url: proxy.url });
      const plan = await savedPlan(project, { rehearse: true });
      expect(proxy.requests.some(sends)).to.be.false;
      const [rehearsed] = plan.rehearsal?.steps ?? [];
      expect(rehearsed?.verification.verified).to.be.true;
      expect(await isPaused(chain.node, ownable)).to.be.false;
    });

    it("do what was rehearsed: the same events, the same storage", async () => {
      const project = await chain.project();
      const plan = await savedPlan(project, { rehearse: true });
      const outcome = await project.run("pause", { plan: fileOf(project), yes: true, json: true });
      expectSuccess(outcome);
      const [rehearsed] = listOf(plan.rehearsal?.steps[0]?.effects, "actions");
      const [done] = listOf(onlyDocument(outcome), "outcomes");
      const [real] = listOf(fieldOf(done, "effects"), "actions");
      expect(real?.events).to.deep.equal(rehearsed?.events);
      expect(done?.surprises).to.deep.equal([]);
      const changes = listOf(rehearsed, "storage");
      expect(changes).not.to.be.empty;
      for (const { address, slot, after } of changes) {
        expect(await chain.node.request("eth_getStorageAt", address, slot, "latest")).to.equal(
          after,
        );
      }
    });

    it("rehearse and perform in one command", async () => {
      const project = await chain.project();
      const outcome = await project.run("pause", { contract: ownable, yes: true, rehearse: true });
      expectSuccess(outcome);
      expect(outcome.stdout).to.contain("On the fork").and.to.contain("DONE");
    });

    it("end as not verified when something happens that the rehearsal did not show", async () => {
      const project = await chain.project({ accounts: [pauser] });
      await savedPlan(project, { contract: roles, rehearse: true });
      // The pause sets one byte of a word. Somebody has filled the others meanwhile, which no
      // fact of the plan speaks of.
      const word = `0x${"ab".repeat(31)}00`;
      await chain.node.request("hardhat_setStorageAt", roles, "0x1", word);
      const outcome = await project.run("pause", { plan: fileOf(project), yes: true, json: true });
      expect(outcome.exitCode).to.equal(3);
      const document = onlyDocument(outcome);
      expect(document).to.include({ ok: true, verified: false });
      const [done] = listOf(document, "outcomes");
      expect(done?.status).to.equal("not-verified");
      expect(JSON.stringify(done?.surprises)).to.contain(roles.toLowerCase().slice(2, 12));
      expect(await isPaused(chain.node, roles)).to.be.true;
    });
  });
});
