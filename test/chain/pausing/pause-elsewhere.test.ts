import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import type { Address } from "../../../src/chain/address.js";
import type { EmergencyUserConfig } from "../../../src/config/types.js";
import { admin, deployer, owner, pauser, stranger } from "../../helpers/accounts.js";
import { useChain } from "../../helpers/chain.js";
import { artifact, deploy, execute, read } from "../../helpers/contracts.js";
import {
  expectRefusal,
  expectSuccess,
  fieldOf,
  listOf,
  onlyDocument,
} from "../../helpers/refusal.js";

/** AccessManager's role that everybody has: 2^64 - 1. */
const PUBLIC_ROLE = 2n ** 64n - 1n;

describe("pause and unpause through other contracts", () => {
  const chain = useChain();

  /** Whether the guarded function fails: what a pause is for. */
  async function isBlocked(name: string, address: Address): Promise<boolean> {
    const { abi } = await artifact(name);
    const data = abi.encodeFunctionData("work()");
    return await chain.node
      .request("eth_call", { from: stranger.address, to: address, data }, "latest")
      .then(
        () => false,
        () => true,
      );
  }

  async function managedVault(): Promise<{ manager: Address; vault: Address }> {
    const manager = await deploy(chain.node, "AccessManager", [admin.address]);
    const vault = await deploy(chain.node, "ManagedVault", [manager]);
    const { abi } = await artifact("ManagedVault");
    const work = abi.getFunction("work")?.selector;
    await execute(
      chain.node,
      { name: "AccessManager", address: manager },
      "setTargetFunctionRole",
      [vault, [work], PUBLIC_ROLE],
      admin,
    );
    return { manager, vault };
  }

  describe("an AccessManager's target", () => {
    const name = "ManagedVault";

    it("is closed and opened again, and each time that is read back from the manager", async () => {
      const { manager, vault } = await managedVault();
      const project = await chain.project({ accounts: [admin] });
      expect(await isBlocked(name, vault)).to.equal(false);
      const stopped = await project.run("pause", { contract: vault, yes: true });
      expectSuccess(stopped);
      expect(await isBlocked(name, vault)).to.equal(true);
      expect(stopped.stdout).to.contain(`pause ${vault} by a call to ${manager}`);
      expect(stopped.stdout).to.contain(`isTargetClosed(${vault}) of ${manager} is true at block`);

      const again = await project.run("pause", { contract: vault, yes: true });
      expectSuccess(again);
      expect(again.stdout).to.contain("already true");

      expectSuccess(await project.run("unpause", { contract: vault, yes: true, rehearse: true }));
      expect(await isBlocked(name, vault)).to.equal(false);
    });

    it("is rehearsed on a fork first, where that is asked for", async () => {
      const { vault } = await managedVault();
      const project = await chain.project({ accounts: [admin] });
      expectSuccess(await project.run("pause", { contract: vault, yes: true, rehearse: true }));
      expect(await isBlocked(name, vault)).to.equal(true);
    });

    it("is opened again although the contract's own pause says that it runs", async () => {
      const manager = await deploy(chain.node, "AccessManager", [admin.address]);
      const contract = await deploy(chain.node, "ManagedPausable", [manager]);
      const at = { name: "AccessManager", address: manager };
      await execute(chain.node, at, "setTargetClosed", [contract, true], admin);
      const others = await chain.project({ accounts: [stranger] });
      expectRefusal(await others.run("unpause", { contract, yes: true }), "NO_AUTHORITY");
      const project = await chain.project({ accounts: [admin] });
      expectSuccess(await project.run("unpause", { contract, yes: true }));
      expect(await read(chain.node, at, "isTargetClosed", [contract])).to.equal(false);
      const again = await project.run("unpause", { contract, yes: true });
      expectSuccess(again);
      expect(again.stdout).to.contain("paused() is already false");
    });

    it("is refused to those who may not, with those who may", async () => {
      const { manager, vault } = await managedVault();
      const project = await chain.project({ accounts: [stranger] });
      await chain.nothingWritten(project, async () => {
        const outcome = await project.run("pause", { contract: vault, yes: true });
        const error = expectRefusal(outcome, "NO_AUTHORITY");
        expect(error.what).to.contain(`setTargetClosed(${vault}, true) on ${manager}`);
      });
    });

    it("is closed where the contract's own pause is not for us", async () => {
      const manager = await deploy(chain.node, "AccessManager", [admin.address]);
      const contract = await deploy(chain.node, "ManagedPausable", [manager]);
      const { abi } = await artifact("ManagedPausable");
      const at = { name: "AccessManager", address: manager };
      const functions = ["pause", "unpause"].map((each) => abi.getFunction(each)?.selector);
      const functionRoles = [contract, functions, 7n];
      await execute(chain.node, at, "setTargetFunctionRole", functionRoles, admin);
      const project = await chain.project({ accounts: [admin] });
      const plan = await project.run("pause", { contract, dryRun: true, json: true });
      expectSuccess(plan);
      const [step] = listOf(fieldOf(onlyDocument(plan), "plan"), "steps");
      expect(fieldOf(step, "prior")).to.include({
        mechanism: "access-manager-target",
        to: manager,
      });
      const [action] = listOf(step, "actions");
      expect(action?.to).to.equal(manager);
    });

    it("is typed, asked about as another contract than the one that was named, and closed", async () => {
      const { manager, vault } = await managedVault();
      const project = await chain.cli({ accounts: [admin] });
      const command = ["pause", "--network", "live", "--contract", vault];
      const { exitCode, stdout, stderr } = await project.run(command, { stdin: "live\n" });
      expect(exitCode, stderr).to.equal(0);
      expect(stdout).to.contain(`on ${manager}, another contract that pauses ${vault}`);
      expect(stdout).to.contain("that is another contract than the one you named");
      expect(await isBlocked(name, vault)).to.equal(true);
    });
  });

  describe("a plan in a file", () => {
    it("is followed through the same pointers, and refused when they lead elsewhere", async () => {
      const name = "Reserves";
      const address = await deploy(chain.node, name, [owner.address]);
      const at = { name, address };
      await execute(chain.node, at, "addReserve", [stranger.address]);
      const project = await chain.project();
      const file = join(project.folder, "plan.json");
      const saved = { contract: address, dryRun: true, savePlan: file };
      expectSuccess(await project.run("pause", saved));

      const other = await deploy(chain.node, name, [owner.address]);
      await execute(chain.node, at, "setConfigurator", [other]);
      await chain.nothingWritten(project, async () => {
        const outcome = await project.run("pause", { plan: file, yes: true });
        expectRefusal(outcome, "PRIOR_STATE_CHANGED");
      });

      await execute(chain.node, at, "setConfigurator", [address]);
      expectSuccess(await project.run("pause", { plan: file, yes: true }));
      const asset = [stranger.address];
      expect(await read(chain.node, at, "getConfiguration", asset)).to.equal(1n << 60n);
    });

    it("that was changed to another contract is refused", async () => {
      const { vault } = await managedVault();
      const { manager: other } = await managedVault();
      const project = await chain.project({ accounts: [admin] });
      const file = join(project.folder, "plan.json");
      expectSuccess(await project.run("pause", { contract: vault, dryRun: true, savePlan: file }));
      const text = await readFile(file, "utf8");
      const { manager } = await managersOf(text);
      await writeFile(file, text.replaceAll(manager, other));
      await chain.nothingWritten(project, async () => {
        expectRefusal(await project.run("pause", { plan: file, yes: true }), "BAD_PLAN");
      });
    });

    async function managersOf(text: string): Promise<{ manager: string }> {
      const plan: unknown = JSON.parse(text);
      const [step] = listOf(plan, "steps");
      const { to } = fieldOf(step, "prior");
      return await Promise.resolve({ manager: String(to) });
    }
  });

  it("a reserve's token is stopped with its reserve", async () => {
    const pool = await deploy(chain.node, "Reserves", [owner.address]);
    await execute(chain.node, { name: "Reserves", address: pool }, "addReserve", [pauser.address]);
    const token = await deploy(chain.node, "ReserveToken", [pool, pauser.address]);
    const project = await chain.project();
    expectSuccess(await project.run("pause", { contract: token, yes: true }));
    expect(await isBlocked("ReserveToken", token)).to.equal(true);
    expectSuccess(await project.run("unpause", { contract: token, yes: true }));
    expect(await isBlocked("ReserveToken", token)).to.equal(false);
  });

  describe("a market, whose actions are stopped one by one", () => {
    async function market(): Promise<{ comptroller: Address; address: Address }> {
      const comptroller = await deploy(chain.node, "Markets", [admin.address, pauser.address]);
      return { comptroller, address: await deploy(chain.node, "Market", [comptroller]) };
    }

    it("takes one command for each, and says so", async () => {
      const { comptroller, address } = await market();
      const at = { name: "Markets", address: comptroller };
      const flags = async () => [
        await read(chain.node, at, "borrowGuardianPaused", [address]),
        await read(chain.node, at, "mintGuardianPaused", [address]),
      ];
      const project = await chain.project({ accounts: [pauser] });
      const first = await project.run("pause", { contract: address, yes: true });
      expectSuccess(first);
      expect(first.stdout).to.contain("one of several sections");
      expect(await flags()).to.deep.equal([true, false]);
      expectSuccess(await project.run("pause", { contract: address, yes: true }));
      expect(await flags()).to.deep.equal([true, true]);
      const third = await project.run("pause", { contract: address, yes: true });
      expectSuccess(third);
      expect(third.stdout).to.contain("already true");
    });

    it("may be stopped by a guardian who may not start it again", async () => {
      const { address } = await market();
      const guardian = await chain.project({ accounts: [pauser] });
      expectSuccess(await guardian.run("pause", { contract: address, yes: true }));
      expectRefusal(
        await guardian.run("unpause", { contract: address, yes: true }),
        "NO_AUTHORITY",
      );
      const its = await chain.project({ accounts: [admin] });
      expectSuccess(await its.run("unpause", { contract: address, yes: true }));
      const again = await its.run("unpause", { contract: address, yes: true });
      expectSuccess(again);
      expect(again.stdout).to.contain("already false");
    });
  });

  for (const [name, flag] of [
    ["Toggled", "paused"],
    ["TradingSwitch", "tradingEnabled"],
    ["FiveFlags", "isSupplyPaused"],
  ] as const) {
    it(`${name}: stopped and started again, by functions of its own`, async () => {
      const address = await deploy(chain.node, name, [owner.address]);
      const before = await read(chain.node, { name, address }, flag);
      const project = await chain.project();
      expectSuccess(await project.run("pause", { contract: address, yes: true }));
      expect(await isBlocked(name, address)).to.equal(true);
      expectSuccess(await project.run("unpause", { contract: address, yes: true }));
      expect(await isBlocked(name, address)).to.equal(false);
      expect(await read(chain.node, { name, address }, flag)).to.equal(before);
    });
  }

  it("a closed window is named as the reason", async () => {
    const address = await deploy(chain.node, "PauseWindow", [owner.address, 1_000_000_000n]);
    const project = await chain.project();
    const outcome = await project.run("pause", { contract: address, yes: true });
    expect(expectRefusal(outcome, "NOT_PAUSABLE").what).to.contain("closed on 2001-09-09");
  });

  describe("mechanisms of the configuration", () => {
    const throttle = {
      pause: { signature: "throttle(address,uint8)", args: ["$contract", 7] },
      unpause: { signature: "throttle(address,uint8)", args: ["$contract", 0] },
      readBack: { signature: "level() returns (uint8)", paused: 7 },
    } as const;

    async function withMechanisms(
      mechanisms: EmergencyUserConfig["mechanisms"],
      contracts: EmergencyUserConfig["contracts"] = {},
    ) {
      return await chain.project({ emergency: { mechanisms: mechanisms ?? {}, contracts } });
    }

    it("stop and start any contract that has the functions", async () => {
      const address = await deploy(chain.node, "Throttle", [owner.address]);
      const project = await withMechanisms({ throttle });
      const outcome = await project.run("pause", { contract: address, yes: true });
      expectSuccess(outcome);
      expect(outcome.stdout).to.contain(`level() of ${address} is true`);
      expect(await isBlocked("Throttle", address)).to.equal(true);
      expectSuccess(await project.run("unpause", { contract: address, yes: true, rehearse: true }));
      expect(await isBlocked("Throttle", address)).to.equal(false);
    });

    it("may name the contract, and are then taken before all others", async () => {
      const address = await deploy(chain.node, "Throttle", [owner.address]);
      const named = { ...throttle, contract: "Mine" };
      const project = await withMechanisms({ mine: named }, { Mine: address });
      const plan = await project.run("pause", { contract: "Mine", dryRun: true, json: true });
      const [step] = listOf(fieldOf(onlyDocument(plan), "plan"), "steps");
      expect(fieldOf(step, "prior").mechanism).to.equal("custom:mine");
      expectSuccess(await project.run("pause", { contract: "Mine", yes: true }));
      expect(await isBlocked("Throttle", address)).to.equal(true);
    });

    it("may follow getters, and read several values of another contract", async () => {
      const brake = await deploy(chain.node, "Throttle", [owner.address]);
      const address = await deploy(chain.node, "ThrottledElsewhere", [brake]);
      const call = (level: number) => ({
        signature: "throttle(address,uint8)",
        args: [brake, level],
      });
      const project = await withMechanisms({
        elsewhere: {
          contract: address,
          to: "brake()",
          pause: call(7),
          unpause: call(0),
          readBack: {
            signature: "state() returns (uint256, bool)",
            to: "brake()",
            paused: [null, true],
          },
        },
      });
      const outcome = await project.run("pause", { contract: address, yes: true });
      expectSuccess(outcome);
      expect(outcome.stdout).to.contain(`state() of ${brake} is true`);
      expect(await isBlocked("ThrottledElsewhere", address)).to.equal(true);
      expectSuccess(await project.run("unpause", { contract: address, yes: true }));
      expect(await isBlocked("ThrottledElsewhere", address)).to.equal(false);
    });

    it("without a way back are refused unless that is asked for", async () => {
      const address = await deploy(chain.node, "Throttle", [owner.address]);
      const project = await withMechanisms({ throttle: { ...throttle, unpause: null } });
      expectRefusal(await project.run("pause", { contract: address, yes: true }), "IRREVERSIBLE");
      const asked = { contract: address, yes: true, irreversible: true };
      expectSuccess(await project.run("pause", asked));
      expectRefusal(await project.run("unpause", { contract: address, yes: true }), "IRREVERSIBLE");
    });

    it("leave a contract alone that does not have the functions", async () => {
      const address = await deploy(chain.node, "PermissiveFallback");
      const project = await withMechanisms({ throttle });
      expectRefusal(await project.run("pause", { contract: address, yes: true }), "NOT_PAUSABLE");
    });

    const mistakes: readonly (readonly [string, unknown, string])[] = [
      [
        "an argument too few",
        { pause: { signature: "throttle(address,uint8)", args: [7] } },
        "pause.args",
      ],
      [
        "an argument of another type",
        { pause: { signature: "halt(uint8)", args: ["no"] } },
        "pause.args",
      ],
      ["a truth in words", { pause: { signature: "halt(bool)", args: ["false"] } }, "pause.args"],
      [
        "a truth in words among others",
        { pause: { signature: "halt((uint8,bool[]))", args: [[1, [true, "no"]]] } },
        "pause.args",
      ],
      [
        "a paused value in words",
        { readBack: { signature: "off() returns (bool)", paused: "true" } },
        "readBack.paused",
      ],
      [
        "a type that does not exist",
        { pause: { signature: "halt(boolean)", args: [true] } },
        "pause.signature",
      ],
      [
        "an unpause that cannot be encoded",
        { unpause: { signature: "go(uint8)", args: [300] } },
        "unpause.args",
      ],
      [
        "a value of another type",
        { readBack: { signature: "level() returns (uint8)", paused: "all" } },
        "readBack.paused",
      ],
      [
        "a value too few",
        { readBack: { signature: "state() returns (uint8, bool)", paused: [true] } },
        "readBack.paused",
      ],
      [
        "a value whose type nobody knows",
        { readBack: { signature: "state()", paused: "stopped" } },
        "readBack.signature",
      ],
    ];
    for (const [what, mistake, path] of mistakes) {
      it(`with ${what} are refused before anything is read, with the place`, async () => {
        const mechanism = Object.assign({}, throttle, mistake);
        const unused = `http://127.0.0.1:1`;
        const project = await chain.project({
          url: unused,
          accounts: [deployer],
          emergency: { mechanisms: { mine: mechanism } },
        });
        const outcome = await project.run("pause", { contract: stranger.address, yes: true });
        expect(expectRefusal(outcome, "BAD_CONFIG").what).to.contain(
          `emergency.mechanisms.mine.${path}`,
        );
      });
    }
  });
});
