import { expect } from "chai";
import { AbiCoder } from "ethers";

import type { Address, Hex } from "../../../src/chain/address.js";
import type { Verdict } from "../../../src/chain/pausing/report.js";
import { admin, deployer, owner, pauser, stranger } from "../../helpers/accounts.js";
import type { LocalNode } from "../../helpers/anvil.js";
import { useChain } from "../../helpers/chain.js";
import {
  artifact,
  deploy,
  deployTransparent,
  deployUups,
  execute,
  hex,
  isPaused,
} from "../../helpers/contracts.js";
import type { Outcome } from "../../helpers/project.js";
import { rpcError, sends, type NodeProxy } from "../../helpers/proxy.js";
import { expectSuccess, listOf, onlyDocument } from "../../helpers/refusal.js";

/** A contract, what the command must say of it, and how to see whether it has really stopped. */
interface Case {
  readonly title: string;
  readonly create: (node: LocalNode) => Promise<Address>;
  readonly verdict: Verdict;
  /** A call that works while the contract is not stopped; undefined where nothing can be stopped. */
  readonly work:
    { readonly name: string; readonly call: string; readonly args: readonly unknown[] } | undefined;
}

const abi = AbiCoder.defaultAbiCoder();
const work = (name: string): Case["work"] => ({ name, call: "work()", args: [] });

function plain(name: string, args: readonly unknown[], verdict: Verdict): Case {
  return {
    title: name,
    create: async (node) => await deploy(node, name, args, owner),
    verdict,
    work: work(name),
  };
}

/** `paused()` gives these bytes, whatever `pause()` did. */
function junk(title: string, answer: string, verdict: Verdict): Case {
  return {
    title: `ReturnsJunk, ${title}`,
    create: async (node) => await deploy(node, "ReturnsJunk", [owner.address, answer]),
    verdict,
    work: undefined,
  };
}

const cases: readonly Case[] = [
  plain("OwnablePausable", [owner.address], "pausable"),
  plain("RolePausable", [admin.address, pauser.address], "pausable"),
  plain("EnumerableRolePausable", [admin.address, pauser.address], "pausable"),
  plain("LegacyOwnablePausable", [], "pausable"),
  plain("CirclePausable", [owner.address, pauser.address], "pausable"),
  plain("OpenPausable", [], "pausable"),
  {
    title: "ManagedPausable",
    create: createManaged,
    verdict: "pausable",
    work: work("ManagedPausable"),
  },
  {
    title: "Marketplace behind a transparent proxy",
    create: createMarketplace,
    verdict: "pausable",
    work: { name: "Marketplace", call: "list(uint256)", args: [1n] },
  },
  {
    title: "UupsVaultV1 behind a UUPS proxy",
    create: async (node) =>
      (await deployUups(node, "UupsVaultV1", "initialize", [owner.address])).proxy,
    verdict: "pausable",
    work: { name: "UupsVaultV1", call: "deposit()", args: [] },
  },

  // Its pausers are in a mapping, which names nobody.
  plain("BitmapPaused", [pauser.address, owner.address], "unknown"),

  // What looks as if it could be paused.
  plain("PauseDoesNothing", [owner.address], "not-pausable"),
  plain("PauseAlwaysReverts", [owner.address], "not-pausable"),
  plain("RenouncedPausable", [], "not-pausable"),
  plain("PausedWithoutPause", [], "not-pausable"),
  // It has no getter to read it back with; its storage word does as well.
  plain("PauseWithoutPaused", [owner.address], "pausable"),
  { ...plain("PermissiveFallback", [], "not-pausable"), work: undefined },

  // What wants to hold up or mislead whoever asks.
  { ...plain("ReturnBomb", [owner.address], "not-pausable"), work: undefined },
  { ...plain("InfiniteLoop", [owner.address], "not-pausable"), work: undefined },
  junk("nothing", "0x", "not-pausable"),
  junk("one byte", "0x01", "not-pausable"),
  junk("a word too short", `0x${"00".repeat(31)}`, "not-pausable"),
  junk("two words", `0x${"00".repeat(63)}01`, "not-pausable"),
  junk("a number", abi.encode(["uint256"], [2n]), "not-pausable"),
  junk("all ones", `0x${"ff".repeat(32)}`, "not-pausable"),
  junk("a text", abi.encode(["string"], ["paused"]), "not-pausable"),
  junk("always false", abi.encode(["bool"], [false]), "not-pausable"),
  junk("always true", abi.encode(["bool"], [true]), "not-pausable"),
];

