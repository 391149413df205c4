import { expect } from "chai";

import { movesFunds, type FunctionEffect, type Moved } from "../../../src/chain/pausing/effect.js";
import { describeSummary, summarise } from "../../../src/chain/pausing/summary.js";

const NOTHING: Moved = { transfers: 0, balances: 0, slots: [] };

function effect(
  signature: string,
  verdict: FunctionEffect["verdict"],
  moved: Moved | null = null,
): FunctionEffect {
  return {
    selector: "0x12345678",
    signature: signature === "" ? null : signature,
    verdict,
    guarded: verdict === "blocked",
    officer: false,
    origin: "made up",
    reason: null,
    moved,
  };
}

describe("the summary of a pause", () => {
  it("counts each verdict, and names what still moves funds", () => {
    const summary = summarise([
      effect("a()", "blocked"),
      effect("b()", "blocked"),
      effect("c()", "open", { ...NOTHING, transfers: 1 }),
      effect("", "open", { ...NOTHING, balances: 2 }),
      effect("d()", "open", { ...NOTHING, slots: [{ address: "0x01", slot: "0x02" }] }),
      effect("e()", "fails"),
      effect("f()", "not-exercised"),
      effect("g()", "not-exercised"),
    ]);
    expect(summary).to.deep.equal({
      exercised: 5,
      blocked: 2,
      open: 3,
      failing: 1,
      notExercised: 2,
      openMovingFunds: ["c()", "0x12345678"],
    });
    expect(describeSummary(summary)).to.equal(
      "2 of 5 exercised functions are blocked; still open and moving funds: c(), 0x12345678; 1 fail either way; 2 not exercised",
    );
  });

  it("says that what is open moves nothing", () => {
    const summary = summarise([effect("a()", "blocked"), effect("b()", "open", NOTHING)]);
    expect(describeSummary(summary)).to.equal(
      "1 of 2 exercised functions are blocked; 1 still open, none of them moves funds",
    );
  });

  it("claims nothing where nothing could be exercised", () => {
    expect(describeSummary(summarise([effect("a()", "fails")]))).to.equal(
      "no function could be exercised; 1 fail either way",
    );
    expect(describeSummary(summarise([]))).to.equal("no function could be exercised");
  });

  it("takes tokens and ETH for funds, and storage not", () => {
    expect(movesFunds(effect("a()", "open", { ...NOTHING, transfers: 1 }))).to.equal(true);
    expect(movesFunds(effect("a()", "open", { ...NOTHING, balances: 1 }))).to.equal(true);
    expect(
      movesFunds(effect("a()", "open", { ...NOTHING, slots: [{ address: "0x01", slot: "0x02" }] })),
    ).to.equal(false);
    expect(movesFunds(effect("a()", "blocked"))).to.equal(false);
  });
});
