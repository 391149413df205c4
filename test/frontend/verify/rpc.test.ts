import { expect } from "chai";
import { AbiCoder, Interface } from "ethers";

import { callsIn, chainIdIn, namedIn, usesIn, type Use } from "../../../src/frontend/verify/rpc.js";
import { NEW, NEWER, OLD } from "../sites.js";

const [old, fresh, newer] = [OLD, NEW, NEWER].map((address) => address.toLowerCase());

async function uses(method: string, ...params: readonly unknown[]): Promise<readonly Use[]> {
  return await usesIn({ id: 1, method, params }, [old ?? ""]);
}

describe("what a page's calls use", () => {
  it("is read from single calls and batches, and from nothing else", () => {
    const call = { jsonrpc: "2.0", id: 1, method: "eth_call", params: [{ to: NEW }] };
    expect(callsIn(JSON.stringify(call))).to.have.length(1);
    expect(callsIn(JSON.stringify([call, { ...call, method: "eth_chainId" }]))).to.have.length(2);
    // Some libraries leave the version out.
    expect(callsIn('{"method":"eth_chainId"}')).to.deep.equal([
      { id: undefined, method: "eth_chainId", params: [] },
    ]);
    for (const other of ["", "ping", "{}", "[]", "null", '{"method":"track","params":[]}', "[1]"]) {
      expect(callsIn(other), other).to.equal(undefined);
    }
  });

  it("is the contract that is called, or asked about", async () => {
    for (const method of ["eth_call", "eth_estimateGas", "eth_sendTransaction"]) {
      expect(await uses(method, { to: NEW, data: "0x" })).to.deep.equal([
        { address: fresh, kind: "called" },
      ]);
    }
    const asked = [{ address: fresh, kind: "asked about" }];
    expect(await uses("eth_getCode", NEW, "latest")).to.deep.equal(asked);
    expect(await uses("eth_getLogs", { address: NEW })).to.deep.equal(asked);
    expect(await uses("eth_subscribe", "logs", { address: [NEW] })).to.deep.equal(asked);
    expect(
      await uses("eth_simulateV1", { blockStateCalls: [{ calls: [{ to: NEW }] }] }),
    ).to.deep.equal([{ address: fresh, kind: "called" }]);
    expect(await uses("wallet_sendCalls", { calls: [{ to: NEW }] })).to.deep.equal([
      { address: fresh, kind: "called" },
    ]);
  });

  it("is also what is called through the usual multicalls, one inside the other", async () => {
    const abi = new Interface([
      "function aggregate((address,bytes)[])",
      "function aggregate3((address,bool,bytes)[])",
      "function aggregate3Value((address,bool,uint256,bytes)[])",
      "function blockAndAggregate((address,bytes)[])",
      "function multicall((address,uint256,bytes)[])",
      "function tryAggregate(bool,(address,bytes)[])",
      "function tryBlockAndAggregate(bool,(address,bytes)[])",
    ]);
    const inner = abi.encodeFunctionData("aggregate3", [[[OLD, true, "0x"]]]);
    const arguments_: Readonly<Record<string, readonly unknown[]>> = {
      aggregate: [[[NEW, inner]]],
      aggregate3: [[[NEW, true, inner]]],
      aggregate3Value: [[[NEW, true, 0, inner]]],
      blockAndAggregate: [[[NEW, inner]]],
      multicall: [[[NEW, 0, inner]]],
      tryAggregate: [true, [[NEW, inner]]],
      tryBlockAndAggregate: [true, [[NEW, inner]]],
    };
    for (const [name, args] of Object.entries(arguments_)) {
      const data = abi.encodeFunctionData(name, args);
      expect(await uses("eth_call", { to: NEWER, data }), name).to.deep.equal([
        { address: newer, kind: "called" },
        { address: fresh, kind: "through a multicall" },
        { address: old, kind: "through a multicall" },
      ]);
    }
  });

  it("is what is only named: an argument, also where it cannot be decoded", async () => {
    const argument = AbiCoder.defaultAbiCoder().encode(["address"], [OLD]).slice(2);
    const allowance = await uses("eth_call", { to: NEW, data: `0xdd62ed3e${argument}` });
    expect(allowance).to.deep.include({ address: old, kind: "named" });
    const broken = await uses("eth_call", { to: NEW, input: `0x82ad56cb${argument}` });
    expect(broken).to.deep.include({ address: old, kind: "named" });
    expect(namedIn(`?market=${OLD}`, [old ?? "", newer ?? ""])).to.deep.equal([
      { address: old, kind: "named" },
    ]);
  });

  it("is never more than what is there, whatever a page sends", async () => {
    for (const params of [
      [],
      [null],
      ["0x12"],
      [{}],
      [{ to: 7, data: 7 }],
      [{ data: "0x82ad56cb" }],
    ]) {
      for (const method of [
        "eth_call",
        "eth_getLogs",
        "eth_getCode",
        "eth_subscribe",
        "eth_simulateV1",
      ]) {
        expect(await uses(method, ...params)).to.deep.equal([]);
      }
    }
  });

  it("reads chain ids as nodes write them", () => {
    expect(["0x1", "1", 1].map(chainIdIn)).to.deep.equal([1, 1, 1]);
    expect([null, "", "0x", "one", {}, true].map(chainIdIn)).to.deep.equal(
      Array.from({ length: 6 }, () => undefined),
    );
  });
});
