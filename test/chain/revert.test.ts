import { expect } from "chai";
import { AbiCoder } from "ethers";

import { describeRevert, parseRevert } from "../../src/chain/revert.js";

/** What the plugin says of a call that was refused with `Error(string)`. */
async function said(reason: string): Promise<string> {
  const data = `0x08c379a0${AbiCoder.defaultAbiCoder().encode(["string"], [reason]).slice(2)}`;
  const revert = await parseRevert({ code: 3, message: "", data });
  return revert === undefined ? "nothing" : describeRevert(revert);
}

describe("a revert reason in words", () => {
  it("is what the contract says", async () => {
    expect(await said("Pausable: paused")).to.equal('"Pausable: paused"');
    expect(await said("angehalten — für immer")).to.equal('"angehalten — für immer"');
  });

  it("is one line without colours, whatever the contract says", async () => {
    const text = await said("x\n\u001b[32mCAN BE PAUSED\u001b[0m\r\u202egnp\u2028");
    expect(text).to.equal('"x\\u000a\\u001b[32mCAN BE PAUSED\\u001b[0m\\u000d\\u202egnp\\u2028"');
  });

  it("is no longer than a person reads", async () => {
    expect((await said("y".repeat(100_000))).length).to.be.lessThan(400);
  });
});
