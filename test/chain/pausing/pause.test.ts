import { expect } from "chai";

import type { Address } from "../../../src/chain/address.js";
import {
  admin,
  deployer,
  owner,
  pauser,
  stranger,
  type TestAccount,
} from "../../helpers/accounts.js";
import type { LocalNode } from "../../helpers/anvil.js";
import { useChain } from "../../helpers/chain.js";
import {
  deploy,
  deployTransparent,
  deployUups,
  execute,
  isPaused,
  read,
} from "../../helpers/contracts.js";
import { expectSuccess, listOf, onlyDocument } from "../../helpers/refusal.js";

/** Every way of being pausable that the plugin promises, and who holds the power there. */
interface Case {
  readonly title: string;
  readonly holder: TestAccount;
  /** Who may start it again, where that is another one. */
  readonly starter?: TestAccount;
  readonly create: (node: LocalNode) => Promise<Address>;
}

const cases: readonly Case[] = [
  {
    title: "Ownable",
    holder: owner,
    create: async (node) => await deploy(node, "OwnablePausable", [owner.address]),
  },
  {
    title: "AccessControl",
    holder: pauser,
    create: async (node) => await deploy(node, "RolePausable", [admin.address, pauser.address]),
  },
  {
    title: "AccessControlEnumerable",
    holder: pauser,
    create: async (node) =>
      await deploy(node, "EnumerableRolePausable", [admin.address, pauser.address]),
  },
  { title: "AccessManaged", holder: pauser, create: createManaged },
  {
    title: "a transparent proxy",
    holder: pauser,
    create: async (node) =>
      (
        await deployTransparent(
          node,
          "Marketplace",
          "initialize",
          [deployer.address, admin.address, pauser.address],
          admin,
        )
      ).proxy,
  },
  {
    title: "a UUPS proxy",
    holder: owner,
    create: async (node) =>
      (await deployUups(node, "UupsVaultV1", "initialize", [owner.address])).proxy,
  },
  {
    title: "OpenZeppelin 4's Ownable, which refuses in words",
    holder: owner,
    create: async (node) => await deploy(node, "LegacyOwnablePausable", [], owner),
  },
  {
    title: "Circle's pauser",
    holder: pauser,
    create: async (node) => await deploy(node, "CirclePausable", [owner.address, pauser.address]),
  },
  {
    title: "EigenLayer's bitmap, which another account clears",
    holder: pauser,
    starter: admin,
    create: async (node) => await deploy(node, "BitmapPaused", [pauser.address, admin.address]),
  },
];

/** The role of AccessManager that may pause here. */
const ROLE = 7n;

async function createManaged(node: LocalNode): Promise<Address> {
  const address = await deploy(node, "AccessManager", [admin.address]);
  const manager = { name: "AccessManager", address };
  const managed = await deploy(node, "ManagedPausable", [address]);
  const selectors = ["0x8456cb59", "0x3f4ba83a"];
  await execute(node, manager, "setTargetFunctionRole", [managed, selectors, ROLE], admin);
  await execute(node, manager, "grantRole", [ROLE, pauser.address, 0], admin);
  return managed;
}

