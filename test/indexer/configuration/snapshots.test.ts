import { expect } from "chai";
import fc from "fast-check";

import { keeperOf } from "../../../src/indexer/configuration/owned.js";
import {
  outdated,
  snapshotFor,
  type Snapshot,
} from "../../../src/indexer/configuration/snapshots.js";
import {
  clusterObjectSchema,
  type ClusterObject,
} from "../../../src/indexer/kubernetes/objects.js";
import type { JsonObject } from "../../../src/json.js";

function object(metadata: JsonObject = {}): ClusterObject {
  const about = { name: "x", uid: "u", creationTimestamp: "2026-01-01T00:00:00Z", ...metadata };
  return clusterObjectSchema.parse({ metadata: about });
}

const someTemplate: fc.Arbitrary<string> = fc.constantFrom("t1", "t2", "t3");

const some: fc.Arbitrary<readonly Snapshot[]> = fc
  .array(
    fc.record({
      template: someTemplate,
      why: fc.constantFrom("deploy", "left", "restored", "before"),
    }),
    { maxLength: 30 },
  )
  .map((all) =>
    all.map(({ template, why }, index) => ({
      ...{ template, why, number: index + 1, revision: 1, by: "", at: "", objects: [] },
      record: object(),
    })),
  );

describe("snapshots of a configuration", () => {
  it("speak for a template with the newest one that was not only taken to undo something", () => {
    fc.assert(
      fc.property(some, (snapshots) => {
        const found = snapshotFor(snapshots, "t1");
        const fit = snapshots.filter(({ template, why }) => template === "t1" && why !== "before");
        expect(found).to.equal(fit.at(-1));
      }),
    );
  });

  it("go with the templates that are gone, and never the one that speaks for another", () => {
    fc.assert(
      fc.property(some, fc.uniqueArray(someTemplate), (snapshots, templates) => {
        const kept = new Set(templates);
        const gone = outdated(snapshots, kept);
        const left = snapshots.filter((each) => !gone.includes(each));
        expect(left.every(({ template }) => kept.has(template))).to.equal(true);
        for (const template of templates) {
          expect(snapshotFor(left, template)).to.equal(snapshotFor(snapshots, template));
          const all = snapshots.filter((each) => each.template === template);
          expect(left.filter((each) => each.template === template).length).to.be.within(
            Math.min(all.length, 5),
            6,
          );
        }
        expect(outdated(left, kept)).to.deep.equal([]);
      }),
    );
  });

  it("are no use where somebody keeps an object as it is, and that is seen", () => {
    const owner = {
      apiVersion: "v1",
      kind: "SealedSecret",
      name: "db",
      uid: "s",
      controller: true,
    };
    expect(keeperOf(object({ ownerReferences: [owner] }))).to.equal("SealedSecret db");
    expect(keeperOf(object({ ownerReferences: [{ ...owner, controller: false }] }))).to.equal(null);
    const managed = { "reconcile.external-secrets.io/managed": "true" };
    expect(keeperOf(object({ labels: managed }))).to.equal("External Secrets");
    expect(keeperOf(object({ annotations: { "cert-manager.io/certificate-name": "a" } }))).to.equal(
      "cert-manager",
    );
    expect(keeperOf(object({ labels: { app: "api" } }))).to.equal(null);
  });
});
