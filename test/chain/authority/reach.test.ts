import { expect } from "chai";

import type { Address } from "../../../src/chain/address.js";
import type { AuthorityNode } from "../../../src/chain/authority/node.js";
import { reach } from "../../../src/chain/authority/reach.js";

/** Addresses that are easy to tell apart. */
const at = (digit: string): Address => `0x${digit.repeat(40)}`;
const [A, B, C] = [at("a"), at("b"), at("c")];

function node(address: Address, fields: Partial<AuthorityNode> = {}): AuthorityNode {
  return {
    address,
    label: null,
    via: "a test",
    part: "decides",
    waitSeconds: 0,
    kind: "account",
    about: "account",
    facts: {},
    delaySeconds: 0,
    needed: 1,
    members: [],
    shownAbove: false,
    known: [],
    unknown: [],
    ...fields,
  };
}

const safe = (
  address: Address,
  needed: number,
  members: readonly AuthorityNode[],
  fields: Partial<AuthorityNode> = {},
): AuthorityNode => node(address, { kind: "safe", needed, members, ...fields });

describe("whether accounts reach a power", () => {
  it("an account: by its key", () => {
    expect(reach(node(A), [A])).to.deep.equal({
      now: true,
      by: [A],
      why: `you have the key of ${A}`,
    });
    expect(reach(node(A), [B])).to.deep.equal({
      now: false,
      by: [],
      why: `you do not have the key of ${A}`,
    });
  });

  it("a Safe: by enough of its owners, and says how many are missing", () => {
    const wallet = safe(at("1"), 2, [node(A), node(B), node(C)]);
    expect(reach(wallet, [A, C])).to.deep.equal({
      now: true,
      by: [A, C],
      why: `you hold 2 of the 2 keys that Safe ${at("1")} needs`,
    });
    expect(reach(wallet, [B])).to.deep.equal({
      now: false,
      by: [B],
      why: `you hold 1 of the 2 keys that Safe ${at("1")} needs (it has 3 owners)`,
    });
    expect(reach(wallet, []).why).to.contain("you hold none of the 2 keys");
    const doubted = { ...wallet, unknown: ["whether it obeys only its owners"] };
    expect(reach(doubted, [A, C]).why).to.contain(
      "(but not known: whether it obeys only its owners)",
    );
  });

  it("a module acts without the owners", () => {
    const wallet = safe(at("1"), 2, [node(A), node(B), node(C, { part: "alone" })]);
    expect(reach(wallet, [C])).to.deep.equal({
      now: true,
      by: [C],
      why: `you act as ${C}, which may act alone for Safe ${at("1")}`,
    });
  });

  it("who stands aside does not count", () => {
    const wallet = safe(at("1"), 1, [node(A), node(B, { part: "aside" })]);
    expect(reach(wallet, [B])).to.include({ now: false });
  });

  it("the quickest way counts: delays add up along it", () => {
    const slow = node(at("2"), { kind: "timelock", delaySeconds: 100, members: [node(A)] });
    const slower = node(at("3"), { kind: "timelock", delaySeconds: 500, members: [slow] });
    expect(reach(slower, [A])).to.deep.equal({
      now: false,
      by: [A],
      why: "only after a delay of 600 s",
    });
    const either = safe(at("4"), 1, [slower, node(B)]);
    expect(reach(either, [A]).why).to.equal("only after a delay of 600 s");
    expect(reach(either, [A, B])).to.deep.include({ now: true, by: [B] });
    const both = safe(at("5"), 2, [slower, node(B)]);
    expect(reach(both, [A, B])).to.include({ now: false, why: "only after a delay of 600 s" });
  });

  it("a member that must wait is a delay as well", () => {
    const admin = node(at("2"), { kind: "proxy-admin", members: [node(A, { waitSeconds: 60 })] });
    expect(reach(admin, [A])).to.include({ now: false, why: "only after a delay of 60 s" });
  });

  it("a timelock needs its executor too", () => {
    const members = [node(A), node(B, { part: "helps" })];
    const lock = node(at("2"), { kind: "timelock", members });
    expect(reach(lock, [A])).to.include({ now: false });
    expect(reach(lock, [A]).why).to.contain("also needs an executor");
    expect(reach(lock, [B])).to.include({ now: false });
    expect(reach(lock, [A, B])).to.include({ now: true });
  });

  it("what is described elsewhere in the tree counts there and here", () => {
    const inner = safe(at("2"), 1, [node(A)]);
    const again = node(at("2"), { kind: "safe", shownAbove: true });
    const members = [safe(at("3"), 1, [inner]), again];
    expect(reach(safe(at("1"), 2, members), [A])).to.include({ now: true });
  });

  it("Safes that need each other give each other nothing", () => {
    const back = node(at("1"), { kind: "safe", shownAbove: true });
    const circle = safe(at("1"), 1, [safe(at("2"), 1, [back])]);
    expect(reach(circle, [A, B, C])).to.include({ now: false });
  });

  it("a Safe without a threshold obeys nobody", () => {
    expect(reach(safe(at("1"), 0, []), [A])).to.include({ now: false });
  });

  it("a contract of its own kind may or may not do what its owner wants", () => {
    const owned = node(at("2"), { kind: "ownable", members: [node(A)] });
    expect(reach(owned, [A])).to.deep.equal({
      now: false,
      by: [A],
      why: `contract ${at("2")} names you, but whether it makes this call for you is not known`,
    });
    expect(reach(owned, [B]).why).to.equal(`you have no part in contract ${at("2")}`);
    expect(reach(safe(at("1"), 1, [owned]), [A])).to.include({ now: false });
  });

  it("nobody stays nobody, whatever one claims to have the key of", () => {
    expect(reach(node(A, { kind: "nobody", about: "a burn address" }), [A])).to.include({
      now: false,
    });
  });

  it("names go with addresses", () => {
    expect(reach(safe(at("1"), 2, [node(A)], { label: "Council" }), [A]).why).to.contain(
      `Safe Council (${at("1")})`,
    );
  });
});
