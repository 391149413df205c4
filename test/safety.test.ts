import { expect } from "chai";

import type { Address } from "../src/chain/address.js";
import type { ErrorCode } from "../src/errors.js";
import { isRecord } from "../src/json.js";
import { admin, deployer, owner, pauser, penniless, stranger } from "./helpers/accounts.js";
import { LIVE_CHAIN_ID } from "./helpers/anvil.js";
import { useChain, type ProjectWishes } from "./helpers/chain.js";
import { deploy, deployUups, execute, isPaused, read } from "./helpers/contracts.js";
import { NETWORK, type Outcome } from "./helpers/project.js";
import { rpcError, sends, type ProxyAnswer, type ProxyRule } from "./helpers/proxy.js";
import { expectRefusal, expectSuccess, onlyDocument } from "./helpers/refusal.js";

/** The safety rules: whatever is wrong is refused by name, with a way on, and nothing is written. */
describe("safety rules", () => {
  let ownable: Address;
  let roles: Address;
  let vault: Address;
  const chain = useChain(async (node) => {
    ownable = await deploy(node, "OwnablePausable", [owner.address]);
    roles = await deploy(node, "RolePausable", [admin.address, pauser.address]);
    vault = (await deployUups(node, "UupsVaultV1", "initialize", [owner.address])).proxy;
  });

  type Arguments = Readonly<Record<string, string | boolean>>;

  /** Every command, in a form that works when nothing is wrong. */
  const commands: readonly { task: string; args: () => Arguments; target: string | undefined }[] = [
    { task: "verify-pausable", args: () => ({ contract: ownable }), target: "contract" },
    { task: "call", args: () => ({ contract: ownable, function: "paused()" }), target: "contract" },
    { task: "pause", args: () => ({ contract: ownable, yes: true }), target: "contract" },
    { task: "unpause", args: () => ({ contract: ownable, yes: true }), target: "contract" },
    {
      task: "upgrade",
      args: () => ({ proxy: vault, implementation: "UupsVaultV2", yes: true }),
      target: "proxy",
    },
    {
      task: "deploy-fixed",
      args: () => ({ contract: "OwnablePausable", args: owner.address, yes: true }),
      target: undefined,
    },
  ];
  const writing = commands.filter(({ task }) => !["verify-pausable", "call"].includes(task));

  /** Runs a command that must be refused, and proves that it wrote nothing. */
  async function refused(
    wishes: ProjectWishes,
    task: string,
    args: Arguments,
    code: ErrorCode,
  ): Promise<Outcome> {
    const project = await chain.project({ builds: true, ...wishes });
    const outcome = await chain.nothingWritten(project, async () => await project.run(task, args));
    expectRefusal(outcome, code);
    return outcome;
  }

  describe("the chain", () => {
    for (const { task, args } of commands) {
      it(`${task} refuses a network that is not configured`, async () => {
        const project = await chain.project({ network: "configured" });
        project.hre.globalOptions.network = "unheard-of";
        const outcome = await project.run(task, args());
        const error = expectRefusal(outcome, "UNKNOWN_NETWORK");
        expect(error.next).to.contain("configured");
      });

      it(`${task} refuses a node that serves another chain`, async () => {
        const outcome = await refused({ chainId: 1 }, task, args(), "WRONG_CHAIN");
        expect(String(outcome.error)).to.contain(String(LIVE_CHAIN_ID));
      });

      it(`${task} refuses when the node is down`, async () => {
        const proxy = await chain.proxy();
        await proxy.close();
        await refused({ url: proxy.url }, task, args(), "RPC_UNREACHABLE");
      });

      it(`${task} refuses when the node cuts the connection`, async () => {
        const proxy = await chain.proxy();
        proxy.answerBy(() => "drop");
        await refused({ url: proxy.url }, task, args(), "RPC_UNREACHABLE");
      });
    }

    it("does not wait for ever for a node that does not answer", async () => {
      const proxy = await chain.proxy();
      proxy.answerBy(() => "hang");
      await refused(
        { url: proxy.url, timeoutMs: 200 },
        "pause",
        { contract: ownable, yes: true },
        "RPC_UNREACHABLE",
      );
    });

    for (const { task, args } of writing) {
      it(`${task} writes to no live chain whose id is not configured`, async () => {
        // Paused first, so that every command has something to do.
        if (task === "unpause") {
          await pauseBySomebodyElse();
        }
        const outcome = await refused(
          { chainId: undefined },
          task,
          args(),
          "CHAIN_ID_NOT_CONFIGURED",
        );
        expect(String(outcome.error)).to.contain(`chainId: ${LIVE_CHAIN_ID}`);
      });
    }

    it("is not the simulation that Hardhat starts when no network is named", async () => {
      const project = await chain.project();
      project.hre.globalOptions.network = "default";
      const outcome = await project.run("pause", { contract: ownable, yes: true });
      expect(expectRefusal(outcome, "NO_CODE").next).to.contain("--network");
    });

    it("reads from a live chain whose id is not configured", async () => {
      const project = await chain.project({ chainId: undefined });
      expectSuccess(await project.run("call", { contract: ownable, function: "paused()" }));
    });
  });

  async function pauseBySomebodyElse(): Promise<void> {
    await execute(chain.node, { name: "OwnablePausable", address: ownable }, "pause", [], owner);
  }

  describe("a node that answers garbage", () => {
    const html = "<!doctype html><title>Welcome</title>";
    const garbage: readonly (readonly [string, ErrorCode, ProxyRule])[] = [
      ["a web page", "RPC_INVALID", () => ({ status: 200, body: html })],
      ["a web page with an HTTP error", "RPC_REFUSED", () => ({ status: 502, body: html })],
      ["that the key is wrong", "RPC_REFUSED", () => ({ status: 401, body: "unauthorized" })],
      ["nothing", "RPC_INVALID", () => ({ status: 200, body: "" })],
      [
        "half an answer",
        "RPC_INVALID",
        async (_request, forward) => {
          const { body } = await forward();
          return { status: 200, body: body.slice(0, body.length / 2) };
        },
      ],
      ["null", "RPC_INVALID", () => ({ status: 200, body: "null" })],
      ["a text", "RPC_INVALID", () => ({ status: 200, body: '"hello"' })],
      ["an object without an answer", "RPC_INVALID", () => ({ status: 200, body: "{}" })],
      ["an empty list", "RPC_INVALID", () => ({ status: 200, body: "[]" })],
      ["a list of nothings", "RPC_INVALID", () => ({ status: 200, body: "[null, 1]" })],
      ["null to every call", "RPC_INVALID", everyResult(() => null)],
      ["numbers that are not hex", "RPC_INVALID", everyResult(() => 42)],
      ["texts that are not hex", "RPC_INVALID", everyResult(() => "0xzz")],
      ["objects", "RPC_INVALID", everyResult(() => ({ error: "no" }))],
      ["errors to every call", "RPC_REFUSED", everyError()],
      [
        "a chain id that is too large",
        "RPC_INVALID",
        resultOf("eth_chainId", `0x${"f".repeat(40)}`),
      ],
      ["a chain id without digits", "RPC_INVALID", resultOf("eth_chainId", "0x")],
      ["no latest block", "RPC_INVALID", resultOf("eth_getBlockByNumber", null)],
      ["a block without its fields", "RPC_INVALID", resultOf("eth_getBlockByNumber", {})],
      ["code that is not hex", "RPC_INVALID", resultOf("eth_getCode", "code")],
      ["a nonce that is not a number", "RPC_INVALID", resultOf("eth_getTransactionCount", "soon")],
      ["a balance that is not a number", "RPC_INVALID", resultOf("eth_getBalance", [])],
    ];
    for (const [what, code, rule] of garbage) {
      it(`is refused when it answers ${what}`, async () => {
        const proxy = await chain.proxy();
        proxy.answerBy(rule);
        await refused({ url: proxy.url }, "pause", { contract: ownable, yes: true }, code);
      });
    }

    for (const { task, args } of commands) {
      it(`is refused by ${task}, in one JSON document`, async () => {
        const proxy = await chain.proxy();
        proxy.answerBy(() => ({ status: 200, body: html }));
        const outcome = await refused(
          { url: proxy.url },
          task,
          { ...args(), json: true },
          "RPC_INVALID",
        );
        expect(onlyDocument(outcome).ok).to.be.false;
      });
    }

    it("is not trusted when it answers a read-back with garbage", async () => {
      const proxy = await chain.proxy();
      let sent = false;
      proxy.answerBy(async (request, forward) => {
        sent ||= sends(request);
        const answer = await forward();
        return sent
          ? changed(answer, request.calls, "eth_call", () => `0x${"0".repeat(62)}02`)
          : answer;
      });
      const project = await chain.project({ url: proxy.url });
      const outcome = await project.run("pause", { contract: ownable, yes: true });
      expect(outcome.exitCode).to.equal(3);
      expect(outcome.stdout).to.contain("NOT VERIFIED");
    });
  });

  describe("the contract", () => {
    const mistyped: readonly (readonly [string, () => string])[] = [
      ["too short", () => ownable.slice(0, -1)],
      ["too long", () => `${ownable}0`],
      ["with a character that is not hexadecimal", () => `${ownable.slice(0, -1)}g`],
      ["with a wrong checksum", () => withOneLetterInOtherCase(ownable)],
      ["with a dot in it", () => ownable.replace(/^0x./, "0x.")],
    ];
    for (const { task, args, target } of commands) {
      if (target === undefined) {
        continue;
      }
      for (const [what, address] of mistyped) {
        it(`${task} refuses an address ${what}`, async () => {
          await refused({}, task, { ...args(), [target]: address() }, "BAD_ADDRESS");
        });
      }

      it(`${task} refuses an address without code`, async () => {
        await refused({}, task, { ...args(), [target]: stranger.address }, "NO_CODE");
      });

      it(`${task} refuses a name that nobody knows`, async () => {
        await refused({}, task, { ...args(), [target]: "Nowhere" }, "UNKNOWN_CONTRACT");
      });
    }

    for (const { task, args } of commands) {
      it(`${task} refuses to guess when nothing is named`, async () => {
        const others = Object.entries(args()).filter(([name]) => !/^(contract|proxy)$/.test(name));
        await refused({}, task, Object.fromEntries(others), "BAD_ARGUMENTS");
      });
    }

    it("takes an address in lower case, which has no checksum", async () => {
      const project = await chain.project();
      expectSuccess(await project.run("pause", { contract: ownable.toLowerCase(), yes: true }));
    });

    it("refuses --from that is mistyped or not ours", async () => {
      const args = { contract: ownable, yes: true };
      await refused({}, "pause", { ...args, from: owner.address.slice(0, -2) }, "BAD_ADDRESS");
      const outcome = await refused(
        {},
        "pause",
        { ...args, from: stranger.address },
        "NOT_OUR_ACCOUNT",
      );
      expect(String(outcome.error)).to.contain(owner.address);
    });

    it("refuses what has no pause", async () => {
      const contract = await deploy(chain.node, "PausedWithoutPause");
      await refused({}, "pause", { contract, yes: true }, "NOT_PAUSABLE");
    });

    it("refuses a contract that accepts every call, since that proves nothing", async () => {
      const contract = await deploy(chain.node, "PermissiveFallback");
      await refused({}, "pause", { contract, yes: true }, "NOT_PAUSABLE");
    });
  });

  describe("the accounts", () => {
    for (const { task, args } of writing) {
      describe(`of ${task}`, () => {
        // So that every command has something to do.
        beforeEach(async () => {
          if (task === "unpause") {
            await pauseBySomebodyElse();
          }
        });

        it("must be there", async () => {
          await refused({ accounts: [] }, task, args(), "NO_SIGNER");
        });

        it("must be there where the node signs", async () => {
          const proxy = await chain.proxy();
          proxy.answerBy(resultOf("eth_accounts", []));
          await refused({ accounts: "remote", url: proxy.url }, task, args(), "NO_SIGNER");
        });

        it("must be there where the node knows no accounts at all", async () => {
          const proxy = await chain.proxy();
          proxy.answerBy(async (request, forward) =>
            request.methods.includes("eth_accounts")
              ? rpcError(request, "the method eth_accounts does not exist", -32601)
              : await forward(),
          );
          await refused({ accounts: "remote", url: proxy.url }, task, args(), "NO_SIGNER");
        });
      });
    }

    it("pause refuses a key without the role, and says who has it", async () => {
      const args = { contract: roles, yes: true };
      const outcome = await refused({ accounts: [stranger, admin] }, "pause", args, "NO_AUTHORITY");
      expect(String(outcome.error)).to.contain(pauser.address).and.to.contain("PAUSER_ROLE");
    });

    it("unpause refuses a key without the role", async () => {
      await pauseBySomebodyElse();
      const args = { contract: ownable, yes: true };
      const outcome = await refused({ accounts: [stranger] }, "unpause", args, "NO_AUTHORITY");
      expect(String(outcome.error)).to.contain(owner.address);
    });

    it("upgrade refuses a key without the power, and says who has it", async () => {
      const args = { proxy: vault, implementation: "UupsVaultV2", yes: true };
      const outcome = await refused({ accounts: [stranger] }, "upgrade", args, "NO_AUTHORITY");
      expect(String(outcome.error)).to.contain(owner.address);
    });

    it("pause refuses a contract that nobody can pause any more", async () => {
      const contract = await deploy(chain.node, "RenouncedPausable");
      await refused({}, "pause", { contract, yes: true }, "NO_AUTHORITY");
    });

    it("pause refuses a pause that always fails", async () => {
      const contract = await deploy(chain.node, "PauseAlwaysReverts", [owner.address]);
      await refused({}, "pause", { contract, yes: true }, "NO_AUTHORITY");
    });

    it("pause says what is missing when the account cannot pay", async () => {
      const contract = await deploy(chain.node, "OwnablePausable", [penniless.address]);
      const args = { contract, yes: true };
      const outcome = await refused({ accounts: [penniless] }, "pause", args, "OUT_OF_FUNDS");
      expect(String(outcome.error)).to.contain(penniless.address);
    });

    it("pause says what is missing when the account has too little", async () => {
      const contract = await deploy(chain.node, "OwnablePausable", [penniless.address]);
      await chain.node.request("hardhat_setBalance", penniless.address, "0x1");
      const args = { contract, yes: true };
      await refused({ accounts: [penniless] }, "pause", args, "OUT_OF_FUNDS");
    });

    it("pause takes the account that can pay when two may", async () => {
      const contract = await deploy(chain.node, "RolePausable", [admin.address, penniless.address]);
      const role = await read(
        chain.node,
        { name: "RolePausable", address: contract },
        "PAUSER_ROLE()",
      );
      await execute(
        chain.node,
        { name: "RolePausable", address: contract },
        "grantRole",
        [role, pauser.address],
        admin,
      );
      const project = await chain.project({ accounts: [penniless, pauser] });
      expectSuccess(await project.run("pause", { contract, yes: true }));
    });

    it("upgrade says what is missing when the account cannot pay", async () => {
      const { proxy } = await deployUups(chain.node, "UupsVaultV1", "initialize", [
        penniless.address,
      ]);
      const args = { proxy, implementation: "UupsVaultV2", yes: true };
      await refused({ accounts: [penniless] }, "upgrade", args, "OUT_OF_FUNDS");
    });

    it("deploy-fixed says what is missing when the account cannot pay", async () => {
      const args = { contract: "OwnablePausable", args: owner.address, yes: true };
      await refused({ accounts: [penniless] }, "deploy-fixed", args, "OUT_OF_FUNDS");
    });
  });

  describe("somebody else pauses", () => {
    it("while the network's name is being typed: refused, nothing sent", async () => {
      const project = await chain.project({
        answer: async () => {
          await pauseBySomebodyElse();
          return NETWORK;
        },
      });
      const block = await blockNumber();
      const outcome = await project.run("pause", { contract: ownable });
      expectRefusal(outcome, "PRIOR_STATE_CHANGED");
      expect(await blockNumber()).to.equal(block + 1);
      expect(await project.written()).to.deep.equal({});
    });

    it("between the plan and the last look: refused, nothing sent", async () => {
      const proxy = await chain.proxy();
      let estimates = 0;
      proxy.answerBy(async (request, forward) => {
        // One for the plan, one for the last look.
        if (request.methods.includes("eth_estimateGas") && ++estimates === 2) {
          await pauseBySomebodyElse();
        }
        return await forward();
      });
      const project = await chain.project({ url: proxy.url });
      const outcome = await project.run("pause", { contract: ownable, yes: true });
      expectRefusal(outcome, "PRIOR_STATE_CHANGED");
      expect(proxy.requests.some(sends)).to.be.false;
      expect(await project.written()).to.deep.equal({});
    });

    it("just before our transaction is mined: it fails, is said to have failed, and the next run is done", async () => {
      const contract = await deploy(chain.node, "RolePausable", [admin.address, pauser.address]);
      const target = { name: "RolePausable", address: contract };
      const role = await read(chain.node, target, "PAUSER_ROLE()");
      await execute(chain.node, target, "grantRole", [role, admin.address], admin);
      const proxy = await chain.proxy();
      proxy.answerBy(async (request, forward) => {
        if (sends(request)) {
          await execute(chain.node, target, "pause", [], admin);
        }
        return await forward();
      });
      const project = await chain.project({ url: proxy.url, accounts: [pauser] });
      const outcome = await project.run("pause", { contract, yes: true });
      expectRefusal(outcome, "REVERTED");

      const again = await chain.nothingWritten(
        project,
        async () => await project.run("pause", { contract, yes: true }),
      );
      expectSuccess(again);
      expect(await isPaused(chain.node, contract)).to.be.true;
    });

    async function blockNumber(): Promise<number> {
      return Number(await chain.node.request("eth_blockNumber"));
    }
  });

  it("runs every command when nothing is wrong", async () => {
    for (const { task, args } of commands) {
      const project = await chain.project({ accounts: [owner, deployer], builds: true });
      expectSuccess(await project.run(task, args()));
    }
  });
});

