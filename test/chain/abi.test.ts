import { expect } from "chai";
import fc from "fast-check";

import { concat, encodeCall, encodeCreation, parseArguments } from "../../src/chain/abi.js";
import type { ErrorCode } from "../../src/errors.js";
import { artifact } from "../helpers/contracts.js";
import { emergencyError, expectRejection } from "../helpers/refusal.js";

describe("arguments as typed", () => {
  it("are values separated by commas", () => {
    expect(parseArguments(" 0xabc , 1000,name ", "--args")).to.deep.equal([
      "0xabc",
      "1000",
      "name",
    ]);
  });

  it("are none when nothing is typed", () => {
    expect(parseArguments("", "--args")).to.deep.equal([]);
    expect(parseArguments("  ", "--args")).to.deep.equal([]);
    expect(parseArguments("[]", "--args")).to.deep.equal([]);
  });

  it("are a JSON list, which may hold lists", () => {
    expect(parseArguments('["a, b", 1, true, [2, "c"]]', "--args")).to.deep.equal([
      "a, b",
      1,
      true,
      [2, "c"],
    ]);
  });

  it("keep every text of a JSON list as it is, whatever is in it", () => {
    const digits = fc.bigInt({ min: 0n, max: 2n ** 256n }).map(String);
    const pieces = fc.array(
      fc.oneof(fc.string(), digits, fc.constantFrom(",", "[", "]", ":", " ")),
    );
    const texts = fc.array(pieces.map((parts) => parts.join("")));
    fc.assert(
      fc.property(texts, (list) => {
        expect(parseArguments(JSON.stringify(list), "--args")).to.deep.equal(list);
      }),
    );
  });

  it("keep every digit of a whole number, however large", () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: -(2n ** 255n), max: 2n ** 256n })), (numbers) => {
        const parsed = parseArguments(`[${numbers.join(", ")}]`, "--args");
        const exact = parsed.map((value) =>
          typeof value === "string" || typeof value === "number" ? BigInt(value) : value,
        );
        expect(exact).to.deep.equal(numbers);
      }),
    );
  });

  for (const text of ["[1", '["a",]', "[1] 2", "[,]"]) {
    it(`are refused when they begin like a list and are none: ${text}`, () => {
      expectThrown(() => parseArguments(text, "--call-args"), "BAD_ARGUMENTS", "--call-args");
    });
  }
});

function expectThrown(run: () => unknown, code: ErrorCode, says: string): void {
  let thrown: unknown;
  try {
    run();
  } catch (error) {
    thrown = error;
  }
  const error = emergencyError(thrown);
  expect(error.code).to.equal(code);
  expect(error.what).to.contain(says);
  expect(error.next).not.to.equal("");
}

describe("encoding", () => {
  async function compiled(name: string): Promise<Parameters<typeof encodeCreation>[0]> {
    const { abi, bytecode } = await artifact(name);
    const parsed: unknown = JSON.parse(abi.formatJson());
    if (!Array.isArray(parsed)) {
      throw new TypeError("an ABI is a list");
    }
    return { contractName: name, abi: parsed, bytecode };
  }

  it("puts the constructor's arguments behind the creation code", async () => {
    const contract = await compiled("OwnablePausable");
    const data = await encodeCreation(contract, [`0x${"11".repeat(20)}`]);
    expect(data).to.equal(`${contract.bytecode}${"00".repeat(12)}${"11".repeat(20)}`);
  });

  const wrong: readonly (readonly [string, readonly (string | number)[]])[] = [
    ["too few", []],
    ["too many", [`0x${"11".repeat(20)}`, 1]],
    ["of another type", ["not an address"]],
    ["with a wrong checksum", ["0xF39Fd6e51aad88F6F4ce6aB8827279cffFb92266"]],
  ];
  for (const [title, args] of wrong) {
    it(`refuses constructor arguments that are ${title}, and says what it takes`, async () => {
      const error = await expectRejection(
        encodeCreation(await compiled("OwnablePausable"), args),
        "BAD_ARGUMENTS",
      );
      expect(error.what).to.contain("address initialOwner");
    });
  }

  it("takes a function by its name or its signature", async () => {
    const contract = await compiled("OwnablePausable");
    const byName = await encodeCall(contract, "pause", []);
    expect(byName).to.equal("0x8456cb59");
    expect(await encodeCall(contract, "pause()", [])).to.equal(byName);
  });

  it("refuses a function that the contract does not have, or cannot be called so", async () => {
    const contract = await compiled("OwnablePausable");
    await expectRejection(encodeCall(contract, "halt", []), "BAD_ARGUMENTS");
    await expectRejection(encodeCall(contract, "pause", [1]), "BAD_ARGUMENTS");
    await expectRejection(encodeCall(contract, "pause(", []), "BAD_ARGUMENTS");
  });

  it("joins only what is hex", () => {
    expect(concat("0x12", "0x34")).to.equal("0x1234");
    expect(() => concat("0x12", "zz")).to.throw(TypeError);
  });
});