describe("pause and unpause", () => {
  const contracts = new Map<string, Address>();
  const chain = useChain(async (node) => {
    for (const { title, create } of cases) {
      contracts.set(title, await create(node));
    }
  });

  function contractOf(title: string): Address {
    const address = contracts.get(title);
    if (address === undefined) {
      throw new Error(`no contract was made for ${title}`);
    }
    return address;
  }

  async function sentSince(block: number): Promise<string[]> {
    const latest = Number(await chain.node.request("eth_blockNumber"));
    const senders: string[] = [];
    for (let number = block + 1; number <= latest; number++) {
      const found = await chain.node.request(
        "eth_getBlockByNumber",
        `0x${number.toString(16)}`,
        true,
      );
      senders.push(...listOf(found, "transactions").map(({ from }) => String(from)));
    }
    return senders;
  }

  for (const { title, holder, starter = holder } of cases) {
    it(`stops and starts through ${title}, with the one account that may`, async () => {
      const contract = contractOf(title);
      // The stranger comes first: who signs is decided by trying, not by order.
      const accounts = [stranger, ...new Set([starter, holder])];
      const project = await chain.project({ accounts });
      const block = Number(await chain.node.request("eth_blockNumber"));

      expectSuccess(await project.run("pause", { contract, yes: true }));
      expect(await isPaused(chain.node, contract)).to.be.true;

      expectSuccess(await project.run("unpause", { contract, yes: true }));
      expect(await isPaused(chain.node, contract)).to.be.false;

      const senders = [holder, starter].map(({ address }) => address.toLowerCase());
      expect(await sentSince(block)).to.deep.equal(senders);
    });
  }

  it("really blocks what is guarded", async () => {
    const contract = contractOf("Ownable");
    const project = await chain.project();
    expectSuccess(await project.run("pause", { contract, yes: true }));
    const work = read(chain.node, { name: "OwnablePausable", address: contract }, "work()");
    expect(await work.then(() => "works", String)).to.contain("0xd93c0665"); // EnforcedPause()
  });

  it("is done when it is paused already, and sends nothing", async () => {
    const contract = contractOf("Ownable");
    const project = await chain.project();
    expectSuccess(await project.run("pause", { contract, yes: true }));

    const outcome = await chain.nothingWritten(
      project,
      async () => await project.run("pause", { contract, yes: true }),
    );
    expectSuccess(outcome);
    expect(outcome.stdout).to.contain("ALREADY SO");
  });

  it("is done when it is paused already, even for an account that may not", async () => {
    const contract = contractOf("Ownable");
    expectSuccess(await (await chain.project()).run("pause", { contract, yes: true }));

    const project = await chain.project({ accounts: [stranger] });
    const outcome = await chain.nothingWritten(
      project,
      async () => await project.run("pause", { contract, yes: true }),
    );
    expectSuccess(outcome);
  });

  it("needs no confirmation when there is nothing to do", async () => {
    const project = await chain.project();
    const outcome = await chain.nothingWritten(
      project,
      async () => await project.run("unpause", { contract: contractOf("Ownable") }),
    );
    expectSuccess(outcome);
  });

  it("stops several contracts, each by whoever may", async () => {
    const first = contractOf("Ownable");
    const second = contractOf("AccessControl");
    const project = await chain.project({ accounts: [owner, pauser] });
    // The first one is named twice, and paused once.
    const contract = `${first}, ${second},${first.toLowerCase()}`;
    const outcome = await project.run("pause", { contract, yes: true, json: true });
    expectSuccess(outcome);
    expect(await isPaused(chain.node, first)).to.be.true;
    expect(await isPaused(chain.node, second)).to.be.true;
    const outcomes = listOf(onlyDocument(outcome), "outcomes");
    expect(outcomes.map(({ status }) => status)).to.deep.equal(["done", "done"]);
  });

  it("signs as --from says", async () => {
    const contract = contractOf("Ownable");
    await execute(
      chain.node,
      { name: "OwnablePausable", address: contract },
      "transferOwnership",
      [admin.address],
      owner,
    );
    const project = await chain.project({ accounts: [owner, admin] });
    expectSuccess(
      await project.run("pause", { contract, from: admin.address.toLowerCase(), yes: true }),
    );
    expect(await isPaused(chain.node, contract)).to.be.true;
  });

  it("leaves signing to the node where the accounts are remote", async () => {
    const contract = contractOf("Ownable");
    const project = await chain.project({ accounts: "remote" });
    expectSuccess(await project.run("pause", { contract, yes: true }));
    expect(await isPaused(chain.node, contract)).to.be.true;
  });

  it("pays the gas price that the network's configuration fixes", async () => {
    const contract = contractOf("Ownable");
    const project = await chain.project({ gasPrice: 20_000_000_000 });
    expectSuccess(await project.run("pause", { contract, yes: true }));
    const block = await chain.node.request("eth_getBlockByNumber", "latest", true);
    const [transaction] = listOf(block, "transactions");
    expect(Number(transaction?.gasPrice)).to.equal(20_000_000_000);
  });

  it("says which transaction did it, and what was read back", async () => {
    const contract = contractOf("Ownable");
    const project = await chain.project();
    const outcome = await project.run("pause", { contract, yes: true });
    const block = await chain.node.request("eth_getBlockByNumber", "latest", true);
    const [transaction] = listOf(block, "transactions");
    expect(outcome.stdout).to.contain(String(transaction?.hash));
    expect(outcome.stdout).to.contain(`paused() of ${contract} is true`);
  });

  it("ends with exit code 3 when the contract is not paused in spite of it", async () => {
    const contract = await deploy(chain.node, "PauseDoesNothing", [owner.address]);
    const project = await chain.project();
    const outcome = await project.run("pause", { contract, yes: true });
    expect(outcome.error).to.equal(undefined);
    expect(outcome.exitCode).to.equal(3);
    expect(outcome.stdout).to.contain("NOT VERIFIED");
  });
});
