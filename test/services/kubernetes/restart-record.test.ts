import { join } from "node:path";

import { expect } from "chai";

import { isRecord } from "../../../src/json.js";
import { HEALTH_LABEL } from "../../../src/indexer/kubernetes/health-record.js";
import type { WorkloadKind } from "../../../src/indexer/kubernetes/objects.js";
import { expectRefusal, expectSuccess, listOf, onlyDocument } from "../../helpers/refusal.js";
import { describeWith } from "../servers/describe-services.js";
import { KUBERNETES_TOOLS, startKubernetes, type Kubernetes } from "../servers/kubernetes.js";
import { kubeconfigOf, typedIn, type Typed } from "./typed.js";
import { at, containerOf, read, roll, settled, without } from "./workloads.js";

const KINDS = ["Deployment", "StatefulSet", "DaemonSet"] as const;
const RESTARTED = ["spec", "template", "metadata", "annotations"];

describeWith(KUBERNETES_TOOLS, "indexer restart and record", function () {
  this.timeout(120_000);
  let kubernetes: Kubernetes;
  let namespace: string;
  let typed: Typed | undefined;

  before(async () => {
    kubernetes = await startKubernetes();
  });
  after(async () => {
    await kubernetes.stop();
  });
  beforeEach(async () => {
    namespace = await kubernetes.namespace();
  });
  afterEach(async () => {
    await typed?.remove();
    typed = undefined;
  });

  async function workload(kind: WorkloadKind): Promise<Record<string, unknown>> {
    return await read(kubernetes, namespace, { kind, name: "api" });
  }

  async function image(): Promise<unknown> {
    return at(containerOf(await workload("Deployment")), ["image"]);
  }

  async function podNames(): Promise<readonly unknown[]> {
    const { text } = await kubernetes.api("GET", `/api/v1/namespaces/${namespace}/pods`);
    const list: unknown = JSON.parse(text);
    return listOf(isRecord(list) ? list : {}, "items").map((pod) => at(pod, ["metadata", "uid"]));
  }

  for (const kind of KINDS) {
    it(`restart a ${kind} as kubectl does, and once however often it is typed`, async () => {
      const twin = await kubernetes.namespace();
      for (const one of [namespace, twin]) {
        await roll(kubernetes, one, kind, { image: "api:1", env: { A: "1" } });
      }
      typed = await typedIn(kubernetes, namespace, kind);
      expectSuccess(await typed.run("status", {}));
      const before = await podNames();
      const done = await typed.run("restart", { yes: true, rehearse: true });
      expectSuccess(done);
      const after = await podNames();
      expect(after).to.have.length(before.length);
      expect(after.filter((uid) => before.includes(uid))).to.deep.equal([]);
      const again = await typed.run("restart", { yes: true, json: true });
      expectSuccess(again);
      expect(listOf(onlyDocument(again), "outcomes")[0]).to.include({ status: "already" });
      expect(await podNames()).to.have.members([...after]);

      await kubernetes.kubectl(twin, "rollout", "restart", `${kind.toLowerCase()}/api`);
      await settled(kubernetes, twin, kind);
      const ours = await workload(kind);
      const theirs = await read(kubernetes, twin, { kind, name: "api" });
      const restartedAt = "kubectl.kubernetes.io/restartedAt";
      expect(at(ours, RESTARTED)).to.have.all.keys(restartedAt);
      expect(at(theirs, RESTARTED)).to.have.all.keys(restartedAt);
      expect(withoutTime(ours)).to.deep.equal(withoutTime(theirs));

      const wanted = await typed.run("restart", { yes: true, again: true });
      expectSuccess(wanted);
      expect((await podNames()).filter((uid) => after.includes(uid))).to.deep.equal([]);
    });
  }

  function withoutTime(object: Record<string, unknown>): unknown {
    const template = at(object, ["spec", "template"]);
    const metadata = without(at(template, ["metadata"]), "annotations");
    return {
      spec: without(object.spec, "template"),
      template: isRecord(template) ? { ...template, metadata } : template,
      annotations: at(object, ["metadata", "annotations"]),
      generation: at(object, ["metadata", "generation"]),
    };
  }

  it("do not restart again from a plan file, nor what is paused, nor say done where pods stay", async () => {
    await roll(kubernetes, namespace, "Deployment", { image: "api:1" });
    typed = await typedIn(kubernetes, namespace);
    const file = join(typed.folder, "plan.json");
    expectSuccess(await typed.run("restart", { dryRun: true, savePlan: file }));
    expectSuccess(await typed.run("restart", { plan: file, yes: true }));
    expectRefusal(await typed.run("restart", { plan: file, yes: true }), "PRIOR_STATE_CHANGED");
    await kubernetes.kubectl(namespace, "rollout", "pause", "deployment/api");
    const paused = await typed.run("restart", { yes: true, again: true });
    expect(expectRefusal(paused, "ROLLOUT_PAUSED").next).to.contain("kubectl rollout resume");
    await typed.remove();

    const strategies = [
      ["DaemonSet", { type: "OnDelete" }, "OnDelete"],
      ["StatefulSet", { type: "OnDelete" }, "OnDelete"],
      ["StatefulSet", { type: "RollingUpdate", rollingUpdate: { partition: 1 } }, "below api-1"],
    ] as const;
    for (const [kind, updateStrategy, words] of strategies) {
      namespace = await kubernetes.namespace();
      await roll(kubernetes, namespace, kind, { image: "api:1" }, { updateStrategy });
      typed = await typedIn(kubernetes, namespace, kind);
      await typed.run("status", {});
      const before = await podNames();
      const held = await typed.run("restart");
      expect(held.exitCode, kind).to.equal(3);
      expect(held.stdout).to.contain(words);
      expect((await podNames()).filter((uid) => before.includes(uid))).not.to.deep.equal([]);
      await typed.remove();
    }
    typed = undefined;
  });

  it("make no revision that a rollback would stop at: the one before is another version", async () => {
    for (const one of ["api:1", "api:2"]) {
      await roll(kubernetes, namespace, "Deployment", { image: one });
    }
    typed = await typedIn(kubernetes, namespace);
    expectSuccess(await typed.run("restart"));
    // kubectl goes back to api:2 here, which is what was just restarted in vain.
    expectSuccess(await typed.run("rollback"));
    expect(await image()).to.equal("api:1");
    expectSuccess(await typed.run("restart"));
    const again = await typed.run("rollback", { yes: true, json: true });
    expect(listOf(onlyDocument(again), "outcomes")[0]).to.include({ status: "already" });
    expect(await image()).to.equal("api:1");
  });

  async function history(): Promise<readonly Record<string, unknown>[]> {
    const shown = await (typed?.run("history", { json: true }) ?? expect.fail());
    expectSuccess(shown);
    return listOf(onlyDocument(shown), "revisions").filter(isRecord);
  }

  for (const kind of KINDS) {
    it(`let "healthy" find what a ${kind} was when it worked, long after its pods are gone`, async () => {
      typed = await typedIn(kubernetes, namespace, kind, {}, {});
      await roll(kubernetes, namespace, kind, { image: "api:1" });
      const recorded = await typed.run("record", { yes: true, rehearse: true });
      expectSuccess(recorded);
      expect(recorded.stdout).to.contain("(api:1) is recorded to have worked at 20");
      const twice = await typed.run("record", { yes: true, json: true });
      expect(listOf(onlyDocument(twice), "outcomes")[0]).to.include({ status: "already" });
      for (const one of ["api:2", "api:3"]) {
        await roll(kubernetes, namespace, kind, { image: one });
        expectSuccess(await typed.run("status", {}));
      }
      expect((await history()).map((each) => [each.number, each.health])).to.deep.equal([
        [1, "healthy"],
        [2, "unknown"],
        [3, "healthy"],
      ]);
      const shown = await typed.run("history", {});
      expect(shown.stdout).to.match(/api:1 .*has no pods, worked at 20\d\d-/);
      const back = await typed.run("rollback", { to: "healthy", yes: true });
      expectSuccess(back);
      expect(back.stdout).to.contain("revision 1 worked at 20");
      const object = await workload(kind);
      expect(at(containerOf(object), ["image"])).to.equal("api:1");
      // What was left worked by its pods, and was left all the same: "healthy" does not go back to it.
      expect((await history()).map(({ images, health }) => [images, health])).to.deep.include([
        ["api:3"],
        "rolled-back",
      ]);
      const again = await typed.run("rollback", { to: "healthy", yes: true, json: true });
      expect(listOf(onlyDocument(again), "outcomes")[0]).to.include({ status: "already" });
    });
  }

  it("record nothing of what does not work, and what kubectl copies about makes no other record", async () => {
    typed = await typedIn(kubernetes, namespace, "Deployment", { waitSeconds: 2 });
    await roll(kubernetes, namespace, "Deployment", { image: "api:1" });
    expectSuccess(await typed.run("record"));
    await roll(kubernetes, namespace, "Deployment", { image: "api:2", fate: "never-ready" });
    const refusal = expectRefusal(await typed.run("record"), "INDEXER_NOT_UP");
    expect(refusal.what).to.contain("api");
    expect(refusal.next).to.contain("npx hardhat indexer status");
    // Back and forth by kubectl, and on to something new.
    for (const undo of [1, 2, 3]) {
      const { code } = await kubernetes.kubectl(namespace, "rollout", "undo", "deployment/api");
      expect(code, String(undo)).to.equal(0);
      await settled(kubernetes, namespace, "Deployment");
    }
    await roll(kubernetes, namespace, "Deployment", { image: "api:3", fate: "never-ready" });
    const object = await workload("Deployment");
    expect(JSON.stringify(object.metadata)).not.to.contain(HEALTH_LABEL);
    const found = await history();
    expect(found.map(({ images, recorded }) => [images, recorded !== null])).to.have.deep.members([
      [["api:1"], true],
      [["api:2"], false],
      [["api:3"], false],
    ]);
    expectSuccess(await typed.run("rollback", { to: "healthy", yes: true }));
    expect(await image()).to.equal("api:1");
    expectSuccess(await typed.run("stop"));
    expectRefusal(await typed.run("record"), "INDEXER_NOT_UP");
  });

  it("go back also for somebody who may not write on revisions, and say that it is not recorded", async () => {
    for (const one of ["api:1", "api:2"]) {
      await roll(kubernetes, namespace, "Deployment", { image: one });
    }
    const kubeconfig = await kubeconfigOf(kubernetes, namespace, [
      { apiGroups: ["apps"], resources: ["*"], verbs: ["get", "list"] },
      { apiGroups: ["apps"], resources: ["deployments"], verbs: ["patch"] },
      { apiGroups: [""], resources: ["*"], verbs: ["get", "list"] },
    ]);
    typed = await typedIn({ kubeconfig }, namespace);
    const done = await typed.run("rollback");
    expectSuccess(done);
    expect(done.stdout).to.contain("is not recorded").and.to.contain('"replicasets"');
    expect(await image()).to.equal("api:1");
  });
});
