import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";
import { id } from "ethers";

import { checksummed, type Address, type Hex } from "../../../src/chain/address.js";
import type { Exercise } from "../../../src/chain/experiments/exercise.js";
import {
  RECENT_BLOCKS,
  goesThrough,
  namedCalls,
  recentCalls,
  replayAll,
  usersOf,
  type RecordedCall,
  type RecordedCalls,
} from "../../../src/chain/experiments/history.js";
import type { Laboratory } from "../../../src/chain/experiments/laboratory.js";
import { tryCall } from "../../../src/chain/experiments/trial.js";
import { quantity } from "../../../src/chain/reads.js";
import { isRecord } from "../../../src/json.js";
import {
  admin,
  deployer,
  owner,
  pauser,
  stranger,
  type TestAccount,
} from "../../helpers/accounts.js";
import { useChain } from "../../helpers/chain.js";
import { artifact, deploy, execute, hex } from "../../helpers/contracts.js";
import { useLaboratories } from "../../helpers/laboratory.js";
import { createPool, functionsIn, made, users, type PoolContracts } from "../../helpers/pool.js";
import type { NodeProxy, ProxyAnswer, ProxyRule } from "../../helpers/proxy.js";
import { expectRejection } from "../../helpers/refusal.js";

const ALL = { blocks: RECENT_BLOCKS, most: 100 };

/** What one call of a request gets from a node with limits; undefined: what the real node says. */
type Limit = (
  method: string,
  params: readonly unknown[],
) => { error: string } | { result: unknown } | undefined;

/** A node that refuses single calls, also inside batches. */
function limited(limit: Limit): ProxyRule {
  return async (request, forward): Promise<ProxyAnswer> => {
    const verdicts = request.calls.map((call) =>
      limit(String(call.method), Array.isArray(call.params) ? call.params : []),
    );
    const honest: unknown = JSON.parse((await forward()).body);
    const answers = (Array.isArray(honest) ? honest : [honest]).filter(isRecord);
    const body = request.calls.map((call, index) => {
      const verdict = verdicts[index];
      if (verdict === undefined) {
        return answers.find((answer) => answer.id === call.id);
      }
      return "error" in verdict
        ? { jsonrpc: "2.0", id: call.id, error: { code: -32005, message: verdict.error } }
        : { jsonrpc: "2.0", id: call.id, result: verdict.result };
    });
    return { status: 200, body: JSON.stringify(request.isBatch ? body : body[0]) };
  };
}

function rangeOf(params: readonly unknown[]): { from: number; length: number } {
  const [filter] = params;
  const [from, to] = isRecord(filter) ? [Number(filter.fromBlock), Number(filter.toBlock)] : [0, 0];
  return { from, length: to - from + 1 };
}

