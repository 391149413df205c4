import { expect } from "chai";

import { gentleReads } from "../../../src/chain/experiments/gentle-reads.js";
import type { Rpc, RpcCall } from "../../../src/chain/rpc.js";
import { EmergencyError, type ErrorCode } from "../../../src/errors.js";

const calls: readonly RpcCall[] = Array.from({ length: 50 }, (_, index) => ({
  method: "any",
  params: [index],
}));

/** A transport that throws for some requests, and remembers the sizes of all. */
function transport(refuses: (asked: readonly RpcCall[]) => Error | undefined): {
  readonly rpc: Rpc;
  readonly sizes: number[];
} {
  const sizes: number[] = [];
  return {
    sizes,
    rpc: {
      async batch(asked) {
        sizes.push(asked.length);
        const error = refuses(asked);
        if (error !== undefined) {
          throw error;
        }
        return await Promise.resolve(
          asked.map(({ params: [result] }) => ({ ok: true as const, result })),
        );
      },
    },
  };
}

function failure(code: ErrorCode, what: string): EmergencyError {
  return new EmergencyError(code, what, "wait");
}

describe("gentle reads", () => {
  it("are made in small batches, and answered in their order", async () => {
    const { rpc, sizes } = transport(() => undefined);
    const replies = await gentleReads(rpc).read(calls);
    expect(replies).to.deep.equal(calls.map(({ params: [result] }) => ({ ok: true, result })));
    expect(sizes).to.deep.equal([20, 20, 10]);
  });

  it("take smaller batches from then on where one is too large", async () => {
    const { rpc, sizes } = transport((asked) =>
      asked.length > 5 ? failure("RPC_INVALID", "the answer is too large") : undefined,
    );
    const replies = await gentleReads(rpc).read(calls);
    expect(replies.every(({ ok }) => ok)).to.be.true;
    expect(sizes).to.deep.equal([20, 10, ...Array.from({ length: 10 }, () => 5)]);
  });

  it("leave out one answer that cannot be used", async () => {
    const { rpc } = transport((asked) =>
      asked.some(({ params: [index] }) => index === 7)
        ? failure("RPC_INVALID", "the answer is too large")
        : undefined,
    );
    const replies = await gentleReads(rpc).read(calls);
    expect(replies.flatMap(({ ok }, index) => (ok ? [] : [index]))).to.deep.equal([7]);
  });

  for (const [title, error] of [
    ["is gone", failure("RPC_UNREACHABLE", "it cannot be reached")],
    ["is too busy", failure("RPC_REFUSED", 'the node says "too many requests", 5 times')],
  ] satisfies [string, EmergencyError][]) {
    it(`ask no more where the node ${title}`, async () => {
      const { rpc, sizes } = transport(() => error);
      const reads = gentleReads(rpc);
      const replies = [...(await reads.read(calls)), ...(await reads.read(calls))];
      expect(replies).to.have.lengthOf(100);
      expect(replies.every((reply) => !reply.ok && reply.failure.message === error.what)).to.be
        .true;
      expect(sizes).to.have.lengthOf(1);
    });
  }

  it("ask no more where no answer can be used", async () => {
    const { rpc, sizes } = transport(() => failure("RPC_INVALID", "junk"));
    const replies = await gentleReads(rpc).read(calls);
    expect(replies.some(({ ok }) => ok)).to.be.false;
    expect(sizes.length).to.be.lessThan(16);
  });

  it("do not hide a mistake in the program", async () => {
    const { rpc } = transport(() => new TypeError("a mistake"));
    let thrown: unknown;
    await gentleReads(rpc)
      .read(calls)
      .catch((error: unknown) => {
        thrown = error;
      });
    expect(thrown).to.be.instanceOf(TypeError);
  });
});
