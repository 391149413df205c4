import { expect } from "chai";
import { AbiCoder, id } from "ethers";

import type { Hex } from "../../../src/chain/address.js";
import { madeUpCall, type Ingredients } from "../../../src/chain/experiments/arguments.js";
import type { AbiParameter, ContractFunction } from "../../../src/chain/inspection/functions.js";
import { owner } from "../../helpers/accounts.js";
import { hex } from "../../helpers/contracts.js";

const LARGEST = 2n ** 256n - 1n;
const one: Ingredients = { address: owner.address, number: 1n, flag: true, listLength: 1 };
const selector = hex(id("f()").slice(0, 10));

function fn(inputs: readonly AbiParameter[] | undefined): ContractFunction {
  return {
    selector,
    signature: undefined,
    inputs,
    mutability: "nonpayable",
    source: "abi",
    at: owner.address,
  };
}

const types = (...names: readonly string[]): readonly AbiParameter[] =>
  names.map((type) => ({ name: "", type }));

async function decoded(
  inputs: readonly AbiParameter[],
  ingredients: Ingredients,
  ...as: readonly string[]
): Promise<unknown> {
  const data = await madeUpCall(fn(inputs), ingredients);
  expect(data.slice(0, 10)).to.equal(selector);
  const values: unknown = AbiCoder.defaultAbiCoder()
    .decode([...as], `0x${data.slice(10)}`)
    .toArray(true);
  return values;
}

describe("made-up arguments", () => {
  it("have the types that the function takes", async () => {
    const names = ["address", "uint256", "bool", "string", "bytes", "bytes4"];
    expect(await decoded(types(...names), one, ...names)).to.deep.equal([
      owner.address,
      1n,
      true,
      "",
      "0x",
      "0x00000000",
    ]);
  });

  it("cut a number to what its type holds", async () => {
    const names = ["uint8", "int8", "uint96", "uint256", "int256"];
    const largest = { ...one, number: LARGEST };
    expect(await decoded(types(...names), largest, ...names)).to.deep.equal([
      255n,
      127n,
      2n ** 96n - 1n,
      LARGEST,
      2n ** 255n - 1n,
    ]);
  });

  it("fill lists of a free length as asked, and those of a fixed one in full", async () => {
    const names = ["address[]", "uint8[2]", "bool[1][]"];
    expect(await decoded(types(...names), one, ...names)).to.deep.equal([
      [owner.address],
      [1n, 1n],
      [[true]],
    ]);
    expect(await decoded(types(...names), { ...one, listLength: 0 }, ...names)).to.deep.equal([
      [],
      [1n, 1n],
      [],
    ]);
  });

  it("fill tuples, also inside lists", async () => {
    const components = types("address", "uint8");
    const inputs = [
      { name: "", type: "tuple", components },
      { name: "", type: "tuple[]", components },
    ];
    expect(await decoded(inputs, one, "(address,uint8)", "(address,uint8)[]")).to.deep.equal([
      [owner.address, 1n],
      [[owner.address, 1n]],
    ]);
  });

  it("are words that most functions can decode, where nobody knows the types", async () => {
    const WORDS = 16;
    const zero = await madeUpCall(fn(undefined), { ...one, number: 0n });
    expect(zero).to.equal(`${selector}${"0".repeat(64 * WORDS)}`);
    const data = await madeUpCall(fn(undefined), one);
    const words: readonly Hex[] = (data.slice(10).match(/.{64}/g) ?? []).map(
      (word): Hex => `0x${word}`,
    );
    expect(words).to.have.length(WORDS);
    expect(BigInt(words[0] ?? "0x")).to.equal(BigInt(owner.address));
    expect(words.slice(1).every((word) => BigInt(word) === 1n)).to.equal(true);
  });

  it("are the same words where an ABI names a type that does not exist", async () => {
    expect(await madeUpCall(fn(types("fantasy")), one)).to.equal(
      await madeUpCall(fn(undefined), one),
    );
  });

  it("are none where none are taken", async () => {
    expect(await madeUpCall(fn([]), one)).to.equal(selector);
  });
});
