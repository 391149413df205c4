import { expect } from "chai";

import type { ListedVersion } from "../../../../src/frontend/s3/bucket.js";
import {
  changesFor,
  lostBy,
  type CaseFacts,
} from "../../../../src/frontend/s3/restore/case-table.js";
import { historiesOf } from "../../../../src/frontend/s3/restore/history.js";
import { stateAt } from "../../../../src/frontend/s3/restore/target.js";
import { emergencyError } from "../../../helpers/refusal.js";
import { at, history } from "./listings.js";

const NOW = new Date("2026-11-21T00:00:00Z");

const facts: CaseFacts = { isSame: () => false, wouldExpireAgain: () => false };

/** What is done so that noon is back, in short. */
function changes(
  listing: readonly ListedVersion[],
  with_: Partial<CaseFacts> = {},
): readonly string[] {
  // Something that was visible all the time: nobody wants an empty site.
  const histories = historiesOf([...listing, ...history("z", "11 1")]);
  const target = stateAt(histories, at(12), [], NOW);
  return changesFor(histories, target, { ...facts, ...with_ }).map((change) => {
    switch (change.type) {
      case "copy":
        return `copy ${change.from.versionId} over ${change.over?.versionId ?? "nothing"}`;
      case "show":
        return `take ${change.markers.map(({ versionId }) => versionId).join(" ")} from ${change.shows.versionId}`;
      case "hide":
        return `hide ${change.hides.versionId}`;
    }
  });
}

describe("what is done to a key", () => {
  /** Histories, the oldest first: the hour, and a version, or a marker when its name begins with "-". */
  const table: readonly (readonly [string, string, readonly string[]])[] = [
    ["nothing, when nothing has happened since", "11 1", []],
    ["nothing, when what was deleted still is", "10 1, 11 -2", []],
    [
      "nothing, when what was deleted was written and deleted again",
      "10 1, 11 -2, 13 3, 14 -4",
      [],
    ],
    ["nothing, when it never was visible", "13 1, 14 -2", []],
    ["a marker, when it is new", "13 1", ["hide 1"]],
    ["a marker, when it was deleted and came back", "10 1, 11 -2, 13 3", ["hide 3"]],
    ["the marker goes, when it was deleted since", "11 1, 13 -2", ["take -2 from 1"]],
    [
      "all markers go, when it was deleted several times",
      "11 1, 13 -2, 14 -3",
      ["take -3 -2 from 1"],
    ],
    ["a copy, when it was overwritten", "11 1, 13 2", ["copy 1 over 2"]],
    ["a copy of the last of several", "10 0, 11 1, 13 2, 14 3", ["copy 1 over 3"]],
    ["a copy, when it was overwritten and deleted", "11 1, 13 2, 14 -3", ["copy 1 over nothing"]],
    ["a copy, when it was deleted and written again", "11 1, 13 -2, 14 3", ["copy 1 over 3"]],
    [
      "a copy, when a marker is between versions",
      "11 1, 13 -2, 14 3, 15 -4",
      ["copy 1 over nothing"],
    ],
    ["what was written in that very second counts", "12 1, 13 2", ["copy 1 over 2"]],
    ["of several in that second the newest counts", "12 1, 12 2, 12 3, 13 4", ["copy 3 over 4"]],
    ["also a marker in that second", "11 1, 12 -2, 13 3", ["hide 3"]],
    ["and what came above a marker in that second", "12 1, 12 -2, 12 3, 13 -4", ["take -4 from 3"]],
    ["a copy of the version null, too", "11 null, 13 2", ["copy null over 2"]],
    [
      "a copy instead of taking a marker away whose id is null",
      "11 1, 13 -null",
      ["copy 1 over nothing"],
    ],
    ["also when another marker is above it", "11 1, 13 -null, 14 -3", ["copy 1 over nothing"]],
  ];
  for (const [what, story, expected] of table) {
    it(`${what} (${story})`, () => {
      expect(changes(history("k", story))).to.deep.equal(expected);
    });
  }

  it("nothing, when what is there is just like it", () => {
    expect(changes(history("k", "11 1, 13 2"), { isSame: () => true })).to.deep.equal([]);
  });

  it("a copy, when the version is so old that a rule would hide it again", () => {
    expect(changes(history("k", "11 1, 13 -2"), { wouldExpireAgain: () => true })).to.deep.equal([
      "copy 1 over nothing",
    ]);
  });

  it("knows which version would be lost while versions are not kept", () => {
    const lost = (type: "copy" | "show" | "hide", story: string, keeps: boolean) =>
      lostBy({ type, key: "k" }, historiesOf(history("k", story)), keeps)?.versionId;
    expect(lost("copy", "11 1, 13 null", false)).to.equal("null");
    expect(lost("hide", "11 null, 13 2", false)).to.equal("null");
    expect(lost("show", "11 null, 13 -2", false)).to.equal(undefined);
    expect(lost("hide", "11 1, 13 -null", false)).to.equal(undefined);
    expect(lost("hide", "11 null, 13 2", true)).to.equal(undefined);
  });

  it("does not trust a listing in which the newest version does not come first", () => {
    const [newest, older] = history("k", "11 1, 13 2");
    try {
      historiesOf([older, newest].flatMap((entry) => entry ?? []));
    } catch (error) {
      expect(emergencyError(error).code).to.equal("AWS_REFUSED");
      return;
    }
    throw new Error("it was trusted");
  });
});