async function createManaged(node: LocalNode): Promise<Address> {
  const address = await deploy(node, "AccessManager", [admin.address]);
  const manager = { name: "AccessManager", address };
  const managed = await deploy(node, "ManagedPausable", [address]);
  await execute(node, manager, "setTargetFunctionRole", [managed, [PAUSE, UNPAUSE], 7n], admin);
  await execute(node, manager, "grantRole", [7n, pauser.address, 0], admin);
  return managed;
}

async function createMarketplace(node: LocalNode): Promise<Address> {
  const roles = [deployer.address, admin.address, pauser.address];
  return (await deployTransparent(node, "Marketplace", "initialize", roles, admin)).proxy;
}

const PAUSE: Hex = "0x8456cb59";
const UNPAUSE: Hex = "0x3f4ba83a";

/** Nothing hostile may take longer, even on a busy machine. */
const BOUND_MS = 20_000;

describe("verify-pausable", () => {
  const chain = useChain();

  /** One contract's report from the JSON document. */
  function reportOf(outcome: Outcome): Record<string, unknown> {
    const [report] = listOf(onlyDocument(outcome), "contracts");
    if (report === undefined) {
      throw new Error("the document holds no contract");
    }
    return report;
  }

  const exitCodes: Record<Verdict, number> = {
    pausable: 0,
    "pausable-elsewhere": 0,
    "not-pausable": 1,
    unknown: 3,
  };

  for (const { title, create, verdict, work: stopped } of cases) {
    it(`says "${verdict}" of ${title}, and so it is`, async () => {
      const contract = await create(chain.node);
      const project = await chain.project({ accounts: [owner] });
      const startedMs = performance.now();
      const outcome = await chain.nothingWritten(
        project,
        async () => await project.run("verify-pausable", { contract, json: true }),
      );
      expect(performance.now() - startedMs).to.be.lessThan(BOUND_MS);
      const report = reportOf(outcome);
      expect(report.verdict, outcome.stdout).to.equal(verdict);
      expect(report.evidence).not.to.be.empty;
      expect(outcome.exitCode).to.equal(exitCodes[verdict]);

      const stops = stopped !== undefined && (await pauseStops(contract, stopped));
      // The other way round is allowed: what is not known to be a pause is not promised.
      if (verdict === "pausable") {
        expect(stops).to.be.true;
      }
      if (stops && verdict !== "pausable") {
        expect(["PauseWithoutPaused"]).to.include(title);
      }
    });
  }

  /** What really happens when everybody calls `pause()`: does something that worked stop working? */
  async function pauseStops(
    address: Address,
    stopped: NonNullable<Case["work"]>,
  ): Promise<boolean> {
    const { abi: functions } = await artifact(stopped.name);
    const data = hex(functions.encodeFunctionData(stopped.call, [...stopped.args]));
    const works = async (): Promise<boolean> =>
      await chain.node
        .request("eth_call", { from: stranger.address, to: address, data }, "latest")
        .then(
          () => true,
          () => false,
        );
    expect(await works(), "works before it is paused").to.be.true;
    for (const { address: from } of [owner, admin, pauser, deployer]) {
      const pause = { from, to: address, data: PAUSE, gas: "0x100000" };
      await chain.node.request("eth_sendTransaction", pause).catch(() => undefined);
    }
    await chain.node.request("evm_mine");
    return !(await works());
  }

  it("calls the pause as somebody who may, and reads it back, on a fork", async () => {
    const contract = await deploy(chain.node, "RolePausable", [admin.address, pauser.address]);
    const proxy = await chain.proxy();
    const project = await chain.project({ url: proxy.url, accounts: [pauser, stranger] });
    const outcome = await project.run("verify-pausable", { contract, json: true });
    expectSuccess(outcome);
    expect(proxy.requests.some(sends), "a transaction to the live chain").to.be.false;
    const report = reportOf(outcome);
    expect(report.ours).to.deep.equal([pauser.address]);
    expect(JSON.stringify(report.evidence)).to.contain(`pause() as ${pauser.address} succeeds`);
    const [mechanism] = listOf(report, "mechanisms");
    expect(listOf(mechanism, "callers")).to.deep.include({
      address: pauser.address,
      via: "holds role PAUSER_ROLE (event RoleGranted)",
      proved: true,
    });
  });

  it("proves it for a contract that is paused already", async () => {
    const contract = await deploy(chain.node, "OwnablePausable", [owner.address]);
    await execute(chain.node, { name: "OwnablePausable", address: contract }, "pause", [], owner);
    const project = await chain.project();
    const outcome = await project.run("verify-pausable", { contract, json: true });
    expectSuccess(outcome);
    expect(reportOf(outcome)).to.include({ verdict: "pausable", paused: true });
    expect(await isPaused(chain.node, contract)).to.be.true;
  });

  it("leaves out who has lost the role", async () => {
    const contract = await deploy(chain.node, "RolePausable", [admin.address, pauser.address]);
    const role = "0x65d7a28e3265b37a6474929f336521b332c1681b933f6cb9f3376673440d862a";
    const target = { name: "RolePausable", address: contract };
    await execute(chain.node, target, "grantRole", [role, stranger.address], admin);
    await execute(chain.node, target, "revokeRole", [role, pauser.address], admin);
    const project = await chain.project();
    const report = reportOf(await project.run("verify-pausable", { contract, json: true }));
    expect(report.verdict).to.equal("pausable");
    expect(JSON.stringify(report)).not.to.contain(pauser.address);
    expect(JSON.stringify(report)).to.contain(stranger.address);
  });

  it("says so when anybody may", async () => {
    const contract = await deploy(chain.node, "OpenPausable");
    const project = await chain.project({ accounts: [stranger] });
    const report = reportOf(await project.run("verify-pausable", { contract, json: true }));
    expect(report.ours).to.deep.equal([stranger.address]);
    expect(JSON.stringify(report.evidence)).to.contain("anybody");
  });

  it("counts no caller who has to wait", async () => {
    const manager = await deploy(chain.node, "AccessManager", [admin.address]);
    const contract = await deploy(chain.node, "ManagedPausable", [manager]);
    const target = { name: "AccessManager", address: manager };
    await execute(chain.node, target, "setTargetFunctionRole", [contract, [PAUSE], 7n], admin);
    await execute(chain.node, target, "grantRole", [7n, pauser.address, 86_400], admin);
    const project = await chain.project();
    const outcome = await project.run("verify-pausable", { contract, json: true });
    const report = reportOf(outcome);
    // The manager's admin can close the contract at once; whoever may pause has to wait.
    expect(report.verdict).to.equal("pausable-elsewhere");
    const pausing = listOf(report, "rejected").find(({ id }) => id === "openzeppelin");
    expect(pausing).to.deep.include({ works: null });
    expect(listOf(pausing, "callers").some(({ proved }) => proved === true)).to.equal(false);
  });

  it("judges several contracts, each by itself", async () => {
    const good = await deploy(chain.node, "OwnablePausable", [owner.address]);
    const bad = await deploy(chain.node, "PauseDoesNothing", [owner.address]);
    const project = await chain.project();
    const outcome = await project.run("verify-pausable", {
      contract: `${good},${bad}`,
      json: true,
    });
    const verdicts = listOf(onlyDocument(outcome), "contracts").map(({ verdict }) => verdict);
    expect(verdicts).to.deep.equal(["pausable", "not-pausable"]);
    expect(outcome.exitCode).to.equal(1);
  });

  it("says it in words, with what to type next", async () => {
    const contract = await deploy(chain.node, "OwnablePausable", [owner.address]);
    const project = await chain.project();
    const outcome = await project.run("verify-pausable", { contract });
    expectSuccess(outcome);
    expect(outcome.stdout).to.contain("CAN BE PAUSED");
    expect(outcome.stdout).to.contain(`npx hardhat pause --network live --contract ${contract}`);
  });

  it("cannot tell when the node keeps the logs to itself", async () => {
    const contract = await deploy(chain.node, "RolePausable", [admin.address, pauser.address]);
    const proxy = await chain.proxy();
    proxy.answerBy(async (request, forward) =>
      request.methods.includes("eth_getLogs")
        ? rpcError(request, "query returned more than 10000 results", -32005)
        : await forward(),
    );
    await expectUnknown(proxy, contract);
  });

  it("cannot tell where no fork can be made", async () => {
    const contract = await deploy(chain.node, "OwnablePausable", [owner.address]);
    const proxy = await chain.proxy();
    // The command itself asks for the latest block only.
    proxy.answerBy(async (request, forward) =>
      request.methods[0] === "eth_getBlockByNumber" && !request.body.includes('"latest"')
        ? rpcError(request, "missing trie node")
        : await forward(),
    );
    await expectUnknown(proxy, contract);
  });

  async function expectUnknown(proxy: NodeProxy, contract: Address): Promise<void> {
    const project = await chain.project({ url: proxy.url });
    const outcome = await project.run("verify-pausable", { contract, json: true });
    expect(reportOf(outcome).verdict).to.equal("unknown");
    expect(reportOf(outcome).unknown).not.to.be.empty;
    expect(outcome.exitCode).to.equal(3);
  }
});
