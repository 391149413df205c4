import { expect } from "chai";

import { parseTime, parseVersions } from "../../../../src/frontend/s3/restore/time.js";
import { emergencyError } from "../../../helpers/refusal.js";

const NOW = new Date("2026-11-20T12:34:56.789Z");

function refused(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    const { code, what } = emergencyError(error);
    expect(code).to.equal("BAD_ARGUMENTS");
    return what;
  }
  throw new Error("it was not refused");
}

describe("times and versions that people type", () => {
  const times: Readonly<Record<string, string>> = {
    "2026-11-20T12:00:00Z": "2026-11-20T12:00:00Z",
    "2026-11-20T12:00Z": "2026-11-20T12:00:00Z",
    "2026-11-20T12:00:00.999Z": "2026-11-20T12:00:00Z",
    "2026-11-20T13:30:00+01:30": "2026-11-20T12:00:00Z",
    "2026-02-28T23:00:00-05:00": "2026-03-01T04:00:00Z",
    " 90m ": "2026-11-20T11:04:56Z",
    "2 hours ago": "2026-11-20T10:34:56Z",
    "1 Day": "2026-11-19T12:34:56Z",
    "1w": "2026-11-13T12:34:56Z",
    "30 secs ago": "2026-11-20T12:34:26Z",
  };
  for (const [text, time] of Object.entries(times)) {
    it(`understands "${text}"`, () => {
      expect(parseTime(text, NOW)).to.equal(time);
    });
  }

  for (const text of [
    "",
    "yesterday",
    "2026-02-30T00:00:00Z",
    "2026-11-20T24:00:00Z",
    "2026-11-20T12:60:00Z",
    "2026-11-20T12:00:00+24:00",
    "20.11.2026 12:00",
    "-5m",
    "1.5h",
    "5 months",
    "1763640000",
  ]) {
    it(`refuses "${text}"`, () => {
      expect(refused(() => parseTime(text, NOW))).to.contain("is no time");
    });
  }

  it("refuses a time without a zone, which is another one on another computer", () => {
    for (const text of ["2026-11-20T12:00:00", "2026-11-20 12:00", "2026-11-20"]) {
      expect(refused(() => parseTime(text, NOW))).to.contain("says no time zone");
    }
  });

  it("understands versions, also of keys with @ and commas in them", () => {
    expect(parseVersions("index.html@v1")).to.deep.equal([{ key: "index.html", versionId: "v1" }]);
    expect(parseVersions("a@b.js@v1, c,d.js@null")).to.deep.equal([
      { key: "a@b.js", versionId: "v1" },
      { key: "c,d.js", versionId: "null" },
    ]);
  });

  for (const text of ["", "index.html", "@v1", "index.html@", "index.html@v1,about.html"]) {
    it(`refuses "${text}" as a version`, () => {
      expect(refused(() => parseVersions(text))).to.contain("names no version");
    });
  }
});
