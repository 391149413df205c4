import { expect } from "chai";
import { keccak256 } from "ethers";
import fc from "fast-check";

import type { Hex } from "../../../src/chain/address.js";
import {
  codeHash,
  mentionsSelector,
  sameRuntimeCode,
  withoutMetadata,
} from "../../../src/chain/inspection/bytecode.js";
import { artifact } from "../../helpers/contracts.js";

function hexOf(bytes: Uint8Array): Hex {
  return `0x${Buffer.from(bytes).toString("hex")}`;
}

/** Code as solc writes it: instructions, then CBOR metadata, then its length in two bytes. */
const metadata = fc
  .uint8Array({ minLength: 8, maxLength: 60 })
  .map((bytes) => Uint8Array.from([0xa2, ...bytes, 0, bytes.length + 1]));
const body = fc.uint8Array({ minLength: 40, maxLength: 200 });

/** The bytes with another value at one place. */
function withOther(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((value, index) => (index === at % bytes.length ? value ^ 0xff : value));
}

function joined(...parts: readonly Uint8Array[]): Hex {
  return hexOf(Buffer.concat(parts));
}

describe("the comparison of runtime code", () => {
  it("does not mind the metadata, and minds every other byte", () => {
    fc.assert(
      fc.property(body, metadata, fc.nat(), fc.nat(), (code, meta, atMeta, atCode) => {
        const compiled = { deployedBytecode: joined(code, meta) };
        // Its first byte and its length are what marks it as metadata.
        const inside = 1 + (atMeta % (meta.length - 3));
        expect(sameRuntimeCode(joined(code, withOther(meta, inside)), compiled)).to.be.true;
        expect(sameRuntimeCode(joined(withOther(code, atCode), meta), compiled)).to.be.false;
      }),
    );
  });

  it("does not mind immutables and linked libraries, and minds what is next to them", () => {
    const place = fc.record({
      start: fc.nat({ max: 19 }),
      length: fc.integer({ min: 1, max: 20 }),
    });
    fc.assert(
      fc.property(body, metadata, place, fc.boolean(), (code, meta, hole, linked) => {
        const compiled = {
          deployedBytecode: joined(code, meta),
          ...(linked
            ? { deployedLinkReferences: { "contracts/L.sol": { L: [hole] } } }
            : { immutableReferences: { "7": [hole] } }),
        };
        const filled = code.map((value, at) =>
          at >= hole.start && at < hole.start + hole.length ? value ^ 0xff : value,
        );
        expect(sameRuntimeCode(joined(filled, meta), compiled)).to.be.true;
        const after = withOther(code, hole.start + hole.length);
        expect(sameRuntimeCode(joined(after, meta), compiled)).to.be.false;
      }),
    );
  });

  it("minds the length, and takes nothing for something", () => {
    const compiled = { deployedBytecode: "0x6001" };
    expect(sameRuntimeCode("0x600100", compiled)).to.be.false;
    expect(sameRuntimeCode("0x", { deployedBytecode: "0x" })).to.be.false;
    expect(sameRuntimeCode("0x6001", compiled)).to.be.true;
  });

  it("tells apart the contracts of this repository", async () => {
    const names = ["OwnablePausable", "RolePausable", "UupsVaultV1", "UupsVaultV2", "Marketplace"];
    for (const one of names) {
      for (const other of names) {
        const code = (await artifact(one)).deployedBytecode;
        const compiled = await artifact(other);
        expect(sameRuntimeCode(code, compiled), `${one}, ${other}`).to.equal(one === other);
      }
    }
  });
});

describe("code without its metadata", () => {
  it("ends before it", () => {
    fc.assert(
      fc.property(body, metadata, (code, meta) => {
        expect(withoutMetadata(joined(code, meta))).to.equal(hexOf(code));
      }),
    );
  });

  it("is all of it where there is none", () => {
    for (const code of ["0x", "0x00", "0x6001600255", "0xffff", `0x${"00".repeat(40)}`]) {
      expect(withoutMetadata(code)).to.equal(code);
    }
  });
});

describe("a selector in code", () => {
  it("is found at a byte's beginning only", () => {
    expect(mentionsSelector("0x638456cb59", "0x8456cb59")).to.be.true;
    expect(mentionsSelector("0x00638456CB5914", "0x8456cb59")).to.be.true;
    expect(mentionsSelector("0x0638456cb590", "0x8456cb59")).to.be.false;
    expect(mentionsSelector("0x8456cb59", "0x8456cb59")).to.be.false;
    expect(mentionsSelector("0x", "0x8456cb59")).to.be.false;
  });

  it("is found although it begins with a zero byte, which compilers leave out", () => {
    expect(mentionsSelector("0x6256cb5914", "0x0056cb59")).to.be.true;
    expect(mentionsSelector("0x6356cb5914", "0x0056cb59")).to.be.false;
  });

  it("is found for every function that solc compiled", async () => {
    for (const name of ["OwnablePausable", "Marketplace", "UupsVaultV2", "BitmapPaused"]) {
      const { abi, deployedBytecode } = await artifact(name);
      abi.forEachFunction(({ selector }) => {
        const found =
          /^0x[0-9a-f]{8}$/.test(selector) &&
          mentionsSelector(deployedBytecode, `0x${selector.slice(2)}`);
        expect(found, `${name} ${selector}`).to.be.true;
      });
    }
  });
});

describe("a code's hash", () => {
  it("is that of extcodehash", async () => {
    await fc.assert(
      fc.asyncProperty(body, async (code) => {
        expect(await codeHash(hexOf(code))).to.equal(keccak256(code));
      }),
    );
  });
});
