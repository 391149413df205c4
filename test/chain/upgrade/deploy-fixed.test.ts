import { expect } from "chai";

import { findContract, type KnownContract } from "../../../src/chain/address-book.js";
import type { Address } from "../../../src/chain/address.js";
import { openChain } from "../../../src/chain/connect.js";
import { noOutbox } from "../../../src/chain/transactions/outbox.js";
import { DeployStep } from "../../../src/chain/upgrade/deploy-step.js";
import { projectContracts } from "../../../src/chain/upgrade/project.js";
import type { ErrorCode } from "../../../src/errors.js";
import { isRecord } from "../../../src/json.js";
import { addressBook } from "../../../tasks/shared/writing-task.js";
import { deployer, owner } from "../../helpers/accounts.js";
import { useChain } from "../../helpers/chain.js";
import { artifact, deploy, nextAddress, read } from "../../helpers/contracts.js";
import { unexpected } from "../../helpers/fake-chain.js";
import { writeInto, type Outcome, type Project } from "../../helpers/project.js";
import { rpcError } from "../../helpers/proxy.js";
import { expectRefusal, expectSuccess } from "../../helpers/refusal.js";

type Arguments = Readonly<Record<string, string | boolean>>;

/** Beyond what a JavaScript number can hold. */
const LIMIT_WEI = 10n ** 24n + 7n;
const NAME = 'a, "quoted" [name]';

