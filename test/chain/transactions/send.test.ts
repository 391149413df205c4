import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import type { Address } from "../../../src/chain/address.js";
import { openChain } from "../../../src/chain/connect.js";
import { fileOutbox } from "../../../src/chain/transactions/outbox.js";
import { sendTransaction, type Sender } from "../../../src/chain/transactions/send.js";
import { callAction } from "../../../src/chain/transactions/transaction.js";
import { isRecord } from "../../../src/json.js";
import type { ProgressEvent } from "../../../src/step.js";
import { owner, stranger } from "../../helpers/accounts.js";
import { until } from "../../helpers/anvil.js";
import { useChain } from "../../helpers/chain.js";
import { deploy, isPaused } from "../../helpers/contracts.js";
import type { Outcome, Project } from "../../helpers/project.js";
import {
  honest,
  rpcError,
  sends,
  type NodeProxy,
  type ProxyAnswer,
  type ProxyRule,
} from "../../helpers/proxy.js";
import { expectRefusal, expectRejection, expectSuccess } from "../../helpers/refusal.js";

describe("sending a transaction", () => {
  let ownable: Address;
  let proxy: NodeProxy;
  const chain = useChain(
    async (node) => {
      ownable = await deploy(node, "OwnablePausable", [owner.address]);
    },
    { ofEachTest: true },
  );
  beforeEach(async () => {
    proxy = await chain.proxy();
  });

  async function pause(project: Project): Promise<Outcome> {
    return await project.run("pause", { contract: ownable, yes: true });
  }

  async function minedTransactions(): Promise<number> {
    return Number(await chain.node.request("eth_getTransactionCount", owner.address, "latest"));
  }

  async function pendingTransactions(): Promise<number> {
    const pending = await chain.node.request("eth_getTransactionCount", owner.address, "pending");
    return Number(pending) - (await minedTransactions());
  }

  /** Pauses, and mines once the transaction was offered to the node. */
  async function pauseAndMine(project: Project): Promise<Outcome> {
    const offered = proxy.requests.filter(sends).length;
    let over = false;
    const finished = pause(project).finally(() => {
      over = true;
    });
    await until(
      "the transaction is sent",
      () => over || proxy.requests.filter(sends).length > offered,
    );
    await until("the command ends", async () => {
      await chain.node.request("evm_mine");
      return over;
    });
    return await finished;
  }

  describe("over a connection that is lost", () => {
    const cut = (answer: "drop" | "hang" | ProxyAnswer): readonly ProxyRule[] => [
      async (request, forward) => (sends(request) ? answer : await forward()),
      async (request, forward) => {
        const real = await forward();
        return sends(request) ? answer : real;
      },
    ];
    const ways: readonly (readonly [string, readonly ProxyRule[]])[] = [
      ["is cut", cut("drop")],
      ["gives no answer", cut("hang")],
      ["ends in a gateway's error page", cut({ status: 502, body: "<h1>Bad gateway</h1>" })],
      ["ends in a time-out of the gateway", cut({ status: 504, body: "" })],
      ["ends in an answer that is not JSON", cut({ status: 200, body: "<h1>Welcome</h1>" })],
      ["ends in half an answer", cut({ status: 200, body: '{"jsonrpc":"2.0","id":1,"res' })],
    ];
    for (const [title, [before, after]] of ways) {
      it(`which ${title} before the node has it: not said to be unsent, and sent once by the next run`, async () => {
        proxy.answerBy(before ?? honest);
        const project = await chain.project({ url: proxy.url, timeoutMs: 1_000 });
        const error = expectRefusal(await pause(project), "RPC_UNREACHABLE");
        expect(error.what).to.contain("not known");
        expect(await minedTransactions()).to.equal(0);

        proxy.answerBy(honest);
        expectSuccess(await pause(await sameRecords(project)));
        expect(await minedTransactions()).to.equal(1);
        expect(await isPaused(chain.node, ownable)).to.be.true;
      });

      it(`which ${title} after the node has it: not said to be unsent, and not sent again`, async () => {
        await chain.node.request("evm_setAutomine", false);
        proxy.answerBy(after ?? honest);
        const project = await chain.project({ url: proxy.url, timeoutMs: 1_000 });
        const error = expectRefusal(await pause(project), "RPC_UNREACHABLE");
        expect(error.what).to.contain("not known");
        expect(await pendingTransactions()).to.equal(1);

        proxy.answerBy(honest);
        expectSuccess(await pauseAndMine(await sameRecords(project)));
        expect(await minedTransactions()).to.equal(1);
        expect(await isPaused(chain.node, ownable)).to.be.true;
      });
    }
  });

  /** What the usual clients say when they are offered a transaction that they have. */
  const alreadyKnown = [
    "already known",
    "known transaction: 0x00",
    "transaction already imported",
    "AlreadyKnown",
  ];
  for (const message of alreadyKnown) {
    it(`waits for a transaction of which the node says "${message}"`, async () => {
      await chain.node.request("evm_setAutomine", false);
      proxy.answerBy(async (request, forward) => {
        const answer = await forward();
        return sends(request) ? "drop" : answer;
      });
      const project = await chain.project({ url: proxy.url });
      expectRefusal(await pause(project), "RPC_UNREACHABLE");

      proxy.answerBy(async (request, forward) =>
        sends(request) ? rpcError(request, message) : await forward(),
      );
      expectSuccess(await pauseAndMine(project));
      expect(await minedTransactions()).to.equal(1);
    });
  }

  it("waits as long as a busy node asks for, and sends once", async () => {
    let refusals = 2;
    proxy.answerBy(async (request, forward) =>
      sends(request) && refusals-- > 0
        ? { status: 429, headers: { "retry-after": "0" }, body: "" }
        : await forward(),
    );
    const project = await chain.project({ url: proxy.url });
    expectSuccess(await pause(project));
    expect(await minedTransactions()).to.equal(1);
  });

  it("says what the node refused, and tries nothing again", async () => {
    proxy.answerBy(async (request, forward) =>
      sends(request) ? rpcError(request, "sender is on our list") : await forward(),
    );
    const project = await chain.project({ url: proxy.url });
    const error = expectRefusal(await pause(project), "RPC_REFUSED");
    expect(error.what).to.contain("sender is on our list");
    expect(proxy.requests.filter(sends)).to.have.lengthOf(1);

    proxy.answerBy(honest);
    expectSuccess(await pause(project));
    expect(await minedTransactions()).to.equal(1);
  });

  it("says that funds are missing when the node says so", async () => {
    proxy.answerBy(async (request, forward) =>
      sends(request)
        ? rpcError(request, "insufficient funds for gas * price + value")
        : await forward(),
    );
    expectRefusal(await pause(await chain.project({ url: proxy.url })), "OUT_OF_FUNDS");
  });

  it("stops waiting when nothing is mined, and goes on with the same transaction later", async () => {
    await chain.node.request("evm_setAutomine", false);
    const project = await chain.project({ emergency: { minedTimeoutSeconds: 0.2 } });
    expectRefusal(await pause(project), "NOT_MINED");
    expectRefusal(await pause(project), "NOT_MINED");
    expect(await pendingTransactions()).to.equal(1);

    await chain.node.request("evm_mine");
    expectSuccess(await pause(project));
    expect(await minedTransactions()).to.equal(1);
  });

  it("says which transaction of the same account goes first", async () => {
    await chain.node.request("evm_setAutomine", false);
    const other = await deployWhileMining();
    const project = await chain.project({ emergency: { minedTimeoutSeconds: 0.2 } });
    expectRefusal(await project.run("pause", { contract: other, yes: true }), "NOT_MINED");

    const outcome = await pauseAndMine(await sameRecords(project));
    expectSuccess(outcome);
    expect(outcome.stdout).to.contain("nonce 0");
    expect(await minedTransactions()).to.equal(2);
    expect(await isPaused(chain.node, other)).to.be.true;
    expect(await isPaused(chain.node, ownable)).to.be.true;
  });

  async function deployWhileMining(): Promise<Address> {
    await chain.node.request("evm_setAutomine", true);
    const address = await deploy(chain.node, "OwnablePausable", [owner.address]);
    await chain.node.request("evm_setAutomine", false);
    return address;
  }

  /** Another project with the same outbox, and the usual patience. */
  async function sameRecords(project: Project): Promise<Project> {
    const other = await chain.project({ url: proxy.url });
    other.hre.config.emergency = { ...other.hre.config.emergency, directory: project.directory };
    return other;
  }

  describe("with an outbox", () => {
    it("that cannot be written: nothing is sent", async () => {
      const project = await chain.project();
      await writeFile(project.directory, "a file where the folder should be");
      expectRefusal(await pause(project), "STORE_UNUSABLE");
      expect(await minedTransactions()).to.equal(0);
    });

    it("that is damaged: nothing is sent", async () => {
      const project = await chain.project();
      expectSuccess(await pause(project));
      expectSuccess(await project.run("unpause", { contract: ownable, yes: true }));
      const [name] = Object.keys(await project.written());
      const text = Object.values(await project.written()).join("");
      const lines = text.split("\n");
      await writeFile(join(project.directory, String(name)), ["{", ...lines.slice(1)].join("\n"));
      expectRefusal(await pause(project), "STORE_UNUSABLE");
      expect(await minedTransactions()).to.equal(2);
    });

    it("has the intention on the disk before the node has the transaction", async () => {
      const project = await chain.project({ url: proxy.url });
      let onDisk = "";
      proxy.answerBy(async (request, forward) => {
        if (sends(request)) {
          onDisk = Object.values(await project.written()).join("");
        }
        return await forward();
      });
      expectSuccess(await pause(project));
      const [line] = onDisk.split("\n");
      const intention: unknown = JSON.parse(line ?? "");
      expect(isRecord(intention) && intention.type).to.equal("intent");
    });
  });

  describe("by itself", () => {
    async function senderOf(
      project: Project,
      wait: Sender["wait"] = async () => {
        await Promise.resolve();
      },
    ): Promise<Sender> {
      return {
        chain: await openChain(project.hre),
        outbox: fileOutbox(project.directory, project.network, chain.node.chainId),
        timeoutMs: 60_000,
        now: () => performance.now(),
        wait,
      };
    }

    const action = (): ReturnType<typeof callAction> =>
      callAction({ summary: "call pause()", from: owner.address, to: ownable, data: "0x8456cb59" });

    it("notices that another transaction has taken its nonce", async () => {
      await chain.node.request("evm_setAutomine", false);
      const project = await chain.project({ url: proxy.url });
      let replaced = false;
      const sender = await senderOf(project, async () => {
        if (!replaced && (await pendingTransactions()) > 0) {
          replaced = true;
          await chain.node.request("eth_sendTransaction", {
            from: owner.address,
            to: stranger.address,
            nonce: "0x0",
            maxFeePerGas: "0x2e90edd000",
            maxPriorityFeePerGas: "0x174876e800",
          });
          await chain.node.request("evm_mine");
        }
      });
      const events: ProgressEvent[] = [];
      const error = await expectRejection(
        sendTransaction(sender, "pause", action(), (event) => events.push(event)),
        "NOT_MINED",
      );
      expect(error.what).to.contain("nonce 0");
      expect(events.map(({ type }) => type)).to.deep.equal(["sending", "sent"]);
      expect((await sender.outbox.all()).map(({ settled }) => settled)).to.deep.equal([true]);
      await sender.chain.close();
    });

    it("tells what it does, after it is durable", async () => {
      const sender = await senderOf(await chain.project());
      const told: [string, number][] = [];
      const { hash } = await sendTransaction(sender, "pause", action(), ({ type }) => {
        told.push([type, 0]);
      });
      expect(told.map(([type]) => type)).to.deep.equal(["sending", "sent", "done"]);
      const [state] = await sender.outbox.all();
      expect(state?.hash).to.equal(hash);
      expect(state?.settled).to.be.true;
      await sender.chain.close();
    });
  });
});
