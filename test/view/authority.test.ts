import { stripVTControlCharacters } from "node:util";

import { expect } from "chai";

import type { Address } from "../../src/chain/address.js";
import type { AuthorityNode } from "../../src/chain/authority/node.js";
import { printAuthority } from "../../src/view/authority.js";

const at = (digit: string): Address => `0x${digit.repeat(40)}`;

function node(address: Address, fields: Partial<AuthorityNode>): AuthorityNode {
  return {
    address,
    label: null,
    via: "owner of the Safe",
    part: "decides",
    waitSeconds: 0,
    kind: "account",
    about: "account, 3 transactions sent",
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

describe("the authority tree, printed", () => {
  it("is indented, says why, how it is known, and what is not", () => {
    const lines: string[] = [];
    const inner = node(at("2"), {
      kind: "safe",
      about: "Safe 1.4.1, 1 of 1 owner, nonce 0",
      members: [node(at("a"), { waitSeconds: 60 })],
      unknown: ["its modules"],
    });
    const outer = node(at("1"), {
      label: "Council",
      via: "owner()",
      kind: "safe",
      about: "Safe 1.3.0, 2 of 2 owners, nonce 7",
      members: [inner, node(at("2"), { shownAbove: true })],
      known: ["storage slots 2 to 5"],
    });
    printAuthority((line) => lines.push(stripVTControlCharacters(line)), [outer], "  ");
    expect(lines).to.deep.equal([
      `  Council (${at("1")}): Safe 1.3.0, 2 of 2 owners, nonce 7 (owner()) [storage slots 2 to 5]`,
      `  ├ ${at("2")}: Safe 1.4.1, 1 of 1 owner, nonce 0 (owner of the Safe)`,
      `  │ │ not known: its modules`,
      `  │ └ ${at("a")}: account, 3 transactions sent (owner of the Safe, after 60 s)`,
      `  └ ${at("2")}: already shown above (owner of the Safe)`,
    ]);
  });
});
