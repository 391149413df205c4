import { expect } from "chai";
import fc from "fast-check";

import type { Autoscaler } from "../../../src/indexer/kubernetes/autoscaler.js";
import {
  labelled,
  withLabel,
  withoutLabel,
} from "../../../src/indexer/kubernetes/guarded-patch.js";
import {
  HEALTH_LABEL,
  recordOf,
  writeRecord,
  type HealthRecord,
} from "../../../src/indexer/kubernetes/health-record.js";
import { readLabelTime, writeLabelTime } from "../../../src/indexer/kubernetes/label-time.js";
import { parseAutoscaler, parsePods } from "../../../src/indexer/kubernetes/parse-scale.js";
import { waitFor } from "../../../src/indexer/kubernetes/patience.js";
import { stillThere } from "../../../src/indexer/kubernetes/pods-gone.js";
import { boundsAfter } from "../../../src/indexer/kubernetes/scale-step.js";
import {
  STOPPED_LABEL,
  isStopped,
  rememberedOf,
  startPatch,
  stopPatch,
  writeRemembered,
} from "../../../src/indexer/kubernetes/stopped.js";
import {
  startedTemplate,
  stoppedTemplate,
  templateHash,
  versionHash,
} from "../../../src/indexer/kubernetes/template.js";
import type { JsonObject } from "../../../src/json.js";
import { emergencyError } from "../../helpers/refusal.js";
import { pod, replicaSet, template, workload } from "./objects.js";

const NOON = new Date("2026-01-31T12:00:00.789Z");

