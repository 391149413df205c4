import { expect } from "chai";

import { oldAddresses } from "../../src/frontend/known-addresses.js";
import {
  contentHash,
  nextId,
  summaryOf,
  type ReleaseSummary,
} from "../../src/frontend/manifest.js";
import { NEW, NEWER, OLD } from "./sites.js";

describe("addresses that are old", () => {
  /** Releases that hold one address each, by the way they came to be. */
  function releases(...addresses: readonly (string | readonly [string, string])[]) {
    return addresses.map((entry, index): ReleaseSummary => {
      const [from, to] = typeof entry === "string" ? [null, entry] : entry;
      const content = contentHash([]);
      return summaryOf({
        schema: "hardhat-emergency/release@1",
        id: nextId(index === 0 ? null : `${String(index).padStart(4, "0")}-000000000000`, content),
        content,
        kind: from === null ? "deploy" : "repoint",
        replaces: null,
        restores: null,
        repoint: from === null ? null : { contract: "market", from, to },
        contracts: { market: { address: to, files: 1 } },
        commit: null,
        by: "tester@here",
        at: "2026-01-01T00:00:00.000Z",
        files: [],
        kept: [],
      });
    });
  }

  function old(configured: string, all: readonly ReleaseSummary[], current: number) {
    const id = all[current]?.id ?? null;
    return oldAddresses({ contracts: { market: configured } }, all, id).map(
      ({ address }) => address,
    );
  }

  it("are those of before, but for that of the configuration and the one that is served", () => {
    expect(old(NEW, releases(OLD, NEW), 1)).to.deep.equal([OLD]);
    expect(old(OLD, releases(OLD, NEW), 1)).to.deep.equal([]);
  });

  it("are those that the site was repointed away from, whatever the configuration says", () => {
    expect(old(OLD, releases(OLD, [OLD, NEW]), 1)).to.deep.equal([OLD]);
    expect(old(OLD, releases(OLD, [OLD, NEW], [NEW, OLD]), 2)).to.deep.equal([NEW]);
  });

  it("are never that of the last repoint, also while an older release is served", () => {
    expect(old(OLD, releases(OLD, [OLD, NEW]), 0)).to.deep.equal([OLD]);
    expect(old(OLD, releases(OLD, [OLD, NEW], [NEW, NEWER]), 0)).to.have.members([OLD, NEW]);
  });
});
