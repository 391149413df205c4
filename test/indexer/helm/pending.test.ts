import { expect } from "chai";

import { describeFailure, markFailed } from "../../../src/indexer/helm/mark-failed.js";
import { describeRollback, workOn, type Process } from "../../../src/indexer/helm/pending.js";
import { unpackRelease } from "../../../src/indexer/helm/release.js";
import { rollbackArguments } from "../../../src/indexer/helm/run-rollback.js";
import { readReleases } from "../../../src/indexer/helm/storage.js";
import type { PatchOperation } from "../../../src/indexer/kubernetes/cluster.js";
import { expectRejection } from "../../helpers/refusal.js";
import { clusterWith, packed, record, releaseJson } from "./records.js";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

const place = { release: "api", namespace: "market" };

function work(
  ageMs: number,
  options: {
    readonly status?: string;
    readonly description?: string;
    readonly here?: readonly Process[] | null;
    readonly takeOver?: boolean;
  } = {},
): string {
  const { status = "pending-upgrade", description = "Preparing upgrade" } = options;
  const { here = [], takeOver = false } = options;
  const newest = { number: 7, status, description, changedMs: 0 };
  return workOn(place, newest, here, { host: "laptop", nowMs: ageMs, takeOver }).state;
}

function helm(...args: readonly string[]): Process {
  return { id: 12, args: ["/usr/bin/helm", ...args] };
}

describe("Whether helm is at work on a release", () => {
  it("is told by the processes of this machine, by who began, and by how long ago that was", () => {
    expect(work(0, { status: "deployed" })).to.equal("none");
    expect(work(SECOND_MS)).to.equal("running");
    expect(work(10 * MINUTE_MS)).to.equal("ended");
    expect(work(SECOND_MS, { takeOver: true })).to.equal("ended");

    const description = describeRollback(3, "alice@laptop", "0a1b2c3d");
    expect(work(SECOND_MS, { description })).to.equal("ended");
    // Elsewhere, or where processes cannot be listed.
    const far = describeRollback(3, "alice@server", "0a1b2c3d");
    expect(work(SECOND_MS, { description: far })).to.equal("running");
    expect(work(SECOND_MS, { description, here: null })).to.equal("running");
  });

  it("counts a helm of this machine, however long ago it began, if it is for this release", () => {
    for (const [process, state] of [
      [helm("upgrade", "api", "./chart", "-n", "market"), "running"],
      [helm("upgrade", "--namespace=market", "api", "./chart"), "running"],
      [helm("rollback", "api", "3"), "running"],
      [helm("upgrade", "api", "./chart", "--namespace", "other"), "ended"],
      [helm("upgrade", "web", "./chart"), "ended"],
      [helm("history", "api"), "ended"],
      [{ id: 1, args: ["vi", "upgrade", "api"] }, "ended"],
    ] as const) {
      expect(work(60 * MINUTE_MS, { here: [process], takeOver: true })).to.equal(state);
    }
  });
});

describe("A revision that stayed pending", () => {
  it("is marked in its record and nowhere else, if nobody has changed it since", async () => {
    const info = {
      status: "pending-upgrade",
      description: 'Preparing "it" <b> \\"status\\":\\"deployed\\"',
    };
    // A number that JavaScript cannot hold, and a text that looks like what is changed.
    const json = JSON.stringify(
      releaseJson({ info, config: { text: '"status":"pending-upgrade"' }, manifest: "a: 1" }),
    ).replace('"config":{', '"config":{"big":12345678901234567890,');
    const cluster = clusterWith([record(1, packed(json))]);
    const { releases } = await readReleases(cluster, "api", "secrets");
    const [release] = releases;
    if (release === undefined) {
      throw new Error("there is no release");
    }
    let sent: readonly PatchOperation[] = [];
    const taking = {
      ...cluster,
      patchObject: async (_: unknown, operations: readonly PatchOperation[]) => {
        sent = operations;
        return await Promise.resolve({ refused: "somebody else" });
      },
    };
    const description = describeFailure("api", release, "it was killed");
    expect(await markFailed(taking, release, description, new Date(0))).to.equal("somebody else");
    expect(sent[0]).to.include({ op: "test", path: "/metadata/resourceVersion", value: "7" });
    expect(sent[2]).to.include({ path: "/metadata/labels/status", value: "failed" });
    const kept = sent[1]?.value;
    const written = unpackRelease(
      Buffer.from(typeof kept === "string" ? kept : "", "base64").toString("latin1"),
    );
    expect(written).to.equal(
      json
        .replace('"status":"pending-upgrade"', '"status":"failed"')
        .replace(JSON.stringify(info.description), JSON.stringify(description)),
    );
    expect(description)
      .to.contain('Upgrade "api" failed: it was killed (was pending-upgrade: ')
      .and.to.contain(info.description);
  });

  it("is left alone when it is not written as helm writes it", async () => {
    const json = `{"config":{"status":"pending-upgrade"},${JSON.stringify(releaseJson({ info: { status: "pending-upgrade" } })).slice(1)}`;
    const cluster = clusterWith([record(1, packed(json.replace('"config":{},', "")))]);
    const [release] = (await readReleases(cluster, "api", "secrets")).releases;
    if (release === undefined) {
      throw new Error("there is no release");
    }
    await expectRejection(markFailed(cluster, release, "a", new Date(0)), "HELM_RECORD_UNREADABLE");
  });
});

describe("helm's arguments", () => {
  const order = { to: { number: 3 }, hooks: true, forceConflicts: true };
  const where = { release: "api", waitMs: 90_000, by: "alice@laptop" };

  it("are those that it knows", () => {
    const flags = new Set(["description", "force-conflicts"]);
    expect(rollbackArguments(where, { flags }, order, "0a1b2c3d")).to.deep.equal([
      ...["rollback", "api", "3", "--wait", "--timeout", "90s", "--history-max", "0"],
      ...["--description", "Rollback to 3 by alice@laptop (hardhat-emergency 0a1b2c3d)"],
      "--force-conflicts",
    ]);
    // Helm 3
    expect(
      rollbackArguments(where, { flags: new Set() }, { ...order, hooks: false }, "0a1b2c3d"),
    ).to.deep.equal([
      ...["rollback", "api", "3", "--wait", "--timeout", "90s", "--history-max", "0"],
      "--no-hooks",
    ]);
  });
});
