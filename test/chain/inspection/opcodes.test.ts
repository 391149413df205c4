import { expect } from "chai";

import { canCall, canDelegate } from "../../../src/chain/inspection/opcodes.js";

/** CBOR metadata as solc writes it, with every byte of its hash the same. */
function metadata(byte: string): string {
  return `a2646970667358221220${byte.repeat(32)}64736f6c63430008210033`;
}

describe("opcodes", () => {
  it("finds calls and delegate calls", () => {
    expect(canDelegate("0x60006000f4")).to.equal(true);
    expect(canCall("0x60006000f4")).to.equal(true);
    expect(canDelegate("0x60006000f1")).to.equal(false);
    expect(canCall("0x60006000f1")).to.equal(true);
    expect(canCall("0x60006000f2")).to.equal(true);
    // STATICCALL changes nothing.
    expect(canCall("0x60006000fa")).to.equal(false);
  });

  it("skips what is pushed", () => {
    expect(canDelegate("0x60f400")).to.equal(false);
    expect(canCall("0x61f1f200")).to.equal(false);
  });

  it("skips the hash of the metadata", () => {
    expect(canDelegate(`0x60006000fdfe${metadata("f4")}`)).to.equal(false);
    expect(canCall(`0x60006000fdfe${metadata("f1")}`)).to.equal(false);
    expect(canDelegate(`0x60006000f4fe${metadata("00")}`)).to.equal(true);
  });
});