/** The address with one letter in the other case: 40 hexadecimal digits, and the checksum is wrong. */
function withOneLetterInOtherCase(address: string): string {
  return address
    .replace(/[a-f]/i, (letter) =>
      letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
    )
    .replace(/^0X/, "0x");
}

/** Every call of every request is answered with the same result. */
function everyResult(result: () => unknown): ProxyRule {
  return ({ isBatch, calls }) => {
    const answers = calls.map(({ id }) => ({ jsonrpc: "2.0", id, result: result() }));
    return { status: 200, body: JSON.stringify(isBatch ? answers : answers[0]) };
  };
}

function everyError(): ProxyRule {
  const error = { code: -32603, message: "internal error" };
  return ({ isBatch, calls }) => {
    const answers = calls.map(({ id }) => ({ jsonrpc: "2.0", id, error }));
    return { status: 200, body: JSON.stringify(isBatch ? answers : answers[0]) };
  };
}

/** One method is answered with this result; the node answers the others. */
function resultOf(method: string, result: unknown): ProxyRule {
  return async ({ calls }, forward) => changed(await forward(), calls, method, () => result);
}

/** An answer in which the results of one method are other ones. */
function changed(
  answer: ProxyAnswer,
  calls: readonly Record<string, unknown>[],
  method: string,
  result: (old: unknown) => unknown,
): ProxyAnswer {
  const ids = new Set(calls.filter((call) => call.method === method).map(({ id }) => id));
  const parsed: unknown = JSON.parse(answer.body);
  const change = (one: unknown): unknown =>
    isRecord(one) && ids.has(one.id)
      ? { jsonrpc: "2.0", id: one.id, result: result(one.result) }
      : one;
  const body = Array.isArray(parsed) ? parsed.map(change) : change(parsed);
  return { ...answer, body: JSON.stringify(body) };
}
