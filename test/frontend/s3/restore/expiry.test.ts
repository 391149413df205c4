import { expect } from "chai";

import type { ExpiryRule } from "../../../../src/frontend/s3/lifecycle.js";
import {
  mayHideKeys,
  maybeExpired,
  wouldExpireAgain,
} from "../../../../src/frontend/s3/restore/expiry.js";
import { historiesOf } from "../../../../src/frontend/s3/restore/history.js";
import { at, history } from "./listings.js";

function rule(changes: Partial<ExpiryRule> = {}): ExpiryRule {
  const noncurrent = { days: 7, kept: 0 };
  return { id: "tidy", prefix: "", isPartial: false, noncurrent, current: null, ...changes };
}

const NOW = new Date(at(0, 20));

/** Whether what was visible on the fifth may be gone. */
function isDoubtful(story: string, ...rules: readonly ExpiryRule[]): boolean {
  const histories = historiesOf(history("k", story));
  return maybeExpired(histories, at(0, 5), rules, NOW).includes("k");
}

describe("versions that a lifecycle rule may have removed", () => {
  it("may be gone when nothing of then is left, and the oldest is older than the rule allows", () => {
    expect(isDoubtful("10/0 1", rule())).to.equal(true);
    expect(isDoubtful("10/0 1, 12/0 2", rule())).to.equal(true);
    expect(isDoubtful("10/0 -1", rule())).to.equal(true);
  });

  it("are all there when something of then or earlier is left", () => {
    expect(isDoubtful("4/0 1, 10/0 2", rule())).to.equal(false);
    expect(isDoubtful("5/0 -1, 10/0 2", rule())).to.equal(false);
  });

  it("are all there when the oldest that is left is younger than the rule allows", () => {
    expect(isDoubtful("14/0 1", rule())).to.equal(false);
    expect(isDoubtful("13/0 1", rule())).to.equal(true);
  });

  it("are all there when the rule keeps more than have followed", () => {
    expect(isDoubtful("10/0 1, 11/0 2", rule({ noncurrent: { days: 7, kept: 2 } }))).to.equal(
      false,
    );
    expect(
      isDoubtful("10/0 1, 11/0 2, 12/0 3", rule({ noncurrent: { days: 7, kept: 2 } })),
    ).to.equal(true);
  });

  it("are all there when no rule is for them", () => {
    expect(isDoubtful("10/0 1")).to.equal(false);
    expect(isDoubtful("10/0 1", rule({ prefix: "logs/" }), rule({ noncurrent: null }))).to.equal(
      false,
    );
  });

  it("may be of keys that nobody can name, when the time is longer ago than a rule allows", () => {
    const named = (prefix: string, day: number, one: ExpiryRule): readonly string[] =>
      mayHideKeys(prefix, at(0, day), [one], NOW).map(({ id }) => id);
    expect(named("", 5, rule())).to.deep.equal(["tidy"]);
    expect(named("", 14, rule())).to.deep.equal([]);
    expect(named("web/", 5, rule({ prefix: "web/assets/" }))).to.deep.equal(["tidy"]);
    expect(named("web/", 5, rule({ prefix: "logs/" }))).to.deep.equal([]);
  });

  it("would be hidden again when they are too old for a rule", () => {
    const [version] = history("k", "5/0 1");
    const again = (current: ExpiryRule["current"]): boolean =>
      version !== undefined && wouldExpireAgain(version, [rule({ current })], NOW);
    expect(again({ days: 15 })).to.equal(true);
    expect(again({ days: 16 })).to.equal(false);
    expect(again({ date: new Date(at(0, 19)) })).to.equal(true);
    expect(again({ date: new Date(at(0, 21)) })).to.equal(false);
    expect(again(null)).to.equal(false);
  });
});