describe("deploy-fixed", () => {
  let old: Address;
  let creation: string;
  const chain = useChain(async (node) => {
    old = await deploy(node, "WithConstructorArguments", [owner.address, LIMIT_WEI, NAME]);
    const block = await node.request("eth_getBlockByNumber", "latest", false);
    creation =
      isRecord(block) && Array.isArray(block.transactions) ? String(block.transactions[0]) : "";
    // The creation is not in the latest block: it must be found.
    for (let blocks = 0; blocks < 5; blocks++) {
      await node.request("evm_mine");
    }
  });

  async function deployFixed(project: Project, args: Arguments): Promise<Outcome> {
    return await project.run("deploy-fixed", {
      contract: "WithConstructorArgumentsFixed",
      yes: true,
      ...args,
    });
  }

  async function refused(args: Arguments, code: ErrorCode): Promise<string> {
    const project = await chain.project({ builds: true });
    const outcome = await chain.nothingWritten(
      project,
      async () => await deployFixed(project, args),
    );
    return expectRefusal(outcome, code).message;
  }

  /** The new contract is there, and has these arguments. */
  async function expectFixed(address: Address, limitWei: bigint, name: string): Promise<void> {
    const fixed = { name: "WithConstructorArgumentsFixed", address };
    expect(await read(chain.node, fixed, "version()")).to.equal("2");
    expect(await read(chain.node, fixed, "limitWei()")).to.equal(limitWei);
    expect(await read(chain.node, fixed, "name()")).to.equal(name);
    expect(await read(chain.node, fixed, "owner()")).to.equal(owner.address);
  }

  it("takes over the arguments from the transaction that created the old contract", async () => {
    const created = await nextAddress(chain.node, owner);
    const outcome = await deployFixed(await chain.project({ builds: true }), { replaces: old });
    expectSuccess(outcome);
    await expectFixed(created, LIMIT_WEI, NAME);
    expect(outcome.stdout).to.contain(created).and.to.contain(creation);
  });

  it("takes over the arguments from a creation that is named", async () => {
    const proxy = await chain.proxy();
    // As on a node that keeps no old state.
    proxy.answerBy(async (request, forward) =>
      request.methods[0] === "eth_getCode" && !request.isBatch && !request.body.includes('"latest"')
        ? rpcError(request, "missing trie node")
        : await forward(),
    );
    const project = await chain.project({ url: proxy.url, builds: true });
    const withoutIt = await deployFixed(project, { replaces: old, skipRehearsal: true });
    expectRefusal(withoutIt, "CONSTRUCTOR_ARGUMENTS_UNKNOWN");

    const created = await nextAddress(chain.node, owner);
    const args = { replaces: old, creationTransaction: creation, skipRehearsal: true };
    expectSuccess(await deployFixed(project, args));
    await expectFixed(created, LIMIT_WEI, NAME);
  });

  it("takes the arguments that are given", async () => {
    const created = await nextAddress(chain.node, owner);
    const args = JSON.stringify([owner.address, "5", "new"]);
    expectSuccess(
      await deployFixed(await chain.project({ builds: true }), { args, replaces: old }),
    );
    await expectFixed(created, 5n, "new");
  });

  it("needs no arguments where the constructor takes none", async () => {
    const created = await nextAddress(chain.node, owner);
    const project = await chain.project({ builds: true });
    expectSuccess(await deployFixed(project, { contract: "UupsVaultV2" }));
    const { deployedBytecode } = await artifact("UupsVaultV2");
    const code = String(await chain.node.request("eth_getCode", created, "latest"));
    expect(code).to.have.lengthOf(deployedBytecode.length);
  });

  it("does not create the same twice", async () => {
    const project = await chain.project({ builds: true });
    expectSuccess(await deployFixed(project, { replaces: old }));
    const again = await chain.nothingWritten(
      project,
      async () => await deployFixed(project, { replaces: old }),
    );
    expectSuccess(again);
    expect(again.stdout).to.contain("ALREADY SO");
  });

  it("creates another one with --again, and when the arguments are other ones", async () => {
    const project = await chain.project({ builds: true });
    expectSuccess(await deployFixed(project, { replaces: old }));
    const second = await nextAddress(chain.node, owner);
    expectSuccess(await deployFixed(project, { replaces: old, again: true }));
    await expectFixed(second, LIMIT_WEI, NAME);

    const third = await nextAddress(chain.node, owner);
    const args = JSON.stringify([owner.address, "6", "other"]);
    expectSuccess(await deployFixed(project, { args }));
    await expectFixed(third, 6n, "other");
  });

  const wrong: readonly (readonly [string, Arguments, ErrorCode])[] = [
    ["no arguments where there must be some", {}, "CONSTRUCTOR_ARGUMENTS_UNKNOWN"],
    ["too few arguments", { args: owner.address }, "BAD_ARGUMENTS"],
    ["an argument of another type", { args: `${owner.address},much,name` }, "BAD_ARGUMENTS"],
    [
      "an address with a wrong checksum",
      { args: `${otherCase(owner.address)},1,name` },
      "BAD_ARGUMENTS",
    ],
    ["arguments that are no JSON", { args: "[" }, "BAD_ARGUMENTS"],
    [
      "arguments that the constructor refuses",
      { args: `0x${"0".repeat(40)},1,name` },
      "WOULD_REVERT",
    ],
    ["a contract that the project does not have", { contract: "Fixed" }, "UNKNOWN_ARTIFACT"],
    ["an abstract contract", { contract: "GuardedWork", args: "[]" }, "UNKNOWN_ARTIFACT"],
  ];
  for (const [what, args, code] of wrong) {
    it(`refuses ${what}`, async () => {
      await refused(args, code);
    });
  }

  it("refuses to take over arguments that mean something else", async () => {
    const replaces = await deploy(chain.node, "RolePausable", [owner.address, deployer.address]);
    await refused({ replaces }, "CONSTRUCTOR_ARGUMENTS_UNKNOWN");
  });

  it("refuses to take over arguments from another creation", async () => {
    const other = await chain.node.request("eth_sendTransaction", {
      from: deployer.address,
      to: owner.address,
    });
    const args = { replaces: old, creationTransaction: String(other) };
    await refused(args, "CONSTRUCTOR_ARGUMENTS_UNKNOWN");
  });

  it("refuses to take over arguments of a contract that is not the project's", async () => {
    await chain.node.request("hardhat_setCode", old, "0x60016002");
    await refused({ replaces: old }, "CONSTRUCTOR_ARGUMENTS_UNKNOWN");
  });

  describe("with the records of a deployment", () => {
    /** What the records of a project's folder say of the old contract. */
    async function recorded(file: string, content: unknown): Promise<KnownContract> {
      const project = await chain.project();
      await writeInto(project.folder, file, content);
      const live = await openChain(project.hre);
      try {
        return await findContract(addressBook(project.hre, live), "Old", "--replaces");
      } finally {
        await live.close();
      }
    }

    /** The arguments that a step takes over from them, as it would send them. */
    async function takenOver(known: KnownContract): Promise<string> {
      const project = await chain.project({ builds: true });
      const live = await openChain(project.hre);
      const step = new DeployStep(
        {
          chain: live,
          outbox: noOutbox,
          timeoutMs: 1,
          now: unexpected("now"),
          wait: unexpected("wait"),
        },
        projectContracts(project.hre),
      );
      try {
        const { facts } = await step.observe({
          artifact: "WithConstructorArgumentsFixed",
          args: null,
          replaces: known.address,
          knownArgs: known.constructorArgs ?? null,
          creationTransaction: known.creationTransaction ?? null,
          again: false,
        });
        return String(facts["constructor arguments"]);
      } finally {
        await live.close();
      }
    }

    async function expected(): Promise<string> {
      const { abi } = await artifact("WithConstructorArguments");
      return abi.encodeDeploy([owner.address, LIMIT_WEI, NAME]);
    }

    it("takes the arguments from hardhat-deploy's record", async () => {
      const args = [owner.address, String(LIMIT_WEI), NAME];
      const known = await recorded("deployments/live/Old.json", { address: old, args });
      expect(await takenOver(known)).to.equal(await expected());
    });

    it("takes the creation from hardhat-deploy's record when it holds no arguments", async () => {
      const record = { address: old, transactionHash: creation };
      const known = await recorded("deployments/live/Old.json", record);
      expect(known.creationTransaction).to.equal(creation);
      expect(await takenOver(known)).to.equal(await expected());
    });

    it("takes the arguments from Ignition's journal, large numbers too", async () => {
      const folder = `ignition/deployments/chain-${chain.node.chainId}`;
      const project = await chain.project();
      await writeInto(project.folder, `${folder}/deployed_addresses.json`, { "Module#Old": old });
      const entry = {
        type: "DEPLOYMENT_EXECUTION_STATE_INITIALIZE",
        futureId: "Module#Old",
        artifactId: "Module#Old",
        contractName: "WithConstructorArguments",
        constructorArgs: [owner.address, { _kind: "bigint", value: String(LIMIT_WEI) }, NAME],
      };
      // A line that was torn by a kill is nothing.
      await writeInto(
        project.folder,
        `${folder}/journal.jsonl`,
        `${JSON.stringify(entry)}\n{"type"`,
      );
      const live = await openChain(project.hre);
      const known = await findContract(addressBook(project.hre, live), "Old", "--replaces");
      await live.close();
      expect(known.artifact).to.equal("WithConstructorArguments");
      expect(await takenOver(known)).to.equal(await expected());
    });
  });
});

function otherCase(address: string): string {
  return address.replace(/[a-f]/, (letter) => letter.toUpperCase());
}
