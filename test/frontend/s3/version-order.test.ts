import { expect } from "chai";

import type { ListedVersion } from "../../../src/frontend/s3/bucket.js";
import { inTimeOrder, writtenAt } from "../../../src/frontend/s3/version-order.js";
import { history } from "./restore/listings.js";

/** As servers list them that keep markers and versions apart. */
function apart(entries: readonly ListedVersion[], markersFirst: boolean): readonly ListedVersion[] {
  const markers = entries.filter(({ isMarker }) => isMarker);
  const versions = entries.filter(({ isMarker }) => !isMarker);
  return markersFirst ? [...markers, ...versions] : [...versions, ...markers];
}

function ids(entries: readonly ListedVersion[]): readonly string[] {
  return entries.map(({ key, versionId }) => `${key}${versionId}`);
}

describe("the order of versions", () => {
  const page = [
    ...history("a", "10 1, 11 -2, 12 3"),
    ...history("b", "10 1, 11 2, 12 -3"),
    ...history("c", "10 -1, 11 2"),
  ];

  it("is the listing's own where versions and markers come as they are", () => {
    expect(inTimeOrder(page)).to.deep.equal({ entries: page, doubtful: new Set() });
  });

  for (const markersFirst of [true, false]) {
    it(`is found again where markers come ${markersFirst ? "first" : "last"}`, () => {
      const { entries, doubtful } = inTimeOrder(apart(page, markersFirst));
      expect(ids(entries)).to.deep.equal(ids(page));
      expect([...doubtful]).to.deep.equal([]);
    });
  }

  it("is in doubt where a marker and a version below the newest have the same second", () => {
    const story = [...history("a", "10 1, 11 -2, 11 3, 12 4"), ...history("b", "10 1, 11 -2")];
    expect([...inTimeOrder(apart(story, false)).doubtful]).to.deep.equal(["a"]);
    const newest = [...history("a", "10 1, 11 2, 11 -3"), ...history("b", "10 1")];
    const { entries, doubtful } = inTimeOrder(apart(newest, false));
    expect([...doubtful]).to.deep.equal([]);
    expect(ids(entries)).to.deep.equal(ids(newest));
  });

  it("is that of ids which begin with the time", () => {
    const ulids = [
      "01M7ZXCM2YP1R6QNGRTYD4EBX1",
      "01M7ZXCM3BVTVQZPZ4DFBH2WTW",
      "01M7ZXCM3J3BTG0ED7HMH5Z6X5",
    ];
    const [first, second, third] = ulids;
    const entries = history("k", `10 ${first ?? ""}, 10 -2, 10 ${third ?? ""}`).map((entry) =>
      entry.isMarker ? { ...entry, versionId: second ?? "" } : entry,
    );
    const found = inTimeOrder(apart(entries, true));
    expect(ids(found.entries)).to.deep.equal(ids(entries));
    expect([...found.doubtful]).to.deep.equal([]);
  });

  it("knows from such an id when a version was written, and leaves other ids alone", () => {
    const replaced = new Date("2026-11-22T00:00:00.500Z");
    expect(writtenAt("01M7ZXCM3BVTVQZPZ4DFBH2WTW", replaced).toISOString()).to.equal(
      "2026-11-21T20:39:57.000Z",
    );
    for (const id of ["null", "3sL4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY", "m2"]) {
      expect(writtenAt(id, replaced).toISOString()).to.equal("2026-11-22T00:00:00.000Z");
    }
  });
});
