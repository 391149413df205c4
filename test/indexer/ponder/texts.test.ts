import { expect } from "chai";
import fc from "fast-check";

import { EmergencyError } from "../../../src/errors.js";
import { decodeCheckpoint } from "../../../src/indexer/ponder/checkpoint.js";
import { LockNotAvailable } from "../../../src/indexer/ponder/database.js";
import { readMark, writeMark, type Mark } from "../../../src/indexer/ponder/mark.js";
import { literal, quoted } from "../../../src/indexer/ponder/names.js";
import { lost, translated } from "../../../src/indexer/ponder/pg-errors.js";
import { ago } from "../../../src/indexer/ponder/progress.js";

const mark: fc.Arbitrary<Mark> = fc.record({
  from: fc.option(fc.string()),
  to: fc.string(),
  at: fc.string(),
  by: fc.string(),
  run: fc.string(),
});

describe("What is written into and read from a Ponder app's database", () => {
  it("has names and texts quoted, whatever is in them", () => {
    expect(quoted('a"b')).to.equal('"a""b"');
    expect(literal("it's")).to.equal("'it''s'");
    expect(literal("a\\'b")).to.equal(" E'a\\\\''b'");
    // No text ends before its end.
    fc.assert(
      fc.property(fc.string(), (text) => {
        const inside = literal(text).trim().replace(/^E/, "").slice(1, -1);
        expect(inside.replaceAll("''", "").replaceAll("\\\\", "")).not.to.match(/['\\]/);
      }),
    );
  });

  it("keeps a mark in a comment, beside what somebody else has written", () => {
    fc.assert(
      fc.property(mark, (one) => {
        const comment = writeMark("Ponder's own\nsecond line", one);
        expect(readMark(comment)).to.deep.equal(one);
        expect(writeMark(comment, one)).to.equal(comment);
        expect(comment).to.match(/^Ponder's own\nsecond line\n/);
      }),
    );
    expect(readMark(null)).to.equal(undefined);
    expect(readMark("hardhat-emergency: {")).to.equal(undefined);
    expect(readMark('hardhat-emergency: {"to":1}')).to.equal(undefined);
  });

  it("has checkpoints that say chain, block and time", () => {
    const text = `1795304983${"7357001".padStart(16, "0")}${"8".padStart(16, "0")}${"9".repeat(33)}`;
    expect(decodeCheckpoint("local", text)).to.deep.equal({
      chain: "local",
      chainId: 7357001,
      block: 8,
      timestamp: 1795304983,
    });
    expect(decodeCheckpoint("local", "12")).to.equal(undefined);
    expect(decodeCheckpoint("local", "x".repeat(75))).to.equal(undefined);
  });

  it("has errors that a person can act on", () => {
    const answer = (code: string): unknown =>
      Object.assign(new Error("the server's words"), { severity: "ERROR", code });
    const codes = [
      ["28P01", "DATABASE_CREDENTIALS"],
      ["3D000", "BAD_CONFIG"],
      ["42501", "DATABASE_DENIED"],
      ["25006", "DATABASE_DENIED"],
      ["53300", "DATABASE_UNREACHABLE"],
      ["42601", "DATABASE_REFUSED"],
    ] as const;
    for (const [sqlState, code] of codes) {
      const error = translated(answer(sqlState), "database app at db:5432", "the.setting");
      expect(error).to.be.instanceOf(EmergencyError).and.to.have.property("code", code);
      expect(lost(answer(sqlState))).to.equal(false);
    }
    for (const sqlState of ["55P03", "40P01", "40001"]) {
      expect(translated(answer(sqlState), "a", "b")).to.be.instanceOf(LockNotAvailable);
    }
    const broken = Object.assign(new Error(""), { code: "ECONNREFUSED" });
    expect(translated(broken, "db", "the.setting").message).to.contain("ECONNREFUSED");
    expect([lost(broken), lost(answer("57P01"))]).to.deep.equal([true, true]);
  });

  it("has ages as people say them", () => {
    expect([ago(4_400), ago(61_000), ago(7_300_000), ago(-5)]).to.deep.equal([
      ...["4 s ago", "1 min ago", "2 h ago", "0 s ago"],
    ]);
  });
});
