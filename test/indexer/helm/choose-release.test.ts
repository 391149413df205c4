import { expect } from "chai";
import fc from "fast-check";

import {
  chooseRelease,
  wasDeployed,
  type Candidate,
} from "../../../src/indexer/helm/choose-release.js";
import { revisionsBetween } from "../../../src/indexer/helm/removals.js";
import { parseTarget } from "../../../src/indexer/kubernetes/parse-target.js";
import { emergencyError } from "../../helpers/refusal.js";

function revision(
  number: number,
  status: string,
  content: string,
  more: Partial<Candidate> = {},
): Candidate {
  const description = status === "failed" ? 'Upgrade "api" failed: no' : "Upgrade complete";
  return { number, status, content, description, rollbackTo: null, chart: "a-1", ...more };
}

function chosen(to: string, ...releases: readonly Candidate[]): readonly [number, boolean] {
  const found = chooseRelease("api", releases, parseTarget(to), ({ content }) => [
    `api:${content}`,
  ]);
  return [found.release.number, found.there];
}

const good = revision(1, "superseded", "good");
const bad = revision(2, "deployed", "bad");

describe("The revision of a release to go back to", () => {
  it("is the newest one that was deployed before", () => {
    expect(chosen("previous", good, bad)).to.deep.equal([1, false]);
    expect(chosen("healthy", good, bad)).to.deep.equal([1, false]);
    // A failed upgrade comes after what was deployed last.
    expect(chosen("previous", good, bad, revision(3, "failed", "x"))).to.deep.equal([2, false]);
    expect(chosen("previous", good, bad, revision(3, "pending-upgrade", "x"))).to.deep.equal([
      ...[2, false],
    ]);
    // The number before may have failed.
    const failed = revision(2, "failed", "x");
    expect(chosen("previous", good, failed, revision(3, "deployed", "bad"))).to.deep.equal([
      ...[1, false],
    ]);
    // An upgrade that changed nothing is no way back.
    expect(
      chosen("previous", good, revision(2, "superseded", "bad"), revision(3, "deployed", "bad")),
    ).to.deep.equal([1, false]);
  });

  it("is not one that helm calls superseded although it had failed", () => {
    const descriptions = [
      'Upgrade "api" failed: no',
      'Rollback "api" failed: a\nb',
      'Release "api" failed: x',
      "Preparing upgrade",
      "Initial install underway",
    ];
    for (const description of descriptions) {
      const failed = revision(2, "superseded", "x", { description });
      expect(wasDeployed(failed), description).to.equal(false);
      expect(chosen("previous", good, failed, revision(3, "deployed", "bad"))).to.deep.equal([
        ...[1, false],
      ]);
    }
  });

  it("stays where a rollback went, and goes on with one that was broken off", () => {
    const old = revision(2, "superseded", "bad");
    const done = revision(3, "deployed", "good", { rollbackTo: 1 });
    expect(chosen("previous", good, old, done)).to.deep.equal([3, true]);
    for (const status of ["pending-rollback", "failed"]) {
      const broken = revision(3, status, "good", { rollbackTo: 1 });
      expect(chosen("previous", good, bad, broken)).to.deep.equal([1, false]);
      // Also after a second one.
      const again = revision(4, status, "good", { rollbackTo: 1 });
      expect(chosen("previous", good, bad, broken, again)).to.deep.equal([1, false]);
    }
    // Helm 3 forgets which one it was.
    const helm3 = revision(3, "failed", "good", { description: 'Rollback "api" failed: no' });
    expect(chosen("previous", good, bad, helm3)).to.deep.equal([1, false]);
    // The one that it was may be in the history no more.
    expect(
      chosen("previous", old, revision(9, "deployed", "good", { rollbackTo: 1 })),
    ).to.deep.equal([2, false]);
  });

  it("is the one that is named, by its number or its image", () => {
    expect(chosen("2", good, bad)).to.deep.equal([2, true]);
    expect(chosen("1", good, bad)).to.deep.equal([1, false]);
    expect(chosen("api:good", good, bad)).to.deep.equal([1, false]);
    const failed = revision(3, "failed", "x");
    const { notes } = chooseRelease("api", [good, bad, failed], parseTarget("3"), () => []);
    expect(notes.join()).to.contain("never wholly deployed");
    for (const to of ["9", "api:x", "api:none"]) {
      let thrown: unknown;
      try {
        chosen(to, good, bad, failed);
      } catch (error) {
        thrown = error;
      }
      expect(emergencyError(thrown).next).to.contain("2 (deployed, a-1)");
    }
  });

  it("typed again after whatever came of it, is the same", () => {
    const status = fc.constantFrom("superseded", "failed");
    const history = fc.array(fc.tuple(status, fc.constantFrom("a", "b", "c")), { maxLength: 6 });
    fc.assert(
      fc.property(
        history,
        fc.constantFrom("a", "b"),
        fc.constantFrom("pending-rollback", "failed", "deployed"),
        (older, content, outcome) => {
          const releases = [
            revision(1, "superseded", "first"),
            ...older.map(([one, held], index) => revision(index + 2, one, held)),
            revision(older.length + 2, "deployed", content),
          ];
          const [first] = chosen("previous", ...releases);
          const held = releases.find(({ number }) => number === first)?.content ?? "";
          const tried = revision(older.length + 3, outcome, held, { rollbackTo: first });
          const [second, there] = chosen("previous", ...releases, tried);
          expect(there).to.equal(outcome === "deployed");
          expect(second).to.equal(there ? tried.number : first);
        },
      ),
    );
  });
});

describe("The revisions whose objects helm may have forgotten", () => {
  it("are those down to the last one that was deployed, where one was broken off", () => {
    const between = (...releases: readonly Candidate[]): readonly number[] =>
      revisionsBetween(releases).map(({ number }) => number);
    const old = revision(2, "superseded", "bad");
    expect(between(good, old, revision(3, "deployed", "x"))).to.deep.equal([]);
    expect(between(good, old, revision(3, "failed", "x"))).to.deep.equal([2]);
    expect(
      between(good, old, revision(3, "failed", "x"), revision(4, "deployed", "x")),
    ).to.deep.equal([3, 2]);
  });
});
