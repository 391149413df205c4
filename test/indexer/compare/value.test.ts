import { expect } from "chai";
import fc from "fast-check";

import { canonical, compareKeys, sameValue } from "../../../src/indexer/compare/value.js";

describe("Values of rows", () => {
  it("are the same whatever way a source writes them", () => {
    const same: readonly (readonly [unknown, unknown])[] = [
      ["0123", 123],
      ["1.50", "1.5"],
      ["1e18", "1000000000000000000"],
      ["2.5E-3", "0.0025"],
      ["-0", "0"],
      ["-0.0", 0],
      ["0x64", "100"],
      [2n ** 256n - 1n, `0x${"f".repeat(64)}`],
      ["0xABCDEF", "0xabcdef"],
      [true, "true"],
      [null, undefined],
      [1e21, "1000000000000000000000"],
    ];
    for (const [a, b] of same) {
      expect(sameValue(canonical(a), canonical(b)), `${String(a)} ${String(b)}`).to.equal(true);
    }
  });

  it("are not the same where only a little is different, or nothing is there", () => {
    const different: readonly (readonly [unknown, unknown])[] = [
      ["9007199254740993", "9007199254740992"],
      ["0x64", "0x0064"],
      ["", null],
      ["0", null],
      ["100", "1000"],
      ["1.0000000000000000000000001", "1"],
      [`0x${"0".repeat(39)}1`, "1"],
      ["abc", "ABC"],
    ];
    for (const [a, b] of different) {
      expect(sameValue(canonical(a), canonical(b)), `${String(a)} ${String(b)}`).to.equal(false);
    }
  });

  it("keep all digits of any number, however it is written", () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.nat(30), (value, zeros) => {
        const text = String(value);
        const decimal = `${text}${zeros === 0 ? "" : `.${"0".repeat(zeros)}`}`;
        expect(canonical(decimal)).to.equal(text);
        expect(canonical(`${text}e${zeros}`)).to.equal(String(value * 10n ** BigInt(zeros)));
        if (value >= 0n) {
          const hex = `0x${value.toString(16)}`;
          expect(sameValue(canonical(hex), text)).to.equal(hex.length !== 42);
        }
      }),
      { seed: 11, numRuns: 500 },
    );
  });

  it("have an order that any two sources share", () => {
    const keys = ["-5", "-1", "0", "2", "10", "0x0a", "0xb0", "a-1", "a-10", "b"];
    const mixed = [...keys].reverse().map((key) => [key]);
    const numbers = mixed.filter(([key]) => /^-?\d+$/.test(key ?? "")).sort(compareKeys);
    expect(numbers.flat()).to.deep.equal(["-5", "-1", "0", "2", "10"]);
    const texts = mixed.filter(([key]) => !/^-?\d+$/.test(key ?? "")).sort(compareKeys);
    expect(texts.flat()).to.deep.equal(["0x0a", "0xb0", "a-1", "a-10", "b"]);
    expect(compareKeys(["a", "2"], ["a", "10"])).to.be.lessThan(0);
    expect(compareKeys(["a", "2"], ["a", "2"])).to.equal(0);
  });
});
