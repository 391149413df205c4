import { expect } from "chai";

import type { Chain } from "../../src/chain/chain.js";
import { openGateway, type Gateway } from "../../src/chain/fork-gateway.js";
import type { RpcCall, RpcReply } from "../../src/chain/rpc.js";
import { EmergencyError } from "../../src/errors.js";
import { isRecord } from "../../src/json.js";
import { fakeChain } from "../helpers/fake-chain.js";

const ACCOUNT = `0x${"ab".repeat(20)}`;
const CODE = { method: "eth_getCode", params: [ACCOUNT, "0x5"] };
const BALANCE = { method: "eth_getBalance", params: [ACCOUNT, "0x5"] };

describe("the way of a fork to the live node", () => {
  let gateway: Gateway | undefined;
  let batches: (readonly RpcCall[])[];
  let answer: (call: RpcCall) => RpcReply;

  beforeEach(async () => {
    batches = [];
    answer = ({ method }) => ({ ok: true, result: method });
    const chain: Chain = {
      ...fakeChain({}),
      rpc: {
        async batch(calls) {
          batches.push(calls);
          return await Promise.resolve(calls.map((call) => answer(call)));
        },
      },
    };
    gateway = await openGateway(chain);
  });
  afterEach(async () => {
    await gateway?.close();
  });

  async function post(body: unknown, url = gateway?.url ?? ""): Promise<unknown> {
    const response = await fetch(url, { method: "POST", body: JSON.stringify(body) });
    return await response.json();
  }

  async function ask(call: RpcCall): Promise<Record<string, unknown>> {
    const answered = await post({ jsonrpc: "2.0", id: 7, ...call });
    if (!isRecord(answered) || answered.id !== 7) {
      throw new Error(`not an answer to the question: ${JSON.stringify(answered)}`);
    }
    return answered;
  }

  it("asks the node once for what does not change, and for all of an account together", async () => {
    for (const call of [CODE, BALANCE, CODE]) {
      expect((await ask(call)).result).to.equal(call.method);
    }
    expect(batches).to.have.lengthOf(1);
    expect(batches.flat()).to.have.lengthOf(3);
  });

  it("says once what state was asked for", async () => {
    const slot = { method: "eth_getStorageAt", params: [ACCOUNT, "0x1", "0x5"] };
    for (const call of [CODE, BALANCE, slot, slot]) {
      await ask(call);
    }
    expect(gateway?.takeAsked()).to.deep.equal([
      { address: ACCOUNT, slot: undefined },
      { address: ACCOUNT, slot: "0x1" },
    ]);
    expect(gateway?.takeAsked()).to.be.empty;
  });

  it("asks again for what may change", async () => {
    const latest = { method: "eth_getCode", params: [ACCOUNT, "latest"] };
    const number = { method: "eth_blockNumber", params: [] };
    for (const call of [latest, latest, number, number]) {
      await ask(call);
    }
    expect(batches).to.have.lengthOf(4);
  });

  it("remembers no refusal", async () => {
    answer = () => ({ ok: false, failure: { code: -32000, message: "missing trie node" } });
    expect((await ask(CODE)).error).to.include({ code: -32000, message: "missing trie node" });
    answer = () => ({ ok: true, result: "0x60" });
    expect((await ask(CODE)).result).to.equal("0x60");
  });

  it("hands a lost connection on as a refusal", async () => {
    answer = () => {
      throw new EmergencyError("RPC_UNREACHABLE", "the node is gone", "start it");
    };
    expect(JSON.stringify((await ask(CODE)).error)).to.contain("the node is gone");
  });

  it("answers a list with a list", async () => {
    const answers = await post([
      { jsonrpc: "2.0", id: 1, ...CODE },
      { jsonrpc: "2.0", id: 2, ...BALANCE },
    ]);
    expect(answers).to.deep.equal([
      { jsonrpc: "2.0", id: 1, result: "eth_getCode" },
      { jsonrpc: "2.0", id: 2, result: "eth_getBalance" },
    ]);
  });

  it("serves nobody else on this machine", async () => {
    const { origin } = new URL(gateway?.url ?? "");
    const response = await fetch(`${origin}/`, { method: "POST", body: JSON.stringify(CODE) });
    expect(response.status).to.equal(404);
    expect(batches).to.be.empty;
  });

  it("says that it does not understand", async () => {
    const response = await fetch(gateway?.url ?? "", { method: "POST", body: "{" });
    expect(JSON.stringify(await response.json())).to.contain("-32700");
    expect(JSON.stringify(await post(5))).to.contain("-32600");
  });
});
