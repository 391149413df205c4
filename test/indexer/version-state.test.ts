import { expect } from "chai";
import fc from "fast-check";

import {
  unfitToServe,
  UP_TO_DATE_BLOCKS,
  type VersionState,
} from "../../src/indexer/version-state.js";

const GOOD: VersionState = {
  deployment: "Qm",
  health: "healthy",
  synced: true,
  paused: false,
  assigned: true,
  latest: { number: 1_000, hash: null },
  head: 1_000,
  fatalError: null,
};

const state: fc.Arbitrary<VersionState> = fc.record({
  deployment: fc.constant("Qm"),
  health: fc.constantFrom("healthy", "healthy", "unhealthy", "failed"),
  synced: fc.boolean(),
  paused: fc.constantFrom(true, false, null),
  assigned: fc.boolean(),
  latest: fc.option(fc.record({ number: fc.nat(2_000), hash: fc.constant(null) })),
  head: fc.option(fc.nat(2_000)),
  fatalError: fc.constant(null),
});

describe("whether a version can be served", () => {
  it("needs health, a node that works on it, and to have been synced once, whatever is served now", () => {
    fc.assert(
      fc.property(state, fc.option(state), (candidate, served) => {
        if (unfitToServe(candidate, served) === undefined) {
          expect(candidate).to.include({ health: "healthy", synced: true, assigned: true });
          expect(candidate.paused).not.to.equal(true);
          expect(candidate.latest).not.to.equal(null);
        }
      }),
    );
  });

  it("never takes readers far back behind what they see and behind the chain", () => {
    fc.assert(
      fc.property(state, state, (candidate, served) => {
        if (unfitToServe(candidate, served) === undefined && candidate.latest !== null) {
          const chain = candidate.head ?? served.latest?.number ?? 0;
          const lag = Math.max(0, chain - candidate.latest.number);
          const servedLag = Math.max(0, (served.head ?? 0) - (served.latest?.number ?? 0));
          expect(lag).to.be.at.most(Math.max(UP_TO_DATE_BLOCKS, servedLag));
        }
      }),
    );
  });

  it("allows what indexing in batches makes of it, and no block more", () => {
    const at = (number: number): VersionState => ({ ...GOOD, latest: { number, hash: null } });
    expect(unfitToServe(at(1_000 - UP_TO_DATE_BLOCKS), GOOD)).to.equal(undefined);
    expect(unfitToServe(at(1_000 - UP_TO_DATE_BLOCKS - 1), GOOD)).to.contain("fallen behind");
    expect(unfitToServe(at(500), at(400))).to.equal(undefined);
    expect(unfitToServe({ ...at(500), head: null }, { ...at(900), head: null })).to.contain(
      "go back 400 blocks",
    );
  });
});
