import { expect } from "chai";

import { chooseRevision } from "../../../src/indexer/kubernetes/choose-revision.js";
import { MARK_ANNOTATION, writeMark } from "../../../src/indexer/kubernetes/mark.js";
import { parseTarget } from "../../../src/indexer/kubernetes/parse-target.js";
import { templateHash } from "../../../src/indexer/kubernetes/template.js";
import { emergencyError } from "../../helpers/refusal.js";
import { revision, template, workload } from "./objects.js";

const DIGEST = `sha256:${"0a".repeat(32)}`;

const revisions = [
  revision(1, "api:0", { health: "healthy", pods: 1, available: 1 }),
  revision(2, `api@${DIGEST}`),
  revision(3, "api:1", { health: "failing", pods: 1 }),
  revision(4, "api:2", { present: true }),
];

function chosen(to: string, now = workload()): number {
  return chooseRevision("api", now, revisions, parseTarget(to)).revision.number;
}

describe("The revision to go back to", () => {
  it("is the one before, the newest that works, a number, an image or a digest", () => {
    expect(chosen("previous")).to.equal(3);
    expect(chosen("healthy")).to.equal(1);
    expect(chosen("2")).to.equal(2);
    expect(chosen("api:0")).to.equal(1);
    expect(chosen(DIGEST)).to.equal(2);
    expect(chosen(`api@${DIGEST}`)).to.equal(2);
    expect(chosen("api:2")).to.equal(4);
  });

  it("says when the one that was asked for has pods that do not work", () => {
    const { notes } = chooseRevision("api", workload(), revisions, { to: "previous" });
    expect(notes.join()).to.contain("none of them works");
  });

  it("is refused with what there is, when there is none", () => {
    for (const target of ["9", "api:9", "sha256:ff"]) {
      try {
        chosen(target);
        expect.fail(target);
      } catch (error) {
        const refusal = emergencyError(error);
        expect(refusal.code).to.equal("UNKNOWN_REVISION");
        expect(refusal.next).to.contain("4 (present): api:2").and.to.contain("1: api:0");
      }
    }
    expect(() => chooseRevision("api", workload(), [], { to: "previous" })).to.throw(
      /revisionHistoryLimit/,
    );
  });

  it("stays what an earlier rollback has gone back to, as long as that is what is there", () => {
    const mark = { from: 5, at: "2026-01-01T00:00:00Z", by: "alice@laptop" };
    const marked = (to: string) =>
      workload({ metadata: { annotations: { [MARK_ANNOTATION]: writeMark({ ...mark, to }) } } });
    expect(chosen("previous", marked(templateHash(template("api:2"))))).to.equal(4);
    expect(chosen("previous", marked(templateHash(template("api:1"))))).to.equal(3);
    // What does not work is no place to stay.
    expect(chosen("healthy", marked(templateHash(template("api:2"))))).to.equal(1);
    const broken = workload({ metadata: { annotations: { [MARK_ANNOTATION]: "{" } } });
    expect(chosen("previous", broken)).to.equal(3);
  });

  it("is refused when what is typed is none of these", () => {
    for (const typed of ["0", "-1", "latest", "1.5", "", "a b:c"]) {
      try {
        parseTarget(typed);
        expect.fail(typed);
      } catch (error) {
        expect(emergencyError(error).code, typed).to.equal("BAD_ARGUMENTS");
      }
    }
    expect(parseTarget(undefined)).to.deep.equal({ to: "previous" });
  });

  it("is not the same version before it was restarted, nor what somebody went back from", () => {
    const restarted = {
      ...template("api:2"),
      metadata: {
        labels: { app: "api" },
        annotations: { "kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z" },
      },
    };
    const now = workload({ spec: { template: restarted } });
    const all = [
      revision(1, "api:1"),
      revision(2, "api:2"),
      revision(3, "api:2", { present: true, template: restarted, hash: templateHash(restarted) }),
    ];
    expect(chooseRevision("api", now, all, { to: "previous" }).revision.number).to.equal(1);
    expect(() => chooseRevision("api", now, all.slice(1), { to: "previous" })).to.throw(
      /no revision before/,
    );

    const left = revision(2, "api:2", {
      health: "rolled-back",
      recorded: { health: "rolled-back", at: "2026-01-02T00:00:00Z" },
      pods: 1,
      available: 1,
    });
    const recorded = { health: "healthy", at: "2026-01-01T00:00:00Z" } as const;
    const worked = revision(1, "api:1", { health: "healthy", recorded });
    const present = revision(3, "api:3", { present: true, health: "failing", pods: 1 });
    const healthy = (...some: readonly (typeof left)[]) =>
      chooseRevision("api", workload(), [...some, present], { to: "healthy" });
    expect(healthy(worked, left).revision.number).to.equal(1);
    expect(healthy(worked, left).notes.join()).to.contain("worked at 2026-01-01");
    // Better than nothing that works, and said.
    expect(healthy(left).revision.number).to.equal(2);
    expect(healthy(left).notes.join()).to.contain("was rolled back at 2026-01-02");
    expect(() => healthy({ ...left, pods: 0, available: 0 })).to.throw(/UNKNOWN_REVISION/);
    const failed = { health: "failing", at: "2026-01-02T00:00:00Z" } as const;
    const asked = [revision(2, "api:2", { health: "failing", recorded: failed }), present];
    const third = workload({ spec: { template: template("api:3") } });
    const { notes } = chooseRevision("api", third, asked, { to: "previous" });
    expect(notes.join()).to.contain("did not work at 2026-01-02");
  });
});
