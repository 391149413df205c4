import { expect } from "chai";

import type { Address } from "../../src/chain/address.js";
import { lookAt, type Chain } from "../../src/chain/chain.js";
import { codeAt, hexResult, nonceOf } from "../../src/chain/reads.js";
import { Rounds } from "../../src/chain/rounds.js";
import type { RpcCall, RpcReply } from "../../src/chain/rpc.js";
import { EmergencyError } from "../../src/errors.js";
import { fakeChain } from "../helpers/fake-chain.js";
import { expectRejection } from "../helpers/refusal.js";

const A: Address = `0x${"aa".repeat(20)}`;
const B: Address = `0x${"bb".repeat(20)}`;
const C: Address = `0x${"cc".repeat(20)}`;
const BLOCK = 5;

const answers: Readonly<Record<string, unknown>> = {
  eth_chainId: "0x1",
  eth_blockNumber: "0x5",
  eth_getBlockByNumber: {
    number: "0x5",
    hash: "0x01",
    timestamp: "0x01",
    gasLimit: "0x01",
  },
  eth_getCode: "0x60",
  eth_getTransactionCount: "0x07",
};

/** A chain that writes down what it is asked. */
function listening(fails: () => Error | undefined = () => undefined): {
  readonly chain: Chain;
  readonly batches: (readonly RpcCall[])[];
} {
  const batches: (readonly RpcCall[])[] = [];
  return {
    batches,
    chain: {
      ...fakeChain({}),
      rpc: {
        async batch(calls) {
          batches.push(calls);
          const error = fails();
          if (error !== undefined) {
            throw error;
          }
          return await Promise.resolve(
            calls.map(({ method }): RpcReply => ({ ok: true, result: answers[method] })),
          );
        },
      },
    },
  };
}

describe("a few round trips for many reads", () => {
  it("remembers what the first has brought, and asks each question once", async () => {
    const { chain, batches } = listening();
    const rounds = new Rounds(chain, 3);
    await rounds.look([codeAt(A)]);
    await lookAt(rounds.chain, BLOCK, [codeAt(A)]);
    expect(batches).to.have.lengthOf(1);
    await Promise.all([
      lookAt(rounds.chain, BLOCK, [codeAt(B), codeAt(A)]),
      lookAt(rounds.chain, BLOCK, [codeAt(B), nonceOf(B)]),
    ]);
    expect(batches).to.have.lengthOf(2);
    expect(batches[1]).to.have.lengthOf(2);
  });

  it("holds what comes after the last one until it may go on", async () => {
    const { chain, batches } = listening();
    const rounds = new Rounds(chain, 2);
    await rounds.look([]);
    await lookAt(rounds.chain, BLOCK, [codeAt(A)]);
    const third = lookAt(rounds.chain, BLOCK, [codeAt(B)]);
    await rounds.spent;
    expect(batches).to.have.lengthOf(2);
    rounds.goOn();
    expect(hexResult((await third)[0])).to.equal("0x60");
    expect(batches).to.have.lengthOf(3);
  });

  it("asks guesses with the others, and refuses them when there is no round trip left", async () => {
    const { chain, batches } = listening();
    const rounds = new Rounds(chain, 2);
    await rounds.look([]);
    const [, [guess]] = await Promise.all([
      lookAt(rounds.chain, BLOCK, [codeAt(A)]),
      lookAt(rounds.guesses, BLOCK, [codeAt(B)]),
    ]);
    expect(hexResult(guess)).to.equal("0x60");
    const [late] = await lookAt(rounds.guesses, BLOCK, [codeAt(C)]);
    expect(late?.ok).to.be.false;
    expect(batches).to.have.lengthOf(2);
  });

  it("asks in earnest what was refused as a guess", async () => {
    const { chain } = listening();
    const rounds = new Rounds(chain, 1);
    await rounds.look([]);
    await lookAt(rounds.guesses, BLOCK, [codeAt(C)]);
    rounds.goOn();
    const [reply] = await lookAt(rounds.chain, BLOCK, [codeAt(C)]);
    expect(hexResult(reply)).to.equal("0x60");
  });

  it("remembers no lost connection", async () => {
    let lost = false;
    const { chain } = listening(() =>
      lost ? new EmergencyError("RPC_UNREACHABLE", "the node is gone", "start it") : undefined,
    );
    const rounds = new Rounds(chain, 3);
    await rounds.look([]);
    lost = true;
    await expectRejection(lookAt(rounds.chain, BLOCK, [codeAt(A)]), "RPC_UNREACHABLE");
    lost = false;
    const [reply] = await lookAt(rounds.chain, BLOCK, [codeAt(A)]);
    expect(hexResult(reply)).to.equal("0x60");
  });
});
