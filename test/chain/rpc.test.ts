import { expect } from "chai";

import { httpRpc, providerFailure, type Rpc, type RpcCall } from "../../src/chain/rpc.js";
import { registerSecretUrl } from "../../src/redact.js";
import { owner } from "../helpers/accounts.js";
import { useChain } from "../helpers/chain.js";
import { deploy } from "../helpers/contracts.js";
import { rpcError, type NodeProxy, type ProxyAnswer } from "../helpers/proxy.js";
import { emergencyError, expectRejection, expectSuccess } from "../helpers/refusal.js";

const CALLS: readonly RpcCall[] = [
  { method: "eth_chainId", params: [] },
  { method: "eth_blockNumber", params: [] },
];

describe("the JSON-RPC client", () => {
  const chain = useChain();
  let proxy: NodeProxy;
  let waits: number[];
  beforeEach(async () => {
    proxy = await chain.proxy();
    waits = [];
  });

  function client(url = proxy.url, headers: Record<string, string> = {}): Rpc {
    return httpRpc({
      networkName: "live",
      url,
      headers,
      timeoutMs: 5_000,
      wait: async (milliseconds) => {
        waits.push(milliseconds);
        await Promise.resolve();
      },
    });
  }

  it("asks for many things in one request", async () => {
    const replies = await client().batch(CALLS);
    expect(replies.map(({ ok }) => ok)).to.deep.equal([true, true]);
    expect(proxy.requests).to.have.lengthOf(1);
  });

  it("asks for nothing without a request", async () => {
    expect(await client().batch([])).to.deep.equal([]);
    expect(proxy.requests).to.have.lengthOf(0);
  });

  it("puts answers in the order of the questions", async () => {
    proxy.answerBy(async (_request, forward) => {
      const answers: unknown = JSON.parse((await forward()).body);
      return {
        status: 200,
        body: JSON.stringify(Array.isArray(answers) ? answers.reverse() : answers),
      };
    });
    const [chainId] = await client().batch(CALLS);
    expect(chainId).to.deep.equal({ ok: true, result: `0x${chain.node.chainId.toString(16)}` });
  });

  it("keeps the refusal of one call apart from the others", async () => {
    const [good, bad] = await client().batch([
      { method: "eth_chainId", params: [] },
      { method: "eth_unheardOf", params: [] },
    ]);
    expect(good?.ok).to.be.true;
    expect(bad?.ok).to.be.false;
  });

  describe("of a node that says 429", () => {
    const busy = (times: number, answer: Partial<ProxyAnswer> = {}): void => {
      let left = times;
      proxy.answerBy(async (_request, forward) =>
        left-- > 0 ? { status: 429, body: "slow down", ...answer } : await forward(),
      );
    };

    it("waits as long as Retry-After says, and asks again", async () => {
      busy(2, { headers: { "retry-after": "3" } });
      const replies = await client().batch(CALLS);
      expect(replies.every(({ ok }) => ok)).to.be.true;
      expect(waits).to.deep.equal([3_000, 3_000]);
    });

    it("does not wait for minutes, whatever Retry-After says", async () => {
      busy(1, { headers: { "retry-after": "3600" } });
      await client().batch(CALLS);
      expect(Math.max(...waits)).to.be.at.most(10_000);
    });

    it("waits longer each time when it is not told how long", async () => {
      busy(3, { headers: { "retry-after": "Wed, 21 Oct 2026 07:28:00 GMT" } });
      await client().batch(CALLS);
      expect(waits).to.have.lengthOf(3);
      expect(waits).to.deep.equal([...waits].sort((a, b) => a - b));
      expect(new Set(waits).size).to.equal(3);
    });

    it("does the same for 503", async () => {
      busy(1, { status: 503 });
      await client().batch(CALLS);
      expect(waits).to.have.lengthOf(1);
    });

    it("gives up in the end", async () => {
      busy(Infinity, { headers: { "retry-after": "0" } });
      await expectRejection(client().batch(CALLS), "RPC_REFUSED");
      expect(proxy.requests.length).to.be.within(2, 10);
    });

    it("pauses all the same", async () => {
      const contract = await deploy(chain.node, "OwnablePausable", [owner.address]);
      let calls = 0;
      // Every other request is refused once.
      proxy.answerBy(async (_request, forward) =>
        calls++ % 2 === 0
          ? { status: 429, headers: { "retry-after": "0" }, body: "" }
          : await forward(),
      );
      const project = await chain.project({ url: proxy.url });
      expectSuccess(await project.run("pause", { contract, yes: true }));
    });
  });

  describe("of a node that refuses batches", () => {
    /** As nodes say it: one error in place of the list. */
    const refuseBatches = (status: number): void => {
      proxy.answerBy(async (request, forward) =>
        request.isBatch
          ? { ...rpcError({ ...request, calls: [] }, "batch is not allowed"), status }
          : await forward(),
      );
    };

    for (const status of [200, 400]) {
      it(`asks one by one (HTTP ${status}), and remembers it`, async () => {
        refuseBatches(status);
        const rpc = client();
        const replies = await rpc.batch(CALLS);
        expect(replies.every(({ ok }) => ok)).to.be.true;
        await rpc.batch(CALLS);
        expect(proxy.requests.filter(({ isBatch }) => isBatch)).to.have.lengthOf(1);
      });
    }

    it("pauses all the same", async () => {
      const contract = await deploy(chain.node, "OwnablePausable", [owner.address]);
      refuseBatches(200);
      const project = await chain.project({ url: proxy.url });
      expectSuccess(await project.run("pause", { contract, yes: true }));
    });

    it("verifies all the same", async () => {
      const contract = await deploy(chain.node, "OwnablePausable", [owner.address]);
      refuseBatches(200);
      const project = await chain.project({ url: proxy.url });
      expectSuccess(await project.run("verify-pausable", { contract }));
    });
  });

  it("divides what is too much for the node, and remembers it", async () => {
    proxy.answerBy(async (request, forward) =>
      request.calls.length > 10
        ? rpcError({ ...request, calls: [] }, "batch too large")
        : await forward(),
    );
    const rpc = client();
    const many = Array.from({ length: 25 }, () => CALLS[0] ?? { method: "", params: [] });
    for (let times = 0; times < 2; times++) {
      const replies = await rpc.batch(many);
      expect(replies.filter(({ ok }) => ok)).to.have.lengthOf(25);
    }
    expect(proxy.requests.map(({ calls }) => calls.length)).to.deep.equal([
      25, 10, 10, 5, 10, 10, 5,
    ]);
  });

  it("asks again for what was left out of the answer", async () => {
    proxy.answerBy(async (request, forward) => {
      const answers: unknown = JSON.parse((await forward()).body);
      return {
        status: 200,
        body: JSON.stringify(Array.isArray(answers) ? answers.slice(1) : answers),
      };
    });
    const replies = await client().batch(CALLS);
    expect(replies.map(({ ok }) => ok)).to.deep.equal([true, true]);
    expect(proxy.requests).to.have.lengthOf(2);
  });

  describe("of a node that has no time for some calls of a batch", () => {
    /** Some providers answer HTTP 200, and an error for each call that was too much. */
    const throttle = (times: number): void => {
      let left = times;
      proxy.answerBy(async (request, forward) => {
        const answers: unknown = JSON.parse((await forward()).body);
        const list: readonly unknown[] = Array.isArray(answers) ? answers : [answers];
        const error = { code: 429, message: "compute units per second exceeded" };
        const spoiled = list.map((answer, index) =>
          index === 0 && left-- > 0 ? { jsonrpc: "2.0", id: request.calls[0]?.id, error } : answer,
        );
        return {
          status: 200,
          body: JSON.stringify(request.isBatch ? spoiled : spoiled[0]),
        };
      });
    };

    it("waits, and asks again for those", async () => {
      throttle(2);
      const replies = await client().batch(CALLS);
      expect(replies.map(({ ok }) => ok)).to.deep.equal([true, true]);
      expect(proxy.requests.map(({ calls }) => calls.length)).to.deep.equal([2, 1, 1]);
      expect(waits).to.have.lengthOf(2);
    });

    it("gives up in the end", async () => {
      throttle(Infinity);
      await expectRejection(client().batch(CALLS), "RPC_REFUSED");
    });
  });

  describe("of a node that wants a password", () => {
    it("gives the one that is in the URL", async () => {
      const heard = await authorizationOf(proxy.url.replace("://", "://operator:s%40fe-word@"));
      expect(heard).to.equal(`Basic ${Buffer.from("operator:s@fe-word").toString("base64")}`);
    });

    it("sends the headers of the configuration", async () => {
      const heard = await authorizationOf(proxy.url, { authorization: "Bearer abcdef" });
      expect(heard).to.equal("Bearer abcdef");
    });

    async function authorizationOf(
      url: string,
      headers: Record<string, string> = {},
    ): Promise<string | undefined> {
      registerSecretUrl(url);
      const replies = await client(url, headers).batch(CALLS);
      expect(replies.every(({ ok }) => ok)).to.be.true;
      return proxy.requests[0]?.headers.authorization;
    }
  });

  it("reads no answer without end", async () => {
    proxy.answerBy(() => ({ status: 200, body: `"${"x".repeat(65 * 1024 * 1024)}"` }));
    await expectRejection(client().batch(CALLS), "RPC_INVALID");
  });

  it("says what is wrong with a key, not with the answer", async () => {
    proxy.answerBy(() => ({ status: 403, body: "<h1>Forbidden</h1>" }));
    const error = await expectRejection(client().batch(CALLS), "RPC_REFUSED");
    expect(error.next).to.contain("key");
  });

  describe("a provider's error", () => {
    it("is the node's word when it has a code", () => {
      const error = Object.assign(new Error("execution reverted"), { code: 3, data: "0x12345678" });
      expect(providerFailure("live", error)).to.deep.equal({
        code: 3,
        message: "execution reverted",
        data: "0x12345678",
      });
    });

    const notTheNode: readonly (readonly [string, unknown])[] = [
      ["without a code", new Error("socket hang up")],
      [
        "with the code that Hardhat gives to lost connections",
        Object.assign(new Error("x"), { code: -1 }),
      ],
      ["with the system's code", Object.assign(new Error("x"), { code: "ECONNRESET" })],
      ["that is a text", "boom"],
      ["that is nothing", undefined],
    ];
    for (const [title, error] of notTheNode) {
      it(`${title} is a lost connection`, () => {
        let thrown: unknown;
        try {
          providerFailure("live", error);
        } catch (caught) {
          thrown = caught;
        }
        expect(emergencyError(thrown).code).to.equal("RPC_UNREACHABLE");
      });
    }
  });
});
