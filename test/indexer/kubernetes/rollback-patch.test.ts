import { expect } from "chai";

import { ofReplicaSets } from "../../../src/indexer/kubernetes/history.js";
import { MARK_ANNOTATION, writeMark } from "../../../src/indexer/kubernetes/mark.js";
import { LAST_APPLIED, rollbackPatch } from "../../../src/indexer/kubernetes/rollback-patch.js";
import { templateHash } from "../../../src/indexer/kubernetes/template.js";
import { replicaSet, revision, template, workload } from "./objects.js";

const mark = { from: 2, to: "hash", at: "2026-01-01T00:00:00Z", by: "alice@laptop" };

function annotations(operations: readonly { path: string; value?: unknown }[]): unknown {
  return operations.filter(({ path }) => path === "/metadata/annotations").at(-1)?.value;
}

describe("The patch of a rollback", () => {
  it("tests all that it replaces before it replaces it", () => {
    const now = workload({ metadata: { annotations: { a: "1" } } });
    const operations = rollbackPatch("StatefulSet", now, revision(1, "api:1"), mark);
    expect(operations.map(({ op, path }) => `${op} ${path}`)).to.deep.equal([
      "test /metadata/uid",
      "test /spec/template",
      "test /metadata/annotations",
      "replace /spec/template",
      "replace /metadata/annotations",
    ]);
    expect(operations[1]?.value).to.deep.equal(now.spec.template);
    expect(annotations(operations)).to.deep.equal({
      a: "1",
      [MARK_ANNOTATION]: writeMark(mark),
    });
  });

  it("tests that nothing at all has changed where there are no annotations to test", () => {
    const now = workload({ metadata: { resourceVersion: "17" } });
    const operations = rollbackPatch("StatefulSet", now, revision(1, "api:1"), mark);
    expect(operations[2]).to.deep.equal({
      op: "test",
      path: "/metadata/resourceVersion",
      value: "17",
    });
  });

  it("leaves a Deployment what its owner knows it by, also where the ReplicaSet is older than the owner", () => {
    const tracking = "argocd.argoproj.io/tracking-id";
    const now = workload({ metadata: { annotations: { [tracking]: "new", own: "2" } } });
    const old = revision(1, "api:1", {
      annotations: { "meta.helm.sh/release-name": "old", own: "1" },
    });
    expect(annotations(rollbackPatch("Deployment", now, old, mark))).to.deep.equal({
      [tracking]: "new",
      own: "1",
      [MARK_ANNOTATION]: writeMark(mark),
    });
  });

  it("takes a Deployment's annotations from the ReplicaSet, but for those that say how it is now", () => {
    const now = workload({
      metadata: {
        annotations: {
          "deployment.kubernetes.io/revision": "2",
          [LAST_APPLIED]: JSON.stringify({
            kind: "Deployment",
            spec: { template: template("api:2") },
          }),
          "kubernetes.io/change-cause": "deploy 2",
          later: "yes",
        },
      },
    });
    const target = revision(1, "api:1", {
      annotations: {
        "deployment.kubernetes.io/revision": "1",
        "deployment.kubernetes.io/desired-replicas": "2",
        "kubernetes.io/change-cause": "deploy 1",
        [MARK_ANNOTATION]: "old",
      },
    });
    expect(annotations(rollbackPatch("Deployment", now, target, mark))).to.deep.equal({
      "deployment.kubernetes.io/revision": "2",
      [LAST_APPLIED]: `${JSON.stringify({ kind: "Deployment", spec: { template: template("api:1") } })}\n`,
      "kubernetes.io/change-cause": "deploy 1",
      [MARK_ANNOTATION]: writeMark(mark),
    });
  });

  it("leaves what was last applied alone when it cannot be read", () => {
    for (const text of ["{", "[]", '{"spec":1}']) {
      const now = workload({ metadata: { annotations: { [LAST_APPLIED]: text } } });
      expect(annotations(rollbackPatch("DaemonSet", now, revision(1, "api:1"), mark)))
        .to.have.property(LAST_APPLIED)
        .that.equals(text);
    }
  });
});

describe("Templates", () => {
  it("mean the same without a ReplicaSet's label, a revision's mark, and empty lists", () => {
    const { spec } = replicaSet(1, "api:1");
    const same = [
      spec.template,
      { ...template("api:1"), $patch: "replace" },
      template("api:1", { env: [] }),
      {
        spec: template("api:1").spec ?? null,
        metadata: { creationTimestamp: null, labels: { app: "api" } },
      },
    ];
    for (const one of same) {
      expect(templateHash(one)).to.equal(templateHash(template("api:1")));
    }
    expect(templateHash(template("api:1", { tty: true }))).not.to.equal(
      templateHash(template("api:1")),
    );
  });
});

describe("The revisions of a Deployment", () => {
  it("are those of its own ReplicaSets, in the order of their numbers", () => {
    const found = ofReplicaSets(workload(), [
      replicaSet(3, "api:3", { owner: "uid-other" }),
      replicaSet(2, "api:2", { status: { replicas: 2, availableReplicas: 0 } }),
      replicaSet(1, "api:1", { status: { replicas: 1, availableReplicas: 1 } }),
      replicaSet(4, "api:4", { metadata: { annotations: {} } }),
    ]);
    expect(
      found.map(({ number, present, images, health }) => [number, present, images, health]),
    ).to.deep.equal([
      [1, false, ["api:1"], "healthy"],
      [2, true, ["api:2"], "failing"],
    ]);
  });
});