/** What a label may hold (apimachinery, pkg/util/validation: IsValidLabelValue). */
const LABEL = /^([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$/;

describe("What is remembered in labels", () => {
  it("is the time to the second, and nothing that is none", () => {
    expect(writeLabelTime(NOON)).to.equal("2026-01-31T12-00-00Z");
    expect(readLabelTime("2026-01-31T12-00-00Z")).to.equal("2026-01-31T12:00:00Z");
    for (const text of ["", "2026-01-31", "2026-13-31T12-00-00Z", "2026-01-31T12:00:00Z"]) {
      expect(readLabelTime(text), text).to.equal(null);
    }
  });

  it("is how many pods there were, which a label can hold, and what nobody wrote is nothing", () => {
    const text = writeRemembered(workload({ spec: { replicas: 3 } }), NOON, false);
    expect(text).to.match(LABEL);
    const marked = (label: string) =>
      workload({ metadata: { labels: { [STOPPED_LABEL]: label } } });
    expect(rememberedOf(marked(text))).to.deep.equal({
      replicas: 3,
      at: "2026-01-31T12:00:00Z",
      inPlan: false,
    });
    expect(rememberedOf(marked(`${text}_plan`))).to.include({ inPlan: true });
    for (const label of ["", "3", "0_2026-01-31T12-00-00Z", "x_2026-01-31T12-00-00Z", "3_soon"]) {
      expect(rememberedOf(marked(label)), label).to.equal(null);
    }
    expect(rememberedOf(workload())).to.equal(null);
  });

  it("is how a revision did, of its own template only", () => {
    const hash = templateHash(template("api:1"));
    const other = templateHash(template("api:2"));
    for (const health of ["healthy", "failing", "rolled-back"] as const) {
      const record: HealthRecord = { health, at: "2026-01-31T12:00:00Z" };
      const text = writeRecord(record, hash);
      expect(text).to.match(LABEL);
      const labels = { [HEALTH_LABEL]: text };
      expect(recordOf({ labels }, hash)).to.deep.equal(record);
      expect(recordOf({ labels }, other)).to.equal(null);
    }
    for (const text of ["", "healthy", "well_2026-01-31T12-00-00Z_0123456789ab"]) {
      expect(recordOf({ labels: { [HEALTH_LABEL]: text } }, hash), text).to.equal(null);
    }
  });

  it("leaves other labels alone, also where there are none yet", () => {
    const path = "/metadata/labels/hardhat-emergency~1stopped";
    const some = { labels: { a: "1" }, resourceVersion: "7" };
    expect(withLabel(some, STOPPED_LABEL, "x")).to.deep.equal([{ op: "add", path, value: "x" }]);
    expect(labelled(STOPPED_LABEL, "x")).to.deep.equal([{ op: "add", path, value: "x" }]);
    expect(withLabel({ labels: {}, resourceVersion: "7" }, STOPPED_LABEL, "x")).to.deep.equal([
      { op: "test", path: "/metadata/resourceVersion", value: "7" },
      { op: "add", path: "/metadata/labels", value: { [STOPPED_LABEL]: "x" } },
    ]);
    expect(withoutLabel(some, STOPPED_LABEL)).to.deep.equal([]);
    expect(withoutLabel({ labels: { [STOPPED_LABEL]: "x" } }, STOPPED_LABEL)).to.deep.equal([
      { op: "remove", path },
    ]);
  });
});

describe("A workload that is stopped", () => {
  it("is one without a number of pods, and a DaemonSet that asks for no node there is", () => {
    expect(isStopped("Deployment", workload({ spec: { replicas: 0 } }))).to.equal(true);
    expect(isStopped("Deployment", workload({ spec: { replicas: undefined } }))).to.equal(false);
    const stopped = stoppedTemplate(template("api:1"));
    expect(isStopped("DaemonSet", workload({ spec: { template: stopped } }))).to.equal(true);
    expect(isStopped("DaemonSet", workload({ spec: { replicas: 0 } }))).to.equal(false);
  });

  it("is stopped and started by patches that test what they replace", () => {
    const running = workload({ spec: { replicas: 3 } });
    expect(stopPatch("StatefulSet", running, "3_x").slice(0, 2)).to.deep.equal([
      { op: "test", path: "/spec/replicas", value: 3 },
      { op: "replace", path: "/spec/replicas", value: 0 },
    ]);
    const labels = { [STOPPED_LABEL]: "3_x" };
    const stopped = workload({ spec: { replicas: 0 }, metadata: { labels } });
    expect(startPatch("StatefulSet", stopped, 3)).to.deep.equal([
      { op: "test", path: "/spec/replicas", value: 0 },
      { op: "replace", path: "/spec/replicas", value: 3 },
      { op: "remove", path: "/metadata/labels/hardhat-emergency~1stopped" },
    ]);
  });

  it("has the template that it had, whatever its nodes were", () => {
    for (const nodeSelector of [undefined, {}, { disk: "ssd" }]) {
      const bare = template("api:1");
      const before: JsonObject = {
        ...bare,
        spec: { containers: [], ...(nodeSelector === undefined ? {} : { nodeSelector }) },
      };
      const stopped = stoppedTemplate(before);
      expect(stopped).not.to.deep.equal(before);
      expect(templateHash(stopped)).to.equal(templateHash(startedTemplate(stopped)));
      if (nodeSelector === undefined || "disk" in nodeSelector) {
        expect(startedTemplate(stopped)).to.deep.equal(before);
      }
      expect(startedTemplate(before)).to.deep.equal(before);
    }
  });

  it("is gone when its last container has ended, and not before", () => {
    const stopped = workload({ spec: { replicas: 0 }, status: { observedGeneration: 2 } });
    const of = (uid: string, metadata: object, phase = "Running") => {
      const one = pod({ phase });
      return {
        ...one,
        metadata: {
          ...one.metadata,
          ownerReferences: [{ uid, controller: true }],
          ...metadata,
        },
      };
    };
    const set = { ...replicaSet(2, "api:2"), spec: { replicas: 0, template: template("api:2") } };
    const going = { deletionTimestamp: "2026-01-31T12:00:00Z" };
    expect(stillThere(stopped, [], [set])).to.equal(undefined);
    expect(stillThere(stopped, [of("uid-2", going)], [set])).to.contain(
      "1 pod is still there: api-x on node-1, to end by 2026-01-31T12:00:00Z",
    );
    // Ended, and kept for whoever wants to read its logs.
    expect(stillThere(stopped, [of("uid-2", {}, "Failed")], [set])).to.equal(undefined);
    expect(stillThere(stopped, [of("uid-2", {}, "Succeeded")], [set])).to.equal(undefined);
    // Somebody else's; and one whose ReplicaSet is gone already.
    expect(stillThere(stopped, [of("uid-other", {})], [set])).to.equal(undefined);
    expect(stillThere(stopped, [of("uid-other", going)], [set])).to.contain("1 pod is");
    expect(stillThere(stopped, [of("uid-api", {})], [])).to.contain("1 pod is");
    expect(stillThere(stopped, [], [replicaSet(2, "api:2")])).to.contain("has not seen");
    const unseen = workload({ status: { observedGeneration: 1 } });
    expect(stillThere(unseen, [], [])).to.contain("has not seen");
    const counted = workload({ status: { observedGeneration: 2, replicas: 4 } });
    expect(stillThere(counted, [], [])).to.contain("still counts 4");
    const many = ["a", "b", "c", "d", "e"].map((name) => of("uid-2", { name }));
    expect(stillThere(stopped, many, [set])).to.contain(
      "a on node-1, b on node-1, c on node-1, and 2 more",
    );
  });
});

describe("A version", () => {
  it("is the same when it was restarted, and another one with another annotation", () => {
    const bare = template("api:1");
    const annotated = (annotations: object): JsonObject => ({
      ...bare,
      metadata: { labels: { app: "api" }, annotations: { ...annotations } },
    });
    const restarted = { "kubectl.kubernetes.io/restartedAt": "2026-01-31T12:00:00Z" };
    expect(versionHash(annotated(restarted))).to.equal(versionHash(bare));
    expect(templateHash(annotated(restarted))).not.to.equal(templateHash(bare));
    expect(versionHash(annotated({ ...restarted, team: "a" }))).to.equal(
      versionHash(annotated({ team: "a" })),
    );
    expect(versionHash(annotated({ team: "a" }))).not.to.equal(versionHash(bare));
  });
});

describe("The bounds of an autoscaler", () => {
  const autoscaler = (min: number, max: number, more: Partial<Autoscaler> = {}): Autoscaler => ({
    name: "api",
    uid: "uid-hpa",
    min,
    max,
    restsAtZero: true,
    owner: null,
    ...more,
  });

  it("let the number stand afterwards, or scaling is refused; and none is changed without need", () => {
    const least = fc.integer({ min: 1, max: 9 });
    fc.assert(
      fc.property(
        fc.record({
          replicas: fc.integer({ min: 0, max: 9 }),
          min: least,
          more: fc.integer({ min: 0, max: 5 }),
          wish: fc.oneof(
            fc.constantFrom("keep" as const, "widen" as const, "pin" as const),
            fc.record({ min: least, max: least }),
          ),
        }),
        ({ replicas, min, more, wish }) => {
          const before = autoscaler(min, min + more);
          const intent = { indexer: "api", replicas, autoscaler: wish };
          let after;
          try {
            after = boundsAfter("Deployment api", intent, [before])?.to ?? before;
          } catch (error) {
            expect(emergencyError(error).code).to.equal("AUTOSCALED");
            expect(wish).not.to.be.oneOf(["widen", "pin"]);
            return;
          }
          if (replicas > 0) {
            expect(after.min).to.be.at.most(replicas);
            expect(after.max).to.be.at.least(replicas);
          }
          if (wish === "keep" || (replicas === 0 && typeof wish === "string")) {
            expect([after.min, after.max]).to.deep.equal([before.min, before.max]);
          }
          if (wish === "widen") {
            expect(after.min).to.be.at.most(before.min);
            expect(after.max).to.be.at.least(before.max);
          }
        },
      ),
    );
  });

  it("are not moved where somebody else makes them, or where there are several", () => {
    const intent = { indexer: "api", replicas: 9, autoscaler: "pin" as const };
    const operators = [autoscaler(1, 3, { owner: "Scaler api" })];
    const several = [autoscaler(1, 3), autoscaler(1, 3, { name: "other" })];
    for (const all of [operators, several]) {
      expect(() => boundsAfter("Deployment api", intent, all)).to.throw(/AUTOSCALED/);
    }
    expect(boundsAfter("Deployment api", intent, [])).to.equal(null);
  });

  it("and numbers of pods are typed in few ways", () => {
    expect(parsePods("0", 0)).to.equal(0);
    expect(parsePods("12", 1)).to.equal(12);
    for (const text of [undefined, "", "-1", "1.5", "x", "10001"]) {
      expect(() => parsePods(text, 0), String(text)).to.throw(/BAD_ARGUMENTS/);
    }
    expect(() => parsePods("0", 1)).to.throw(/BAD_ARGUMENTS/);
    expect([undefined, "keep", "widen", "pin"].map(parseAutoscaler)).to.deep.equal([
      "keep",
      "keep",
      "widen",
      "pin",
    ]);
    expect(parseAutoscaler("2..5")).to.deep.equal({ min: 2, max: 5 });
    for (const text of ["5..2", "0..2", "2", "a..b", ""]) {
      expect(() => parseAutoscaler(text), text).to.throw(/BAD_ARGUMENTS/);
    }
  });
});

describe("A wait", () => {
  it("tells what it waits for once, pauses longer and longer, and ends with what is missing", async () => {
    let ms = 0;
    const pauses: number[] = [];
    const indexer = {
      waitMs: 40_000,
      now: () => new Date(ms),
      wait: async (milliseconds: number) => {
        pauses.push(milliseconds);
        ms += milliseconds;
        await Promise.resolve();
      },
    };
    const told: string[] = [];
    const look = async () =>
      await Promise.resolve({ waitingFor: ms < 1_000 ? "the first" : "the second" });
    const ended = await waitFor(indexer, look, (what) => told.push(what));
    expect(ended).to.deep.equal({ late: "the second" });
    expect(told).to.deep.equal(["the first", "the second"]);
    expect([...new Set(pauses)]).to.deep.equal([100, 500, 2_000]);
    expect(ms).to.equal(40_000);
    const over = async () => await Promise.resolve({ over: 7 });
    expect(await waitFor(indexer, over, () => undefined)).to.deep.equal({ over: 7 });
  });
});
