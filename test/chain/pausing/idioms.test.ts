import { expect } from "chai";
import { Interface, id } from "ethers";

import type { Address } from "../../../src/chain/address.js";
import { IDIOMS } from "../../../src/chain/pausing/idioms/catalogue.js";
import {
  CONTRACT,
  ITEM,
  addressList,
  call,
  firstOf,
  inverted,
  valueOf,
  type CallTemplate,
  type Idiom,
  type Value,
  type Values,
} from "../../../src/chain/pausing/idioms/idiom.js";
import { MECHANISMS } from "../../../src/chain/pausing/recognise.js";
import { hex } from "../../helpers/contracts.js";

const A: Address = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
const B: Address = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512";

function templatesOf(idiom: Idiom): readonly CallTemplate[] {
  return [
    idiom.pause,
    ...(idiom.unpause === null ? [] : [idiom.unpause]),
    ...idiom.readBacks.flatMap(({ reads }) => reads.map((read) => read.call)),
    ...Object.values(idiom.values ?? {}).flatMap(({ paths }) => paths.flat()),
    ...(idiom.closed === undefined ? [] : [idiom.closed.call]),
  ];
}

/** A value of each name that an idiom may ask for. */
function valuesFor(idiom: Idiom): Values {
  const names: [string, Value][] = Object.entries(idiom.values ?? {}).map(([name, { kind }]) => [
    name,
    kind === "list" ? [A, B] : kind === "number" ? hex(`0x${"7".padStart(64, "0")}`) : B,
  ]);
  const looked: Values = Object.fromEntries(names);
  return { ...looked, [CONTRACT]: A, [ITEM]: B };
}

describe("idioms", () => {
  it("declare the selectors of their signatures", () => {
    const templates = IDIOMS.flatMap(templatesOf);
    expect(templates.map(({ signature, selector }) => [signature, selector])).to.deep.equal(
      templates.map(({ signature }) => [signature, id(signature).slice(0, 10)]),
    );
  });

  it("have ids that differ, also from the direct ones and from those of the configuration", () => {
    const ids = [...IDIOMS, ...MECHANISMS].map((idiom) => idiom.id);
    expect(new Set(ids).size).to.equal(ids.length);
    expect(ids.filter((each) => each.includes(":"))).to.deep.equal([]);
  });

  for (const idiom of IDIOMS) {
    it(`${idiom.id}: encodes its calls as their signatures say`, () => {
      const values = valuesFor(idiom);
      for (const template of templatesOf(idiom)) {
        const data = template.fill(values)?.data;
        if (data === undefined) {
          throw new Error(`${template.signature} wants a value that the idiom does not look up`);
        }
        const abi = new Interface([`function ${template.signature}`]);
        const decoded = abi.decodeFunctionData(template.signature, data);
        expect(abi.encodeFunctionData(template.signature, decoded)).to.equal(data);
      }
    });
  }

  it("calls and asks only contracts that it looks up", () => {
    for (const idiom of IDIOMS) {
      const known = [CONTRACT, ...Object.keys(idiom.values ?? {})];
      const asked = [
        idiom.to,
        idiom.unpauseTo ?? idiom.to,
        idiom.code ?? idiom.to,
        ...idiom.readBacks.flatMap(({ reads }) => reads.map(({ of }) => of)),
        ...(idiom.closed === undefined ? [] : [idiom.closed.of]),
        ...(idiom.same ?? []).flat(),
      ];
      expect(known, idiom.id).to.include.members(asked);
    }
  });

  describe("arguments", () => {
    const everything = call(
      "f(address,uint256[],string,bool)",
      hex(id("f(address,uint256[],string,bool)").slice(0, 10)),
      [valueOf(CONTRACT), [1n, valueOf("other")], "why", true],
    );

    it("may be words, lists and texts together", () => {
      const fixed = everything.fill({ [CONTRACT]: A, other: B });
      const abi = new Interface([`function ${everything.signature}`]);
      expect(fixed?.data).to.equal(abi.encodeFunctionData("f", [A, [1n, BigInt(B)], "why", true]));
      expect(fixed?.args).to.deep.equal([A, `[1, ${B}]`, '"why"', "true"]);
    });

    it("make no call while a value is not known", () => {
      expect(everything.fill({ [CONTRACT]: A })).to.equal(undefined);
    });
  });

  describe("answers", () => {
    const word = (value: bigint) => value.toString(16).padStart(64, "0");

    it("of an inverted getter are strict too", () => {
      expect(inverted(hex(`0x${word(1n)}`))).to.equal(false);
      expect(inverted(hex(`0x${word(0n)}`))).to.equal(true);
      expect(inverted(hex(`0x${word(2n)}`))).to.equal(undefined);
      expect(inverted("0x")).to.equal(undefined);
    });

    it("of several words have just so many", () => {
      const answer = hex(`0x${word(1n)}${word(5n)}${word(6n)}`);
      expect(firstOf(3)(answer)).to.equal(true);
      expect(firstOf(2)(answer)).to.equal(undefined);
      expect(firstOf(3)(hex(`0x${word(9n)}${word(5n)}${word(6n)}`))).to.equal(undefined);
    });

    it("of a list are whole, and leave removed members out", async () => {
      const list = (length: bigint, ...items: readonly bigint[]) =>
        hex(`0x${word(32n)}${word(length)}${items.map(word).join("")}`);
      expect(await addressList(list(3n, BigInt(A), 0n, BigInt(B)))).to.deep.equal([A, B]);
      expect(await addressList(list(0n))).to.deep.equal([]);
      expect(await addressList(list(2n, BigInt(A)))).to.equal(undefined);
      expect(await addressList(list(2n ** 200n))).to.equal(undefined);
      expect(await addressList("0x")).to.equal(undefined);
    });
  });
});
