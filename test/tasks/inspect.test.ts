import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import type { Address } from "../../src/chain/address.js";
import type { EmergencyUserConfig } from "../../src/config/types.js";
import { admin, owner, pauser, penniless, stranger } from "../helpers/accounts.js";
import { useChain } from "../helpers/chain.js";
import { deploy, deployTransparent, deployUups } from "../helpers/contracts.js";
import { rpcError, sends } from "../helpers/proxy.js";
import { expectRefusal, expectSuccess, fieldOf, listOf, onlyDocument } from "../helpers/refusal.js";

describe("inspect", () => {
  let ownable: Address;
  let roles: Address;
  let lying: Address;
  let poor: Address;
  let market: Address;
  let vault: Address;
  const chain = useChain(async (node) => {
    ownable = await deploy(node, "OwnablePausable", [owner.address]);
    roles = await deploy(node, "RolePausable", [admin.address, pauser.address]);
    lying = await deploy(node, "PauseDoesNothing", [owner.address]);
    poor = await deploy(node, "OwnablePausable", [penniless.address]);
    const people = [owner.address, admin.address, pauser.address];
    market = (await deployTransparent(node, "Marketplace", "initialize", people, admin)).proxy;
    vault = (await deployUups(node, "UupsVaultV1", "initialize", [owner.address])).proxy;
  });

  const inspect = (contract: string, ...more: readonly string[]): string[] => [
    ...["inspect", "--network", "live", "--contract", contract],
    ...more,
  ];

  describe("in words", () => {
    it("shows the code, the ways to pause, and both powers down to people", async () => {
      const project = await chain.cli({ accounts: [admin] });
      const { exitCode, stdout, stderr } = await project.run(inspect(market));
      expect(exitCode, stderr).to.equal(0);
      const lines = stdout.split("\n");
      const at = (start: string): number => lines.findIndex((line) => line.includes(start));
      expect(stdout).to.contain("transparent proxy, implementation 0x");
      expect(stdout).to.match(/its own code 0x[0-9a-f]{64} \(eth_getCode\)/);
      expect(stdout).to.contain("openzeppelin: pause() works (fork); undone by unpause()");
      expect(at("├ Code")).to.be.lessThan(at("├ Pausing"));
      expect(at("├ Pausing")).to.be.lessThan(at("└ Upgrading"));
      expect(lines.slice(at("├ Pausing"), at("└ Upgrading")).join("\n"))
        .to.contain(`${pauser.address}: account`)
        .and.to.contain("holds role PAUSER_ROLE (event RoleGranted)")
        .and.to.contain("You cannot, now");
      expect(lines.slice(at("└ Upgrading")).join("\n"))
        .to.contain("upgradeAndCall(address,address,bytes) on 0x")
        .and.to.contain(`${admin.address}: account`)
        .and.to.contain("You can, now");
      expect(stdout).not.to.contain("\u001b");
    });

    it("has no table of functions, which verify-pausable has", async () => {
      const project = await chain.project();
      const inspected = await project.run("inspect", { contract: vault });
      const verified = await project.run("verify-pausable", { contract: vault });
      expect(inspected.stdout).not.to.contain("blocked by the pause (");
      expect(verified.stdout).to.contain("blocked by the pause (");
    });

    it("says what a contract is that is neither proxy nor pausable, and still ends with 0", async () => {
      const project = await chain.project();
      const outcome = await project.run("inspect", { contract: lying });
      expectSuccess(outcome);
      expect(outcome.stdout)
        .to.contain("CANNOT BE PAUSED")
        .and.to.contain("not a proxy")
        .and.to.contain("nobody can change its code")
        .and.to.contain("npx hardhat deploy-fixed");
    });

    it("works without accounts, and says that there are none", async () => {
      const project = await chain.project({ accounts: [] });
      const outcome = await project.run("inspect", { contract: roles });
      expectSuccess(outcome);
      expect(outcome.stdout)
        .to.contain("You cannot, now: the network has no accounts")
        .and.to.contain(pauser.address);
    });

    it("says that the one who may cannot pay", async () => {
      const project = await chain.project({ accounts: [penniless] });
      const outcome = await project.run("inspect", { contract: poor });
      expectSuccess(outcome);
      expect(outcome.stdout)
        .to.contain("cannot pay for it")
        .and.to.contain(`${penniless.address} has 0 ETH`)
        .and.to.contain(`Next: send ETH to ${penniless.address}, then npx hardhat pause`);
    });

    it("names both contracts in a table when there are two", async () => {
      const project = await chain.project({ accounts: [owner] });
      const { stdout } = await project.run("inspect", { contract: `${ownable},${roles}` });
      expect(stdout).to.match(new RegExp(`^${ownable} +yes +running +yes`, "m"));
      expect(stdout).to.match(new RegExp(`^${roles} +yes +running +NO`, "m"));
      expect(stdout).to.contain(`1 of 2 cannot be paused by you now: ${roles}`);
    });
  });

  describe("--all", () => {
    const config = (contracts: EmergencyUserConfig["contracts"]): EmergencyUserConfig =>
      contracts === undefined ? {} : { contracts };

    it("ends with 0 when all can be paused that must be, whatever the others are", async () => {
      const emergency = config({
        safe: { address: ownable, mustBePausable: true },
        lying: { address: lying },
        other: roles,
      });
      const project = await chain.cli({ accounts: [owner], emergency });
      const { exitCode, stdout, stderr } = await project.run([
        ...["inspect", "--network", "live", "--all"],
      ]);
      expect(exitCode, stderr).to.equal(0);
      expect(stdout).to.match(/^contract +can be paused +now +by you now +stays open/m);
      expect(stdout).to.match(/^safe +yes +running +yes/m);
      expect(stdout).to.match(/^lying +NO +running +NO|^lying +NO +not known +NO/m);
      expect(stdout).to.contain("2 of 3 cannot be paused by you now: lying, other");
      expect(stdout).to.contain("All 1 that must be pausable can be paused by you now.");
    });

    it("ends with 1 and names those that must be pausable and are not", async () => {
      const emergency = config({
        safe: { address: ownable, mustBePausable: true },
        lying: { address: lying, mustBePausable: true },
        foreign: { address: roles, mustBePausable: true },
      });
      const project = await chain.cli({ accounts: [owner], emergency });
      const { exitCode, stdout } = await project.run(["inspect", "--network", "live", "--all"]);
      expect(exitCode).to.equal(1);
      expect(stdout).to.contain(
        "MUST BE PAUSABLE by you now, and is not: lying (nothing stops it)",
      );
      expect(stdout).to.contain("MUST BE PAUSABLE by you now, and is not: foreign (");
      expect(stdout).not.to.contain("is not: safe");
    });

    it("counts one that only somebody without ETH can pause as not pausable", async () => {
      const emergency = config({ poor: { address: poor, mustBePausable: true } });
      const project = await chain.project({ accounts: [penniless], emergency });
      const outcome = await project.run("inspect", { all: true });
      expect(outcome.exitCode).to.equal(1);
      expect(outcome.stdout).to.contain("is not: poor (");
    });

    it("ends with 3 when it cannot tell", async () => {
      const proxy = await chain.proxy();
      proxy.answerBy(async (request, forward) =>
        request.methods.includes("eth_getLogs")
          ? rpcError(request, "query returned more than 10000 results", -32005)
          : await forward(),
      );
      const emergency = config({ roles: { address: roles, mustBePausable: true } });
      const project = await chain.cli({ url: proxy.url, accounts: [owner], emergency });
      const { exitCode, stdout } = await project.run(["inspect", "--network", "live", "--all"]);
      expect(exitCode, stdout).to.equal(3);
      expect(stdout).to.contain("could not be decided: roles");
    });

    it("says in JSON what must be pausable and is not", async () => {
      const emergency = config({
        lying: { address: lying, mustBePausable: true },
        safe: { address: ownable, mustBePausable: true },
      });
      const project = await chain.project({ emergency });
      const outcome = await project.run("inspect", { all: true, json: true });
      expect(outcome.exitCode).to.equal(1);
      const document = onlyDocument(outcome);
      expect(document.mustBePausable).to.deep.equal({ failed: ["lying"], undecided: [] });
      expect(listOf(document, "contracts")).to.have.lengthOf(2);
    });

    it("is refused where the configuration names no contract on this network", async () => {
      const emergency = config({ elsewhere: { address: { other: ownable } } });
      for (const each of [{}, emergency]) {
        const project = await chain.project({ emergency: each });
        const error = expectRefusal(await project.run("inspect", { all: true }), "BAD_ARGUMENTS");
        expect(error.next).to.contain("emergency.contracts").and.to.contain("--contract");
      }
    });

    it("is refused together with --contract", async () => {
      const project = await chain.project({ emergency: config({ ownable }) });
      const outcome = await project.run("inspect", { all: true, contract: ownable });
      expectRefusal(outcome, "BAD_ARGUMENTS");
    });
  });

  describe("in JSON", () => {
    it("is the document of verify-pausable", async () => {
      const project = await chain.project();
      const inspected = await project.run("inspect", { contract: market, json: true });
      const verified = await project.run("verify-pausable", { contract: market, json: true });
      expectSuccess(inspected);
      expect(onlyDocument(inspected)).to.deep.equal(onlyDocument(verified));
    });

    it("tells who may upgrade, and whether that is in reach", async () => {
      const project = await chain.project({ accounts: [admin] });
      const outcome = await project.run("inspect", {
        contract: `${market},${vault},${ownable}`,
        json: true,
      });
      const [transparent, uups, plain] = listOf(onlyDocument(outcome), "contracts");
      const byAdmin = fieldOf(transparent, "upgrade");
      expect(byAdmin.how).to.equal("upgradeAndCall(address,address,bytes)");
      expect(byAdmin.to).to.equal(fieldOf(transparent, "proxy").admin);
      expect(listOf(byAdmin, "callers").filter(({ proved }) => proved)).to.deep.equal([
        { address: admin.address, via: "owner()", proved: true },
      ]);
      expect(fieldOf(byAdmin, "canYou").now).to.equal(true);
      const byOwner = fieldOf(uups, "upgrade");
      expect(byOwner).to.include({ how: "upgradeToAndCall(address,bytes)", to: vault });
      expect(listOf(byOwner, "callers").filter(({ proved }) => proved)).to.have.lengthOf(1);
      expect(fieldOf(byOwner, "canYou").now).to.equal(false);
      expect(plain?.upgrade).to.equal(null);
    });

    it("writes nothing to the chain", async () => {
      const proxy = await chain.proxy();
      const project = await chain.project({ url: proxy.url });
      const outcome = await chain.nothingWritten(
        project,
        async () => await project.run("inspect", { contract: market, json: true }),
      );
      expectSuccess(outcome);
      expect(proxy.requests.some(sends)).to.be.false;
    });
  });

  describe("--output", () => {
    it("writes a page, and writes it again", async () => {
      const project = await chain.project();
      const output = join(project.folder, "pausing.md");
      for (const contract of [ownable, vault]) {
        expectSuccess(await project.run("inspect", { contract, output }));
        const page = await readFile(output, "utf8");
        expect(page).to.match(/^<!-- hardhat-emergency runbook/);
        expect(page).to.contain(`## ${contract}`).and.to.contain("| function | verdict");
      }
    });

    it("does not write over what is not its own", async () => {
      const project = await chain.project();
      const output = join(project.folder, "notes.md");
      await writeFile(output, "# What we decided\n");
      const proxy = await chain.proxy();
      const guarded = await chain.project({ url: proxy.url });
      const outcome = await guarded.run("inspect", { contract: ownable, output });
      expect(expectRefusal(outcome, "BAD_ARGUMENTS").message).to.contain("--output");
      expect(await readFile(output, "utf8")).to.equal("# What we decided\n");
      expect(proxy.requests.some(({ methods }) => methods.includes("eth_getCode"))).to.be.false;
    });

    it("names a folder that is not there, before any work is done", async () => {
      const proxy = await chain.proxy();
      const project = await chain.project({ url: proxy.url });
      for (const task of ["inspect", "verify-pausable"]) {
        const outcome = await project.run(task, {
          contract: ownable,
          output: join(project.folder, "no-such", "pausing.md"),
        });
        const error = expectRefusal(outcome, "BAD_ARGUMENTS");
        expect(error.message).to.contain("no-such");
        expect(error.next).to.contain("mkdir");
      }
      expect(proxy.requests.some(({ methods }) => methods.includes("eth_getCode"))).to.be.false;
      const folder = await project.run("inspect", { contract: ownable, output: project.folder });
      expectRefusal(folder, "BAD_ARGUMENTS");
    });
  });

  describe("refuses", () => {
    const bad: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
      ["a file with the ABI that is not there", { abi: "no-such-abi.json" }],
      ["a hash that no transaction has", { calls: `0x${"12".repeat(32)}` }],
      ["a hash that is too short", { calls: "0x1234" }],
      ["a file of calls that is not there", { calls: "no-such-calls.json" }],
    ];
    for (const [what, args] of bad) {
      it(what, async () => {
        const project = await chain.project();
        for (const task of ["inspect", "verify-pausable"]) {
          const outcome = await project.run(task, { contract: ownable, json: true, ...args });
          expectRefusal(outcome, "BAD_ARGUMENTS");
          expect(fieldOf(onlyDocument(outcome), "error").code).to.equal("BAD_ARGUMENTS");
        }
      });
    }

    it("a file with the ABI that is none", async () => {
      const project = await chain.project();
      const abi = join(project.folder, "abi.json");
      await writeFile(abi, "not JSON");
      expectRefusal(await project.run("inspect", { contract: ownable, abi }), "BAD_ARGUMENTS");
    });

    it("to go on without any contract", async () => {
      const project = await chain.cli();
      const { exitCode, stderr } = await project.run(["inspect", "--network", "live"]);
      expect(exitCode).to.equal(1);
      expect(stderr).to.contain("BAD_ARGUMENTS").and.to.contain("--all");
    });
  });

  it("says which of the named calls were left out", async () => {
    // The node's own rule: what reverts is mined all the same.
    const failing = await chain.node.request("eth_sendTransaction", {
      from: stranger.address,
      to: ownable,
      data: "0x8456cb59",
      gas: "0x30d40",
    });
    await chain.node.request("evm_mine");
    const project = await chain.project();
    const outcome = await project.run("inspect", {
      contract: ownable,
      calls: String(failing),
      json: true,
    });
    const [report] = listOf(onlyDocument(outcome), "contracts");
    expect(JSON.stringify(report?.unknown)).to.contain("failed when it was made");
  });

  it("knows the ways to pause that the configuration describes", async () => {
    const throttle = await deploy(chain.node, "Throttle", [owner.address]);
    const project = await chain.project({
      emergency: {
        contracts: { throttle },
        mechanisms: {
          full: {
            contract: "throttle",
            pause: { signature: "throttle(address,uint8)", args: ["$contract", 7] },
            unpause: { signature: "throttle(address,uint8)", args: ["$contract", 0] },
            readBack: {
              signature: "state() returns (uint256, bool)",
              paused: [null, true],
            },
          },
        },
      },
    });
    const outcome = await project.run("inspect", { contract: "throttle", json: true });
    const [report] = listOf(onlyDocument(outcome), "contracts");
    expect(listOf(report, "mechanisms")[0]).to.include({ id: "custom:full", works: true });
  });

  describe("verify-pausable --fail-on", () => {
    it("is refused with anything but open", async () => {
      const project = await chain.project();
      const outcome = await project.run("verify-pausable", { contract: ownable, failOn: "closed" });
      expect(expectRefusal(outcome, "BAD_ARGUMENTS").message).to.contain("--fail-on");
    });

    it("open ends with 0 when nothing that moves funds stays open, else with 1", async () => {
      const leaky = await deploy(chain.node, "LeakyPause", [owner.address]);
      await chain.node.request("hardhat_setBalance", leaky, "0xde0b6b3a7640000");
      const project = await chain.cli();
      const verify = (contract: string): string[] => [
        ...["verify-pausable", "--network", "live", "--contract", contract],
      ];
      expect((await project.run([...verify(ownable), "--fail-on", "open"])).exitCode).to.equal(0);
      const { exitCode, stdout } = await project.run([...verify(leaky), "--fail-on", "open"]);
      expect(exitCode).to.equal(1);
      expect(stdout)
        .to.contain("CAN BE PAUSED")
        .and.to.match(/STILL OPEN AND MOVING FUNDS \(1\):\n +leak\(\): 2 ETH balances/);
      expect((await project.run(verify(leaky))).exitCode).to.equal(0);
    });
  });
});