describe("the history of a contract", () => {
  let contracts: PoolContracts;
  const chain = useChain(async (node) => {
    contracts = await createPool(node);
  });
  const laboratories = useLaboratories(chain);

  const poolCall = async (
    signature: string,
    args: readonly unknown[],
    from: TestAccount,
  ): Promise<Hex> =>
    await made(chain.node, { name: "Pool", address: contracts.pool }, signature, args, from);
  const routed = async (
    signature: string,
    args: readonly unknown[],
    from: TestAccount,
  ): Promise<Hex> =>
    await made(
      chain.node,
      { name: "PoolRouter", address: contracts.router },
      signature,
      args,
      from,
    );
  const mine = async (blocks: number): Promise<void> => {
    await chain.node.request("hardhat_mine", quantity(blocks));
  };

  function originsOf({ calls }: RecordedCalls): string[] {
    return calls.map(
      ({ origin }) => /transaction (0x\w+) of block \d+/.exec(origin)?.[1] ?? origin,
    );
  }

  async function selectorOf(name: string, fn: string): Promise<string> {
    return hex((await artifact(name)).abi.getFunction(fn)?.selector);
  }

  describe("recent calls", () => {
    it("are found in blocks, where they give no event", async () => {
      const hash = await poolCall("poke", [], stranger);
      const { calls, fromBlock, unknown } = await recentCalls(
        await laboratories.open(),
        contracts.pool,
        ALL,
      );
      expect(calls.map(({ from, to, data }) => ({ from, to, data }))).to.deep.include({
        from: stranger.address,
        to: contracts.pool,
        data: await selectorOf("Pool", "poke"),
      });
      const block = Number(await chain.node.request("eth_blockNumber"));
      expect(calls[0]?.origin).to.equal(`transaction ${hash} of block ${block}`);
      expect(fromBlock).to.equal(0);
      expect(unknown).to.deep.equal([]);
    });

    it("are found by the contract's events, also when somebody else was called", async () => {
      const transfer = await made(
        chain.node,
        { name: "Coin", address: contracts.coin },
        "transfer",
        [owner.address, 1n],
        stranger,
      );
      const swap = await routed("swapFor", [contracts.pool, 5n], owner);
      await mine(1_010);
      const origins = originsOf(await recentCalls(await laboratories.open(), contracts.coin, ALL));
      expect(origins).to.include.members([transfer, swap]);
      expect(origins.indexOf(transfer), "calls of the contract itself are first").to.be.lessThan(
        origins.indexOf(swap),
      );
    });

    it("are found by other contracts' events that name it, long after", async () => {
      const swap = await routed("swapFor", [contracts.pool, 5n], owner);
      const quiet = await poolCall("poke", [], stranger);
      await mine(1_010);
      const found = await recentCalls(await laboratories.open(), contracts.pool, ALL);
      expect(originsOf(found)).to.include(swap);
      expect(originsOf(found)).not.to.include(quiet);
      expect(found.unknown.join()).to.match(/without events are known only from block \d+ on/);
    });

    it("are only those of the last blocks that were asked for", async () => {
      const old = await poolCall("deposit", [5n], owner);
      await mine(20);
      const young = await poolCall("deposit", [6n], owner);
      const found = await recentCalls(await laboratories.open(), contracts.pool, {
        blocks: 10,
        most: 100,
      });
      expect(originsOf(found)).to.include(young).and.not.to.include(old);
      expect(found.unknown).to.deep.equal([]);
    });

    it("are left out when they failed", async () => {
      const failed = await poolCall("withdraw", [5n], owner);
      const refused = await poolCall("refuse", [], owner);
      const origins = originsOf(await recentCalls(await laboratories.open(), contracts.pool, ALL));
      expect(origins).not.to.include(failed).and.not.to.include(refused);
    });

    it("are of different functions and senders before the same comes again; of each the newest", async () => {
      const deposited = await poolCall("deposit", [5n], owner);
      await poolCall("poke", [], owner);
      const elsewhere = await poolCall("poke", [], pauser);
      let last = elsewhere;
      for (let times = 0; times < 5; times++) {
        last = await poolCall("poke", [], owner);
      }
      const laboratory = await laboratories.open();
      const few = await recentCalls(laboratory, contracts.pool, { blocks: 1_000, most: 3 });
      expect(originsOf(few)).to.deep.equal([last, deposited, elsewhere]);
    });

    it("have their value, where they have one", async () => {
      const guards = await deploy(chain.node, "Guards", [owner.address, owner.address]);
      const { abi } = await artifact("Guards");
      await chain.node.request("eth_sendTransaction", {
        from: stranger.address,
        to: guards,
        data: abi.encodeFunctionData("forward", [owner.address]),
        value: "0x7",
      });
      const { calls } = await recentCalls(await laboratories.open(), guards, ALL);
      expect(calls.map(({ valueWei }) => valueWei)).to.deep.equal([7n]);
    });

    it("of a contract that nobody has used are none", async () => {
      const unused = await deploy(chain.node, "PoolRouter");
      const { calls, unknown } = await recentCalls(await laboratories.open(), unused, ALL);
      expect(calls).to.deep.equal([]);
      expect(unknown).to.deep.equal([]);
    });
  });

  describe("behind a node with limits", () => {
    let proxy: NodeProxy;
    let before = 0;
    const behind = async (rule: ProxyRule): Promise<Laboratory> => {
      proxy = await chain.proxy();
      const laboratory = await laboratories.open({ url: proxy.url });
      before = proxy.requests.length;
      proxy.answerBy(rule);
      return laboratory;
    };
    /** Requests since the laboratory is open. */
    const asked = (): number => proxy.requests.length - before;

    it("finds the same where log ranges are limited", async () => {
      const swap = await routed("swapFor", [contracts.pool, 5n], owner);
      await mine(1_010);
      const laboratory = await behind(
        limited((method, params) =>
          method === "eth_getLogs" && rangeOf(params).length > 500
            ? { error: "block range is limited to 500" }
            : undefined,
        ),
      );
      const { calls, unknown } = await recentCalls(laboratory, contracts.coin, ALL);
      expect(calls.map(({ origin }) => origin).join()).to.contain(swap);
      expect(unknown.join()).not.to.contain("events of the contract are");
      expect(asked()).to.be.lessThan(90);
    });

    it("says how far back it saw where the node gives no older logs", async () => {
      const old = await poolCall("deposit", [1n], owner);
      await mine(900);
      const young = await poolCall("deposit", [2n], owner);
      const tip = Number(await chain.node.request("eth_blockNumber"));
      const laboratory = await behind(
        limited((method, params) => {
          const oldest = tip - 300;
          return (method === "eth_getLogs" && rangeOf(params).from < oldest) ||
            (method === "eth_getBlockByNumber" && Number(params[0]) < oldest)
            ? { error: "history has been pruned" }
            : undefined;
        }),
      );
      const found = await recentCalls(laboratory, contracts.pool, ALL);
      expect(originsOf(found)).to.include(young).and.not.to.include(old);
      expect(found.fromBlock).to.be.within(tip - 300, tip);
      expect(found.unknown.join()).to.contain("events of the contract are known only from block");
      expect(found.unknown.join()).to.contain("history has been pruned");
      expect(asked()).to.be.lessThan(90);
    });

    it("takes a block that the node no longer has for the end", async () => {
      await poolCall("poke", [], owner);
      await mine(30);
      const young = await poolCall("poke", [], owner);
      const tip = Number(await chain.node.request("eth_blockNumber"));
      const laboratory = await behind(
        limited((method, params) =>
          method === "eth_getBlockByNumber" && Number(params[0]) < tip - 10
            ? { result: null }
            : undefined,
        ),
      );
      const found = await recentCalls(laboratory, contracts.pool, ALL);
      expect(originsOf(found)).to.include(young);
      expect(found.unknown.join()).to.contain(
        `transactions without events are known only from block ${tip - 10} on`,
      );
    });

    for (const [title, answer] of [
      ["an error", refusedBatch],
      ["HTTP 413", () => ({ status: 413, body: "too large" })],
      ["a list with one error", listOfOne],
      ["nothing that is JSON", () => ({ status: 200, body: "<html>" })],
    ] satisfies [string, () => ProxyAnswer][]) {
      it(`finds the same where more than 5 calls at once are answered with ${title}`, async () => {
        const hash = await poolCall("poke", [], owner);
        await mine(60);
        const swap = await routed("swapFor", [contracts.pool, 5n], owner);
        const laboratory = await behind(async (request, forward) =>
          request.calls.length > 5 ? answer() : await forward(),
        );
        const found = await recentCalls(laboratory, contracts.pool, ALL);
        expect(originsOf(found)).to.include.members([hash, swap]);
      });
    }

    it("finds what the blocks hold where the node gives no logs at all", async () => {
      const hash = await poolCall("deposit", [1n], owner);
      const laboratory = await behind(
        limited((method) =>
          method === "eth_getLogs" ? { error: "the method is not available" } : undefined,
        ),
      );
      const found = await recentCalls(laboratory, contracts.pool, ALL);
      expect(originsOf(found)).to.include(hash);
      expect(found.unknown.join()).to.contain("the method is not available");
    });

    it("finds what the logs name where the node gives no blocks", async () => {
      const hash = await poolCall("deposit", [1n], owner);
      const laboratory = await behind(
        limited((method) =>
          method === "eth_getBlockByNumber" ? { error: "not on your plan" } : undefined,
        ),
      );
      const found = await recentCalls(laboratory, contracts.pool, ALL);
      expect(originsOf(found)).to.include(hash);
      expect(found.unknown.join()).to.contain("not on your plan");
    });

    it("finds nothing, and says so, where the node gives no past", async () => {
      await poolCall("deposit", [1n], owner);
      const laboratory = await behind(
        limited((method) =>
          /getLogs|getBlockByNumber|getTransaction/.test(method) ? { error: "no" } : undefined,
        ),
      );
      const found = await recentCalls(laboratory, contracts.pool, ALL);
      expect(found.calls).to.deep.equal([]);
      expect(found.unknown).to.have.lengthOf.at.least(2);
      expect(asked()).to.be.lessThan(30);
    });

    it("stops asking a node that breaks down", async () => {
      await poolCall("deposit", [1n], owner);
      const laboratory = await behind(() => "drop");
      const found = await recentCalls(laboratory, contracts.pool, ALL);
      expect(found.calls).to.deep.equal([]);
      expect(found.unknown.join()).to.contain("cannot be reached");
      expect(asked()).to.be.lessThan(10);
    });

    it("asks once for several questions about the same contract", async () => {
      await poolCall("deposit", [1n], owner);
      const laboratory = await behind(async (_request, forward) => await forward());
      await recentCalls(laboratory, contracts.pool, ALL);
      const logs = proxy.count("eth_getLogs");
      const blocks = proxy.count("eth_getBlockByNumber");
      await usersOf(laboratory, contracts.pool, 3);
      await recentCalls(laboratory, contracts.coin, ALL);
      expect(proxy.count("eth_getBlockByNumber"), "another contract shares the blocks").to.equal(
        blocks,
      );
      expect(proxy.count("eth_getLogs")).to.be.lessThan(2 * logs);
    });
  });

  describe("replays", () => {
    async function replayed(
      laboratory: Laboratory,
      calls: readonly RecordedCall[],
    ): Promise<ReadonlyMap<string, Exercise>> {
      const functions = await functionsIn("Pool", contracts.pool);
      const exercises = await replayAll(laboratory, contracts.pool, functions, calls);
      const bySignature = new Map(
        exercises.map((exercise) => [exercise.fn.signature ?? "", exercise] as const),
      );
      expect(bySignature.size, "one exercise a function").to.equal(exercises.length);
      return bySignature;
    }

    async function replayedRecent(): Promise<ReadonlyMap<string, Exercise>> {
      const laboratory = await laboratories.open();
      const { calls } = await recentCalls(laboratory, contracts.pool, ALL);
      return await replayed(laboratory, calls);
    }

    it("exercise each function that was called and still does something", async () => {
      await poolCall("deposit", [10n], owner);
      const withdrawn = await poolCall("withdraw", [4n], owner);
      await poolCall("poke", [], stranger);
      await poolCall("touch", [], stranger);
      await poolCall("refuse", [], stranger);
      const exercises = await replayedRecent();
      expect([...exercises.keys()]).to.have.members([
        "deposit(uint256)",
        "withdraw(uint256)",
        "poke()",
      ]);
      const withdraw = exercises.get("withdraw(uint256)");
      expect(withdraw?.call).to.deep.equal({
        from: owner.address,
        to: contracts.pool,
        data: (await artifact("Pool")).abi.encodeFunctionData("withdraw", [4n]),
      });
      expect(withdraw?.origin).to.contain(withdrawn);
      expect(withdraw?.before.ok).to.be.true;
    });

    it("are none of what cannot be done again", async () => {
      await poolCall("deposit", [10n], owner);
      await poolCall("withdraw", [10n], owner);
      expect([...(await replayedRecent()).keys()]).to.have.members(["deposit(uint256)"]);
    });

    it("prefer a call that moves funds to a newer one that does not", async () => {
      const moving = await poolCall("deposit", [10n], owner);
      const idle = await poolCall("deposit", [0n], pauser);
      const exercises = await replayedRecent();
      const deposit = exercises.get("deposit(uint256)");
      expect(deposit?.origin).to.contain(moving).and.not.to.contain(idle);
    });

    it("see the pool's function in a swap through a router", async () => {
      const hash = await routed("swapFor", [contracts.pool, 5n], owner);
      const exercises = await replayedRecent();
      expect([...exercises.keys()]).to.deep.equal(["swap(address)"]);
      const swap = exercises.get("swap(address)");
      expect(swap?.call.to).to.equal(contracts.router);
      expect(swap?.origin).to.contain(hash);
      expect(swap && goesThrough(swap.before, contracts.pool, swap.fn.selector)).to.be.true;
    });

    it("take a call inside a transaction alone where that works, and the whole only where it holds no other", async () => {
      await routed("swapAndPoke", [contracts.pool, 5n], owner);
      const exercises = await replayedRecent();
      expect([...exercises.keys()]).to.deep.equal(["poke()"]);
      expect(exercises.get("poke()")?.call).to.deep.equal({
        from: contracts.router,
        to: contracts.pool,
        data: await selectorOf("Pool", "poke"),
      });
    });

    it("see the parts of a multicall, as calls of its sender", async () => {
      const { abi } = await artifact("Pool");
      await poolCall("deposit", [10n], owner);
      await poolCall(
        "multicall",
        [[abi.encodeFunctionData("withdraw", [1n]), abi.encodeFunctionData("poke")]],
        owner,
      );
      const exercises = await replayedRecent();
      expect([...exercises.keys()]).to.have.members([
        "deposit(uint256)",
        "multicall(bytes[])",
        "withdraw(uint256)",
        "poke()",
      ]);
      expect(exercises.get("withdraw(uint256)")?.call).to.deep.equal({
        from: owner.address,
        to: contracts.pool,
        data: abi.encodeFunctionData("withdraw", [1n]),
      });
    });

    it("are none of a function that was refused inside a transaction that went on", async () => {
      const hash = await routed("tryRefuse", [contracts.pool], owner);
      const laboratory = await laboratories.open();
      const { calls } = await namedCalls(laboratory, hash);
      const [call] = calls;
      if (call === undefined) {
        throw new Error("the transaction is there");
      }
      const selector = hex(await selectorOf("Pool", "refuse"));
      const trial = await tryCall(laboratory.fork, call);
      expect(trial.ok).to.be.true;
      expect(goesThrough(trial, contracts.pool, selector)).to.be.false;
      expect([...(await replayed(laboratory, calls)).keys()]).to.deep.equal([]);
    });

    it("leave the fork as it was", async () => {
      await poolCall("poke", [], owner);
      const laboratory = await laboratories.open();
      const { calls } = await recentCalls(laboratory, contracts.pool, ALL);
      const first = await replayed(laboratory, calls);
      expect(await replayed(laboratory, calls)).to.deep.equal(first);
    });

    it("work through a proxy", async () => {
      await made(
        chain.node,
        { name: "Coin", address: contracts.coin },
        "transfer",
        [owner.address, 1n],
        stranger,
      );
      const laboratory = await laboratories.open();
      const { calls } = await recentCalls(laboratory, contracts.coin, ALL);
      const exercises = await replayAll(
        laboratory,
        contracts.coin,
        await functionsIn("Coin", contracts.coin),
        calls,
      );
      expect(exercises.map(({ fn }) => fn.signature)).to.include.members([
        "transfer(address,uint256)",
        "mint(address,uint256)",
      ]);
    });
  });

  describe("users", () => {
    it("of a token are those who hold it, contracts left out", async () => {
      await poolCall("deposit", [10n], owner);
      const found = await usersOf(await laboratories.open(), contracts.coin, 10);
      expect(found.slice(0, 3)).to.have.members(users.map(({ address }) => address));
      expect(found).not.to.include(contracts.pool);
    });

    it("who have nothing any more come after those who have", async () => {
      await execute(
        chain.node,
        { name: "Coin", address: contracts.coin },
        "transfer",
        [pauser.address, 1_000n],
        owner,
      );
      const found = await usersOf(await laboratories.open(), contracts.coin, 10);
      expect(found.slice(0, 2)).to.have.members([pauser.address, stranger.address]);
      expect(found.slice(2)).to.include(owner.address);
    });

    it("of what is no token are those who called it", async () => {
      await poolCall("poke", [], admin);
      await routed("swapFor", [contracts.pool, 5n], owner);
      const found = await usersOf(await laboratories.open(), contracts.pool, 10);
      expect(found).to.include.members([admin.address, owner.address]);
      expect(await usersOf(await laboratories.open(), contracts.pool, 1)).to.have.lengthOf(1);
    });

    it("are contracts only where no account is", async () => {
      const unused = await deploy(chain.node, "PoolRouter");
      expect(await usersOf(await laboratories.open(), unused, 5)).to.deep.equal([]);
    });
  });

  describe("named calls", () => {
    let laboratory: Laboratory;
    let folder: string;
    beforeEach(async () => {
      folder = (await chain.project()).folder;
    });

    async function file(name: string, content: unknown): Promise<string> {
      const path = join(folder, name);
      await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
      return path;
    }

    it("are hashes and files, in their order", async () => {
      const first = await poolCall("poke", [], owner);
      const second = await poolCall("deposit", [3n], stranger);
      laboratory = await laboratories.open();
      const poke = await selectorOf("Pool", "poke");
      const path = await file("calls.json", [
        second,
        { from: admin.address.toLowerCase(), to: contracts.pool, data: poke, value: "0x2" },
        {
          from: admin.address,
          to: contracts.pool,
          data: poke,
          value: "10",
          chainId: chain.node.chainId,
        },
        { from: admin.address, to: contracts.pool, data: poke },
      ]);
      const found = await namedCalls(laboratory, ` ${first} ,${path},`);
      expect(found.unknown).to.deep.equal([]);
      expect(found.calls.map(({ from, valueWei }) => [from, valueWei])).to.deep.equal([
        [owner.address, undefined],
        [stranger.address, undefined],
        [admin.address, 2n],
        [admin.address, 10n],
        [admin.address, undefined],
      ]);
      expect(originsOf(found)).to.deep.equal([
        first,
        second,
        `${path}, entry 2`,
        `${path}, entry 3`,
        `${path}, entry 4`,
      ]);
    });

    it("leave out what failed when it was made, and say so", async () => {
      const failed = await poolCall("refuse", [], owner);
      const found = await namedCalls(await laboratories.open(), failed);
      expect(found.calls).to.deep.equal([]);
      expect(found.unknown.join()).to.contain(failed);
    });

    it("are taken from a node that refuses batches", async () => {
      const first = await poolCall("poke", [], owner);
      const proxy = await chain.proxy();
      laboratory = await laboratories.open({ url: proxy.url });
      proxy.answerBy(async (request, forward) =>
        request.isBatch ? { status: 413, body: "no batches" } : await forward(),
      );
      expect(originsOf(await namedCalls(laboratory, first))).to.deep.equal([first]);
    });

    const unknownHash = id("nobody made this");
    const call = (): Record<string, unknown> => ({
      from: owner.address,
      to: contracts.pool,
      data: "0x",
    });
    const without = (field: string): Record<string, unknown> =>
      Object.fromEntries(Object.entries(call()).filter(([name]) => name !== field));

    const refusals: readonly {
      readonly title: string;
      readonly text: () => Promise<string>;
      readonly says: RegExp;
    }[] = [
      { title: "nothing", text: async () => await given(" , "), says: /names nothing/ },
      {
        title: "a hash that the node does not know",
        text: async () => await given(unknownHash),
        says: /does not know transaction 0x[0-9a-f]{64}/,
      },
      {
        title: "a hash that is too short",
        text: async () => await given("0x1234"),
        says: /4 digits instead of 64/,
      },
      {
        title: "a hash with a wrong character",
        text: async () => await given(`0xg${"0".repeat(63)}`),
        says: /not hexadecimal/,
      },
      {
        title: "the creation of a contract",
        text: async () => await creation(),
        says: /creates a contract/,
      },
      {
        title: "a file that is not there",
        text: async () => await given(join(folder, "none.json")),
        says: /none\.json" cannot be read/,
      },
      {
        title: "a file that is not JSON",
        text: async () => await file("calls.json", "0x"),
        says: /is not JSON/,
      },
      {
        title: "a file without a list",
        text: async () => await file("calls.json", call()),
        says: /no list/,
      },
      {
        title: "a file with an empty list",
        text: async () => await file("calls.json", []),
        says: /no list/,
      },
      {
        title: "a number in a file",
        text: async () => await file("calls.json", [unknownHash, 7]),
        says: /entry 2: neither/,
      },
      {
        title: "a call without to",
        text: async () => await file("calls.json", [without("to")]),
        says: /entry 1: it has no "to"/,
      },
      {
        title: "a call without from",
        text: async () => await file("calls.json", [without("from")]),
        says: /entry 1: it has no "from"/,
      },
      {
        title: "a call without data",
        text: async () => await file("calls.json", [without("data")]),
        says: /"data" is not/,
      },
      {
        title: "half a byte of data",
        text: async () => await file("calls.json", [{ ...call(), data: "0x123" }]),
        says: /"data" is not/,
      },
      {
        title: "a value that is no number",
        text: async () => await file("calls.json", [{ ...call(), value: "1 ether" }]),
        says: /"value" is not/,
      },
      {
        title: "a number too large to be exact",
        text: async () => await file("calls.json", [{ ...call(), value: 1e21 }]),
        says: /"value" is not/,
      },
      {
        title: "a call that says it is of another chain",
        text: async () => await file("calls.json", [{ ...call(), chainId: 1 }]),
        says: /of chain 1, and network "\w+" is chain/,
      },
      {
        title: "a call to where nothing is on this chain",
        text: async () => await file("calls.json", [{ ...call(), to: stranger.address }]),
        says: /no contract at 0x/,
      },
    ];

    for (const { title, text, says } of refusals) {
      it(`refuse ${title}`, async () => {
        laboratory = await laboratories.open();
        const error = await expectRejection(namedCalls(laboratory, await text()), "BAD_ARGUMENTS");
        expect(error.what).to.match(says);
      });
    }

    it("refuse a mistyped address", async () => {
      const path = await file("calls.json", [{ ...call(), to: "0x1234" }]);
      await expectRejection(namedCalls(await laboratories.open(), path), "BAD_ADDRESS");
    });

    async function given(text: string): Promise<string> {
      return await Promise.resolve(text);
    }

    async function creation(): Promise<string> {
      const address: Address = await deploy(chain.node, "PoolRouter");
      const block = await chain.node.request("eth_getBlockByNumber", "latest", true);
      const list: unknown = isRecord(block) ? block.transactions : [];
      const transaction: unknown = Array.isArray(list) ? list[0] : undefined;
      expect(await checksummed(address)).to.equal(address);
      return hex(isRecord(transaction) ? transaction.hash : undefined);
    }
  });

  it("knows no pending transaction as made", async () => {
    await chain.node.request("evm_setAutomine", false);
    const { abi } = await artifact("Pool");
    const hash = await chain.node.request("eth_sendTransaction", {
      from: deployer.address,
      to: contracts.pool,
      data: abi.encodeFunctionData("poke"),
      gas: "0x100000",
    });
    const error = await expectRejection(
      namedCalls(await laboratories.open(), hex(hash)),
      "BAD_ARGUMENTS",
    );
    expect(error.what).to.contain("not mined yet");
    await chain.node.request("evm_mine");
    await chain.node.request("evm_setAutomine", true);
  });
});

function refusedBatch(): ProxyAnswer {
  return {
    status: 200,
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: null,
      error: { code: -32600, message: "batch too large" },
    }),
  };
}

function listOfOne(): ProxyAnswer {
  const answer: unknown = JSON.parse(refusedBatch().body);
  return { status: 200, body: JSON.stringify([answer]) };
}
