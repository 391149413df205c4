import { expect } from "chai";

import type { Address } from "../../../src/chain/address.js";
import { isRecord } from "../../../src/json.js";
import { owner } from "../../helpers/accounts.js";
import { until } from "../../helpers/anvil.js";
import { useChain } from "../../helpers/chain.js";
import type { CliProject, Finished } from "../../helpers/cli.js";
import { deploy, deployUups, isPaused, nextAddress, read } from "../../helpers/contracts.js";
import { compileOnce } from "../../helpers/project.js";
import { honest, sends, type NodeProxy, type ProxyRule } from "../../helpers/proxy.js";

/**
 * A process killed at the worst moments. Its transactions stay pending until a test mines them. The
 * same command again must lead to the same end, with each transaction mined exactly once.
 */
describe("a killed process", () => {
  let ownable: Address;
  let vault: Address;
  const chain = useChain(
    async (node) => {
      ownable = await deploy(node, "OwnablePausable", [owner.address]);
      vault = (await deployUups(node, "UupsVaultV1", "initialize", [owner.address])).proxy;
      await node.request("evm_setAutomine", false);
    },
    { ofEachTest: true },
  );

  before(compileOnce);

  async function minedTransactions(): Promise<number> {
    return Number(await chain.node.request("eth_getTransactionCount", owner.address, "latest"));
  }

  /** Types a command, and mines once it has offered its transaction to the node. */
  async function finish(
    project: CliProject,
    args: readonly string[],
    proxy: NodeProxy,
  ): Promise<Finished> {
    const offered = proxy.requests.filter(sends).length;
    let over = false;
    const finished = project.run(args).finally(() => {
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

  /** The outbox's lines, by their type. */
  async function outbox(project: CliProject): Promise<string[]> {
    const files = await project.written();
    const text = Object.entries(files)
      .filter(([name]) => name.includes("outbox"))
      .map(([, content]) => content)
      .join("");
    const types: string[] = [];
    for (const line of text.split("\n").filter((row) => row !== "")) {
      const parsed: unknown = JSON.parse(line);
      types.push(isRecord(parsed) ? String(parsed.type) : "");
    }
    return types;
  }

  /** Starts a command and kills it when `moment` has come. */
  async function killedWhen(
    project: CliProject,
    args: readonly string[],
    moment: () => Promise<boolean> | boolean,
  ): Promise<void> {
    const command = project.start(args);
    await until("the moment to kill has come", moment);
    const { exitCode } = await command.kill();
    expect(exitCode, "ended by the signal").to.equal(null);
  }

  interface Moment {
    readonly title: string;
    readonly rule: ProxyRule;
    /** The outbox's lines after the kill. */
    readonly outbox: readonly string[];
    readonly reached: (project: CliProject, proxy: NodeProxy) => Promise<boolean> | boolean;
  }

  const sending = (_project: CliProject, proxy: NodeProxy): boolean => proxy.requests.some(sends);
  const moments: readonly Moment[] = [
    {
      title: "after the intention is written, before the node has the transaction",
      rule: async (request, forward) => (sends(request) ? "hang" : await forward()),
      outbox: ["intent"],
      reached: sending,
    },
    {
      title: "after the node has the transaction, before it says so",
      rule: async (request, forward) => {
        const answer = await forward();
        return sends(request) ? "hang" : answer;
      },
      outbox: ["intent"],
      reached: async () => (await pendingTransactions()) === 1,
    },
    {
      title: "while it waits for the transaction to be mined",
      rule: honest,
      outbox: ["intent", "sent"],
      reached: async (project) => (await outbox(project)).includes("sent"),
    },
  ];

  async function pendingTransactions(): Promise<number> {
    const pending = await chain.node.request("eth_getTransactionCount", owner.address, "pending");
    return Number(pending) - (await minedTransactions());
  }

  for (const { title, rule, outbox: lines, reached } of moments) {
    const pause = (): string[] => ["pause", "--network", "live", "--contract", ownable, "--yes"];

    describe(title, () => {
      let proxy: NodeProxy;
      let project: CliProject;
      beforeEach(async () => {
        proxy = await chain.proxy();
        proxy.answerBy(rule);
        project = await chain.cli({ url: proxy.url });
        await killedWhen(project, pause(), async () => await reached(project, proxy));
        expect(await outbox(project)).to.deep.equal(lines);
        proxy.answerBy(honest);
      });

      it("is gone on with: one transaction is mined", async () => {
        const { exitCode, stderr } = await finish(project, pause(), proxy);
        expect(exitCode, stderr).to.equal(0);
        expect(await minedTransactions()).to.equal(1);
        expect(await isPaused(chain.node, ownable)).to.be.true;
      });

      it("is gone on with after a second kill: one transaction is mined", async () => {
        proxy.answerBy(rule);
        const before = proxy.requests.filter(sends).length;
        await killedWhen(project, pause(), () => proxy.requests.filter(sends).length > before);
        proxy.answerBy(honest);

        const { exitCode, stderr } = await finish(project, pause(), proxy);
        expect(exitCode, stderr).to.equal(0);
        expect(await minedTransactions()).to.equal(1);
        expect(await isPaused(chain.node, ownable)).to.be.true;
      });

      it("is gone on with although the base fee has risen: one transaction is mined", async () => {
        await chain.node.request("hardhat_setNextBlockBaseFeePerGas", "0x174876e800"); // 100 gwei
        await chain.node.request("hardhat_mine", "0x1");
        const stillPending = await pendingTransactions();
        const { exitCode, stderr } = await finish(project, pause(), proxy);
        expect(exitCode, `${stderr}, ${stillPending} pending`).to.equal(0);
        expect(await minedTransactions()).to.equal(1);
        expect(await isPaused(chain.node, ownable)).to.be.true;
      });

      it("sends nothing when the transaction was mined meanwhile", async () => {
        await chain.node.request("evm_mine");
        const mined = await minedTransactions();
        const { exitCode, stderr } = await finish(project, pause(), proxy);
        expect(exitCode, stderr).to.equal(0);
        expect(await minedTransactions()).to.equal(1);
        expect(await isPaused(chain.node, ownable)).to.be.true;
        // And a third time there is nothing left to do.
        expect((await project.run(pause())).exitCode).to.equal(0);
        expect(await minedTransactions(), `${mined} before`).to.equal(1);
      });
    });
  }

  describe("in the middle of an upgrade", () => {
    const upgrade = (): string[] => [
      ...["upgrade", "--network", "live", "--proxy", vault, "--implementation", "UupsVaultV2"],
      // Rehearsals have their own tests, and take most of the time.
      ...["--call", "initializeV2", "--call-args", "1000", "--yes", "--skip-rehearsal"],
    ];
    /** The first transaction creates the implementation, the second puts it in place. */
    const kills: readonly (readonly [string, number, "before" | "after"])[] = [
      ["after the implementation was sent", 1, "after"],
      ["between the two transactions", 2, "before"],
      ["after both were sent", 2, "after"],
    ];
    for (const [title, which, when] of kills) {
      it(`${title}: created once, upgraded once, initialised once`, async () => {
        await chain.node.request("evm_setAutomine", true);
        const created = await nextAddress(chain.node, owner);
        const proxy = await chain.proxy();
        const project = await chain.cli({ url: proxy.url, builds: true });
        let sent = 0;
        let reached = false;
        proxy.answerBy(async (request, forward) => {
          if (!sends(request) || ++sent < which) {
            return await forward();
          }
          if (when === "after") {
            await forward();
          }
          reached = true;
          return "hang";
        });
        await killedWhen(project, upgrade(), () => reached);
        proxy.answerBy(honest);

        const { exitCode, stderr } = await finish(project, upgrade(), proxy);
        expect(exitCode, stderr).to.equal(0);
        expect(await minedTransactions()).to.equal(2);
        const target = { name: "UupsVaultV2", address: vault };
        expect(await read(chain.node, target, "capWei()")).to.equal(1000n);
        const slot = await chain.node.request("eth_getStorageAt", vault, IMPLEMENTATION, "latest");
        expect(String(slot).slice(-40)).to.equal(created.slice(2).toLowerCase());
      });
    }
  });

  it("while it deploys: the contract is created once", async () => {
    const deployFixed = [
      ...["deploy-fixed", "--network", "live", "--contract", "OwnablePausable"],
      ...["--args", owner.address, "--yes", "--skip-rehearsal"],
    ];
    const created = await nextAddress(chain.node, owner);
    const proxy = await chain.proxy();
    const project = await chain.cli({ url: proxy.url, builds: true });
    await killedWhen(project, deployFixed, async () => (await outbox(project)).includes("sent"));

    const { exitCode, stderr } = await finish(project, deployFixed, proxy);
    expect(exitCode, stderr).to.equal(0);
    expect(await minedTransactions()).to.equal(1);
    const target = { name: "OwnablePausable", address: created };
    expect(await read(chain.node, target, "owner()")).to.equal(owner.address);
  });
});

/** The implementation slot of ERC-1967. */
const IMPLEMENTATION = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";
