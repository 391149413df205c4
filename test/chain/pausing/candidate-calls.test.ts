import { expect } from "chai";
import { id } from "ethers";

import type { Address } from "../../../src/chain/address.js";
import type { ContractFunction } from "../../../src/chain/inspection/functions.js";
import {
  candidateCalls,
  startingCalls,
  type CandidateCall,
} from "../../../src/chain/pausing/candidate-calls.js";
import { admin, owner } from "../../helpers/accounts.js";
import { hex } from "../../helpers/contracts.js";

const own: Address = owner.address;
const target: Address = admin.address;

function fn(
  signature: string,
  {
    known = true,
    mutability = "nonpayable",
  }: Partial<{
    known: boolean;
    mutability: ContractFunction["mutability"];
  }> = {},
): ContractFunction {
  const list = signature.slice(signature.indexOf("(") + 1, -1);
  const inputs = list === "" ? [] : list.split(",").map((type) => ({ name: "", type }));
  return {
    selector: hex(id(signature).slice(0, 10)),
    signature: known ? signature : undefined,
    inputs: known ? inputs : undefined,
    mutability,
    source: known ? "abi" : "bytecode",
    at: own,
  };
}

const shown = (calls: readonly { signature: string; args: readonly string[] }[]): string[] =>
  calls.map(({ signature, args }) => [signature, ...args].join(" "));

async function candidates(signature: string, known = true): Promise<string[]> {
  return shown(await candidateCalls(own, fn(signature, { known }), target));
}

async function stopBy(signature: string): Promise<CandidateCall> {
  const [stop] = await candidateCalls(own, fn(signature), target);
  if (stop === undefined) {
    throw new Error(`${signature} is no candidate`);
  }
  return stop;
}

describe("calls that might stop a contract", () => {
  it("are made of functions that speak of stopping", async () => {
    expect(await candidates("haltTheWorks()")).to.deep.equal(["haltTheWorks()"]);
    expect(await candidates("transfer(address,uint256)")).to.deep.equal([]);
    expect(await candidates("resumeTheWorks()")).to.deep.equal([]);
    expect(await candidates("isHalted(address)")).to.deep.equal([]);
  });

  it("set a flag and clear it: which of them stops is not said", async () => {
    expect(await candidates("setWorksHalted(bool)")).to.deep.equal([
      "setWorksHalted(bool) true",
      "setWorksHalted(bool) false",
    ]);
    // What starts may stop when its flag is clear.
    expect(await candidates("enableWorks(bool)")).to.include("enableWorks(bool) false");
  });

  it("name the contract that shall stop, and the largest number before smaller ones", async () => {
    const calls = await candidates("setMarketFreeze(address,uint8)");
    expect(calls[0]).to.equal(`setMarketFreeze(address,uint8) ${target} 255`);
    expect(calls).to.include(`setMarketFreeze(address,uint8) ${target} 1`);
    expect(calls).to.include(`setMarketFreeze(address,uint8) ${target} 0`);
    expect(await candidates("pauseMarkets(address[])")).to.deep.equal([
      `pauseMarkets(address[]) [${target}]`,
    ]);
  });

  it("carry no arguments, or a flag, where nobody knows the function", async () => {
    const unknown = fn("siesta()", { known: false });
    const calls = await candidateCalls(own, unknown, target);
    expect(calls.every(({ named, to }) => !named && to === own)).to.equal(true);
    expect(shown(calls)).to.include(`${unknown.selector}()`);
    expect(shown(calls)).to.include(`${unknown.selector}(bool) true`);
    expect(shown(calls)).to.include(`${unknown.selector}(bool) false`);
  });

  it("are made of functions whose names say nothing, where they take what a switch takes", async () => {
    for (const signature of ["finale()", "setSiesta(bool)", "setGuest(address,bool)"]) {
      const calls = await candidateCalls(own, fn(signature), target);
      expect(calls, signature).not.to.be.empty;
      expect(calls.every(({ named }) => !named)).to.equal(true);
    }
    expect(await candidates("setFee(uint256)")).to.deep.equal([]);
    expect(await candidates("setToken(address)")).to.deep.equal([]);
  });

  it("have the name that the dictionary knows", async () => {
    const known = await candidateCalls(own, fn("pause()", { known: false }), target);
    expect(shown(known)).to.deep.equal(["pause()"]);
    expect(known[0]?.named).to.equal(true);
  });

  it("are all different", async () => {
    for (const signature of ["haltTheWorks()", "pauseAll(uint256,bool)", "stopIt(bytes32)"]) {
      const calls = await candidateCalls(own, fn(signature), target);
      expect(new Set(calls.map(({ data }) => data)).size).to.equal(calls.length);
    }
  });
});

describe("calls that might start it again", () => {
  it("are the same function first, then those that speak of starting, then those without a name", async () => {
    const functions = [
      fn("siesta()", { known: false }),
      fn("resumeTheWorks()"),
      fn("transfer(address,uint256)"),
      fn("haltTheRests()"),
      fn("toggleRests()"),
      fn("resumed()", { mutability: "view" }),
      fn("haltTheWorks()"),
    ];
    const calls = shown(
      await startingCalls({ address: own, functions }, await stopBy("haltTheWorks()"), target),
    );
    expect(calls.slice(0, 3)).to.deep.equal([
      "haltTheWorks()",
      "resumeTheWorks()",
      "toggleRests()",
    ]);
    const nameless = fn("siesta()", { known: false }).selector;
    expect(calls.slice(3).every((call) => call.startsWith(nameless))).to.equal(true);
    expect(calls.slice(3)).not.to.be.empty;
  });

  it("are the other values of the same setter, and not the one that stopped it", async () => {
    const stop = await stopBy("setWorksHalted(bool)");
    const calls = await startingCalls({ address: own, functions: [] }, stop, target);
    expect(shown(calls)).to.deep.equal(["setWorksHalted(bool) false"]);
  });
});
