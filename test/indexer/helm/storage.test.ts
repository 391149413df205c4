import { gzipSync } from "node:zlib";

import { expect } from "chai";
import fc from "fast-check";

import { parseRelease, unpackRelease } from "../../../src/indexer/helm/release.js";
import { driverOf, readReleases } from "../../../src/indexer/helm/storage.js";
import { redact } from "../../../src/redact.js";
import { emergencyError, expectRejection } from "../../helpers/refusal.js";
import { clusterWith, packed, record, releaseJson } from "./records.js";

describe("The records of Helm", () => {
  it("are read, oldest first, whoever made them", async () => {
    const records = [3, 10, 2].map((version) =>
      record(version, packed(JSON.stringify(releaseJson({ version })))),
    );
    // Before Helm 2.7 they were not compressed.
    const plain = Buffer.from(JSON.stringify(releaseJson({ version: 1 }))).toString("base64");
    const { releases } = await readReleases(
      clusterWith([...records, record(1, plain)]),
      "api",
      "secrets",
    );
    expect(releases.map(({ number }) => number)).to.deep.equal([1, 2, 3, 10]);
    expect(releases[0]).to.include({
      chart: "indexer-1.2.0",
      appVersion: "7",
      status: "deployed",
      rollbackTo: null,
      serverSide: true,
      changedMs: Date.parse("2026-01-03T00:00:00Z"),
    });
  });

  it("say which revision a rollback was to bring back, in a field or in words", () => {
    const rollbackTo = (info: Readonly<Record<string, string | number>>): number | null =>
      parseRelease(JSON.stringify(releaseJson({ info }))).rollbackTo;
    expect(rollbackTo({ rollback_revision: 4, description: "by hand" })).to.equal(4);
    expect(rollbackTo({ description: "Rollback to 12" })).to.equal(12);
    expect(rollbackTo({ description: 'Rollback "api" failed: no' })).to.equal(null);
  });

  it("that cannot be read are told apart, and nothing of them is told", async () => {
    const half = packed(JSON.stringify(releaseJson({ version: 2 }))).slice(0, 80);
    const bomb = gzipSync(Buffer.alloc(80 * 1024 * 1024)).toString("base64");
    const secret = packed('{"info": a-secret-that-is-no-json');
    const { releases, unreadable } = await readReleases(
      clusterWith([
        record(1, packed(JSON.stringify(releaseJson({ version: 1 })))),
        record(2, half),
        record(3, "%%%"),
        record(4, bomb),
        record(5, secret),
        record(6, packed(JSON.stringify(releaseJson({ version: 7 })))),
        record(7, packed('{"version": 7}')),
        record(8, ""),
      ]),
      "api",
      "secrets",
    );
    expect(releases.map(({ number }) => number)).to.deep.equal([1]);
    expect(unreadable.map(({ number }) => number)).to.deep.equal([2, 3, 4, 5, 6, 7, 8]);
    const said = unreadable.map(({ why }) => why).join("\n");
    expect(said)
      .to.contain("cannot be decompressed")
      .and.to.contain("it is not base64")
      .and.to.contain("it is of revision 7")
      .and.to.contain("its info is not as helm writes it")
      .and.not.to.contain("a-secret");
  });

  it("of whatever shape never throw anything but words", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.base64String()), (text) => {
        for (const one of [text, packed(text)]) {
          try {
            parseRelease(unpackRelease(one));
          } catch (error) {
            expect(error).to.be.instanceOf(Error);
          }
        }
      }),
    );
  });

  it("keep their secrets to themselves", async () => {
    const manifest = [
      "# Source: a.yaml\napiVersion: v1\nkind: Secret\nmetadata: {name: api}\ndata: {a: Y2FuYXJ5LW9uZQ==}\nstringData: {b: canary-two}",
      "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: x, env: [{name: API_KEY, value: canary-three}]}]}",
    ].join("\n---\n");
    await readReleases(
      clusterWith([record(1, packed(JSON.stringify(releaseJson({ manifest }))))]),
      "api",
      "secrets",
    );
    expect(redact("canary-one canary-two canary-three Y2FuYXJ5LW9uZQ==")).to.equal(
      "[secret] [secret] [secret] [secret]",
    );
  });

  it("are where HELM_DRIVER says, or are refused", async () => {
    expect([undefined, "", "secret", "configmap", "configmaps"].map(driverOf)).to.deep.equal([
      ...["secrets", "secrets", "secrets", "configmaps", "configmaps"],
    ]);
    for (const driver of ["sql", "memory", "nonsense"]) {
      let thrown: unknown;
      try {
        driverOf(driver);
      } catch (error) {
        thrown = error;
      }
      expect(emergencyError(thrown).code).to.equal("BAD_CONFIG");
    }
    await expectRejection(readReleases(clusterWith([]), "api", "secrets"), "UNKNOWN_HELM_RELEASE");
  });
});
