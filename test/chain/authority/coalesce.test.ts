import { expect } from "chai";

import { coalescing } from "../../../src/chain/authority/coalesce.js";
import type { Chain } from "../../../src/chain/chain.js";
import type { RpcCall, RpcReply } from "../../../src/chain/rpc.js";
import { EmergencyError } from "../../../src/errors.js";
import { fakeChain } from "../../helpers/fake-chain.js";

const call = (method: string): RpcCall => ({ method, params: [] });
const tooLarge = new EmergencyError("RPC_INVALID", "the answer is too large", "use another node");

/** A chain that answers each call with its own name, unless it fails. */
function echoing(fails: (calls: readonly RpcCall[]) => Error | undefined): {
  readonly chain: Chain;
  readonly sizes: number[];
} {
  const sizes: number[] = [];
  return {
    sizes,
    chain: {
      ...fakeChain({}),
      rpc: {
        async batch(calls) {
          sizes.push(calls.length);
          const error = fails(calls);
          if (error !== undefined) {
            throw error;
          }
          return await Promise.resolve(
            calls.map(({ method }): RpcReply => ({ ok: true, result: method })),
          );
        },
      },
    },
  };
}

const names = (replies: readonly RpcReply[]): unknown[] =>
  replies.map((reply) => (reply.ok ? reply.result : "refused"));

describe("reads that travel together", () => {
  it("are asked in one round trip and answered to who has asked", async () => {
    const { chain, sizes } = echoing(() => undefined);
    const { rpc } = coalescing(chain);
    const [first, second, none] = await Promise.all([
      rpc.batch([call("a"), call("b")]),
      rpc.batch([call("c")]),
      rpc.batch([]),
    ]);
    expect(names(first)).to.deep.equal(["a", "b"]);
    expect(names(second)).to.deep.equal(["c"]);
    expect(none).to.deep.equal([]);
    expect(sizes).to.deep.equal([3]);
  });

  it("lose only what cannot be answered", async () => {
    const { chain, sizes } = echoing((calls) =>
      calls.some(({ method }) => method === "bomb") ? tooLarge : undefined,
    );
    const { rpc } = coalescing(chain);
    const all = ["a", "b", "c", "bomb", "d", "e", "f"];
    expect(names(await rpc.batch(all.map(call)))).to.deep.equal(
      all.map((name) => (name === "bomb" ? "refused" : name)),
    );
    expect(sizes.length).to.be.at.most(7);
  });

  it("are not halved for ever", async () => {
    const { chain, sizes } = echoing((calls) =>
      calls.some(({ method }) => method === "bomb") ? tooLarge : undefined,
    );
    const { rpc } = coalescing(chain);
    const calls = [call("a"), ...Array.from({ length: 1_000 }, () => call("bomb"))];
    expect(names(await rpc.batch(calls))[0]).to.equal("a");
    expect(sizes.length).to.be.lessThan(30);
  });

  it("fail as the node fails when nothing can be answered", async () => {
    const { chain } = echoing(() => tooLarge);
    const { rpc } = coalescing(chain);
    const failed = await rpc.batch([call("a"), call("b")]).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failed).to.equal(tooLarge);
  });

  it("fail at once, for all, when the node cannot be reached", async () => {
    const lost = new EmergencyError("RPC_UNREACHABLE", "connection refused", "start it");
    const { chain, sizes } = echoing(() => lost);
    const { rpc } = coalescing(chain);
    const failed = await Promise.allSettled([rpc.batch([call("a")]), rpc.batch([call("b")])]);
    expect(failed.map(({ status }) => status)).to.deep.equal(["rejected", "rejected"]);
    expect(sizes).to.deep.equal([2]);
  });
});
