import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";

import { whatsabi } from "@shazow/whatsabi";
import { expect } from "chai";
import { Interface, id } from "ethers";

import type { Hex } from "../../../src/chain/address.js";
import { comparedSelectors, dispatched } from "../../../src/chain/inspection/dispatcher.js";
import { mutabilityOf } from "../../../src/chain/inspection/mutability.js";
import { isHex } from "../../../src/chain/reads.js";
import { isRecord } from "../../../src/json.js";
import { repository } from "../../helpers/repository.js";
import dispatchers from "./dispatchers.json" with { type: "json" };

/** What proxies answer beside their ABI: their admin's functions are only compared in the fallback. */
const UNNAMED = [
  ...["upgradeTo(address)", "upgradeToAndCall(address,bytes)", "changeAdmin(address)"],
  ...["admin()", "implementation()"],
].map(selectorOf);

function selectorOf(signature: string): Hex {
  const selector = id(signature).slice(0, 10);
  return isHex(selector) ? selector : "0x";
}

interface Compiled {
  readonly file: string;
  readonly abi: Interface;
  readonly code: Hex;
}

/** All artifacts in a folder whose code is whole; libraries that are not linked count as address zero. */
async function compiledIn(folder: string): Promise<readonly Compiled[]> {
  const files = (await readdir(join(repository, folder), { recursive: true })).filter(
    (file) => file.endsWith(".json") && !file.includes("build-info"),
  );
  const all = await Promise.all(
    files.map(async (file): Promise<Compiled | undefined> => {
      const content: unknown = JSON.parse(await readFile(join(repository, folder, file), "utf8"));
      if (!isRecord(content) || typeof content.deployedBytecode !== "string") {
        return undefined;
      }
      const code = content.deployedBytecode.replace(/__.{38}/g, "00".repeat(20));
      return isHex(code) && code.length > 2
        ? { file, abi: Interface.from(JSON.stringify(content.abi)), code }
        : undefined;
    }),
  );
  return all.filter((one) => one !== undefined);
}

function selectorsIn(code: Hex): readonly string[] {
  return dispatched(code).functions.map(({ selector }) => selector);
}

describe("the functions in code", () => {
  for (const folder of [
    "artifacts/contracts",
    "node_modules/@openzeppelin/contracts/build/contracts",
    "node_modules/@openzeppelin/contracts-upgradeable/build/contracts",
  ]) {
    it(`are exactly those of the ABI, in all of ${folder}`, async () => {
      const compiled = await compiledIn(folder);
      expect(compiled.length).to.be.greaterThan(5);
      for (const { file, abi, code } of compiled) {
        const wanted: string[] = [];
        abi.forEachFunction(({ selector }) => wanted.push(selector));
        const found = selectorsIn(code);
        expect(found, file).to.include.members(wanted);
        // What a fallback function tells apart by itself is in no ABI.
        const ownFallback = abi.fallback && file.includes("PartlyDelegating");
        const extra = ownFallback ? [] : found.filter((selector) => !wanted.includes(selector));
        expect(UNNAMED, file).to.include.members(extra);
      }
    });
  }

  it("are at least those that whatsabi finds, which reads code in another way", async () => {
    for (const { file, code } of await compiledIn("artifacts/contracts")) {
      // It lists zero for what has only a fallback function.
      const theirs = whatsabi.selectorsFromBytecode(code).filter((one) => one !== "0x00000000");
      expect(selectorsIn(code), file).to.include.members(theirs);
    }
  });

  for (const [compiler, { functions, code }] of Object.entries(dispatchers)) {
    it(`are found in code of ${compiler}, with what they may do`, () => {
      if (!isHex(code)) {
        throw new Error("the code is no hex data");
      }
      const { program, functions: found, complete } = dispatched(code);
      const expected = Object.entries(functions).flatMap(([mutability, signatures]) =>
        signatures.map((signature) => `${selectorOf(signature)} ${mutability}`),
      );
      const actual = found.map((one) => `${one.selector} ${mutabilityOf(program, one)}`);
      expect(actual).to.have.members(expected);
      expect(complete).to.be.true;
    });
  }

  it("are none in code that has none, or that is no code", () => {
    for (const code of ["0x", "0x00", "0xfe", "0x5b5f56", `0x${"5b".repeat(1000)}`] as const) {
      expect(selectorsIn(code)).to.deep.equal([]);
    }
  });

  it("are looked for with an end: in loops, in endless stacks, in forks without number", () => {
    // JUMPDEST, CALLDATALOAD(CALLDATASIZE) as an unknown condition, back to the start: thousands of times.
    const forks: Hex = `0x${"5b36356000575f".repeat(3_000)}`;
    for (const code of ["0x5b5f600056", forks] as const) {
      const before = performance.now();
      dispatched(code);
      expect(performance.now() - before).to.be.lessThan(5_000);
    }
  });

  it("are guessed from comparisons where the dispatcher cannot be followed", () => {
    // JUMP to a place from storage; DUP1, PUSH4 pause(), EQ, PUSH2, JUMPI behind it.
    const code: Hex = "0x5f54565b80638456cb591461001057";
    expect(dispatched(code).complete).to.be.false;
    expect(comparedSelectors(code)).to.deep.equal(["0x8456cb59"]);
  });
});
