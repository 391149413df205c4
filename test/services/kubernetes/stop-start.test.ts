import { expect } from "chai";

import type { WorkloadKind } from "../../../src/indexer/kubernetes/objects.js";
import {
  expectRefusal,
  expectSuccess,
  fieldOf,
  listOf,
  onlyDocument,
} from "../../helpers/refusal.js";
import { isRecord } from "../../../src/json.js";
import { describeWith } from "../servers/describe-services.js";
import { KUBERNETES_TOOLS, startKubernetes, type Kubernetes } from "../servers/kubernetes.js";
import { kubeconfigOf, typedIn, type Typed } from "./typed.js";
import { at, containerOf, pathOf, read, roll } from "./workloads.js";

describeWith(KUBERNETES_TOOLS, "indexer stop and start", function () {
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

  async function podsIn(): Promise<readonly unknown[]> {
    const { text } = await kubernetes.api("GET", `/api/v1/namespaces/${namespace}/pods`);
    const list: unknown = JSON.parse(text);
    return listOf(isRecord(list) ? list : {}, "items");
  }

  async function workload(kind: WorkloadKind): Promise<Record<string, unknown>> {
    return await read(kubernetes, namespace, { kind, name: "api" });
  }

  async function change(kind: WorkloadKind, patch: object): Promise<void> {
    const path = pathOf(namespace, { kind, name: "api" });
    const { status, text } = await kubernetes.api(
      "PATCH",
      path,
      patch,
      "application/merge-patch+json",
    );
    expect(status, text).to.equal(200);
  }

  for (const kind of ["Deployment", "StatefulSet", "DaemonSet"] as const) {
    it(`let a ${kind} have no pods and as many as before, once however often they are typed`, async () => {
      await roll(kubernetes, namespace, kind, { image: "api:1", replicas: 3 });
      typed = await typedIn(kubernetes, namespace, kind);
      expectSuccess(await typed.run("status", {}));
      const before = await workload(kind);

      const stopped = await typed.run("stop", { yes: true, rehearse: true });
      expectSuccess(stopped);
      expect(stopped.stdout)
        .to.contain("npx hardhat indexer start --indexer api")
        .and.to.contain("the API server would accept it")
        .and.to.contain(`no pod of ${kind} api is left`);
      expect(await podsIn()).to.deep.equal([]);
      const while_ = at(await workload(kind), ["metadata", "generation"]);
      const status = await typed.run("status", {});
      expect(status.exitCode).to.equal(3);
      expect(status.stdout).to.contain("is stopped: it ").and.not.to.contain("is up");
      const again = await typed.run("stop", { yes: true, json: true });
      expectSuccess(again);
      expect(listOf(onlyDocument(again), "outcomes")[0]).to.include({ status: "already" });
      expect(at(await workload(kind), ["metadata", "generation"])).to.equal(while_);

      const started = await typed.run("start");
      expectSuccess(started);
      expect(await podsIn()).to.have.length(3);
      expectSuccess(await typed.run("start"));
      const after = await workload(kind);
      expect(after.spec).to.deep.equal(before.spec);
      expect(at(after, ["metadata", "labels"])).to.equal(undefined);
      expect(at(after, ["metadata", "generation"])).to.equal(3);
    });
  }

  it("wait for what is still ending, and say what it is when that takes too long", async () => {
    const held = { finalizers: ["test.example/hold"] };
    await roll(kubernetes, namespace, "Deployment", { image: "api:1", replicas: 1 });
    const [pod] = await podsIn();
    const name = String(at(pod, ["metadata", "name"]));
    const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
    const hold = async (metadata: object): Promise<void> => {
      await kubernetes.api("PATCH", path, { metadata }, "application/merge-patch+json");
    };
    await hold(held);
    typed = await typedIn(kubernetes, namespace, "Deployment", { waitSeconds: 2 });
    const late = await typed.run("stop");
    expect(late.exitCode).to.equal(3);
    expect(late.stdout).to.contain(name).and.to.contain("1 pod is still there");
    const going = typed.run("stop");
    await hold({ finalizers: null });
    expectSuccess(await going);
    expect(await podsIn()).to.deep.equal([]);
  });

  it("do not forget how many there were when kubectl goes back to another revision meanwhile", async () => {
    for (const image of ["api:1", "api:2"]) {
      await roll(kubernetes, namespace, "Deployment", { image, replicas: 3 });
    }
    typed = await typedIn(kubernetes, namespace);
    expectSuccess(await typed.run("stop"));
    await kubernetes.kubectl(namespace, "rollout", "undo", "deployment/api");
    expectSuccess(await typed.run("start"));
    const now = await workload("Deployment");
    expect(at(now, ["spec", "replicas"])).to.equal(3);
    expect(at(containerOf(now), ["image"])).to.equal("api:1");
    // And kubectl does not bring back that it was once stopped.
    await kubernetes.kubectl(namespace, "rollout", "undo", "deployment/api");
    expect(JSON.stringify(at(await workload("Deployment"), ["metadata"]))).not.to.contain(
      "hardhat-emergency/stopped",
    );
  });

  it("leave the history of a DaemonSet as it was, so that it can be rolled back, also while stopped", async () => {
    for (const image of ["api:1", "api:2"]) {
      await roll(kubernetes, namespace, "DaemonSet", { image });
    }
    typed = await typedIn(kubernetes, namespace, "DaemonSet");
    expectSuccess(await typed.run("status", {}));
    const images = async (): Promise<unknown> =>
      listOf(
        onlyDocument(await (typed?.run("history", { json: true }) ?? expect.fail())),
        "revisions",
      )
        .filter(isRecord)
        .map((revision) => [revision.images, revision.present]);
    const before = await images();
    expectSuccess(await typed.run("stop"));
    expect(await images()).to.deep.equal(before);
    expectSuccess(await typed.run("rollback"));
    expect(await podsIn()).to.deep.equal([]);
    expectSuccess(await typed.run("start"));
    expect(await podsIn()).to.have.length(3);
    const now = await workload("DaemonSet");
    expect(at(containerOf(now), ["image"])).to.equal("api:1");
    expect(at(now, ["spec", "template", "spec", "nodeSelector"])).to.equal(undefined);
    const again = await typed.run("rollback", { yes: true, json: true });
    expect(listOf(onlyDocument(again), "outcomes")[0]).to.include({ status: "already" });
  });

  it("go around the rollback of a writer, which is planned and tried as one", async () => {
    for (const kind of ["Deployment", "StatefulSet", "DaemonSet"] as const) {
      await typed?.remove();
      namespace = await kubernetes.namespace();
      for (const image of ["api:1", "api:2"]) {
        await roll(kubernetes, namespace, kind, { image, replicas: 2 });
      }
      typed = await typedIn(kubernetes, namespace, kind, { writes: true });
      const done = await typed.run("rollback", { yes: true, rehearse: true, json: true });
      expectSuccess(done);
      expect(
        listOf(onlyDocument(done), "outcomes")
          .filter(isRecord)
          .map(({ kind: step, status }) => [step, status]),
        kind,
      ).to.deep.equal([
        ["indexer-stop", "done"],
        ["indexer-rollback", "done"],
        ["indexer-start", "done"],
      ]);
      expect(at(containerOf(await workload(kind)), ["image"])).to.equal("api:1");
      expect(await podsIn()).to.have.length(kind === "DaemonSet" ? 3 : 2);
    }
  });

  it("say what they need when nobody remembers, and forget what is not so any more", async () => {
    await roll(kubernetes, namespace, "Deployment", { image: "api:1", replicas: 2 });
    typed = await typedIn(kubernetes, namespace);
    await kubernetes.kubectl(namespace, "scale", "deployment/api", "--replicas=0");
    const stopped = await typed.run("stop");
    expectSuccess(stopped);
    expect(stopped.stdout).to.contain("nobody remembers");
    const refusal = expectRefusal(await typed.run("start"), "REPLICAS_UNKNOWN");
    expect(refusal.next).to.contain("--to 2");
    for (const to of ["0", "-1", "two", "1.5"]) {
      expectRefusal(await typed.run("start", { yes: true, to }), "BAD_ARGUMENTS");
    }
    expectSuccess(await typed.run("start", { yes: true, to: "1" }));
    expect(await podsIn()).to.have.length(1);
    // Stopped here, started by hand.
    expectSuccess(await typed.run("stop"));
    await kubernetes.kubectl(namespace, "scale", "deployment/api", "--replicas=2");
    expectSuccess(await typed.run("start"));
    const now = await workload("Deployment");
    expect(at(now, ["metadata", "labels"])).to.equal(undefined);
    expect(at(now, ["spec", "replicas"])).to.equal(2);
  });

  it("are refused where volumes would be deleted with their pods", async () => {
    const more = {
      persistentVolumeClaimRetentionPolicy: { whenScaled: "Delete", whenDeleted: "Retain" },
      volumeClaimTemplates: [
        {
          metadata: { name: "data" },
          spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
        },
      ],
    };
    await roll(kubernetes, namespace, "StatefulSet", { image: "api:1" }, more);
    typed = await typedIn(kubernetes, namespace, "StatefulSet");
    for (const [task, args] of [
      ["stop", {}],
      ["scale", { to: "1" }],
    ] as const) {
      const refusal = expectRefusal(await typed.run(task, { yes: true, ...args }), "IRREVERSIBLE");
      expect(refusal.next).to.contain("Retain");
    }
    await change("StatefulSet", {
      spec: { persistentVolumeClaimRetentionPolicy: { whenScaled: "Retain" } },
    });
    expect(at(await workload("StatefulSet"), ["spec", "replicas"])).to.equal(2);
  });

  it("name the right that somebody does not have", async () => {
    await roll(kubernetes, namespace, "Deployment", { image: "api:1" });
    const kubeconfig = await kubeconfigOf(kubernetes, namespace, [
      { apiGroups: ["apps"], resources: ["*"], verbs: ["get", "list"] },
      { apiGroups: [""], resources: ["pods", "events"], verbs: ["get", "list"] },
      { apiGroups: ["autoscaling"], resources: ["*"], verbs: ["get", "list"] },
    ]);
    typed = await typedIn({ kubeconfig }, namespace);
    for (const [task, args] of [
      ["stop", {}],
      ["scale", { to: "3" }],
      ["restart", {}],
    ] as const) {
      const refusal = expectRefusal(
        await typed.run(task, { yes: true, ...args }),
        "CLUSTER_DENIED",
      );
      expect(refusal.what, task).to.contain('cannot patch resource "deployments"');
    }
    const denied = expectRefusal(await typed.run("record"), "CLUSTER_DENIED");
    expect(denied.what).to.contain('cannot patch resource "replicasets"');
    expect(fieldOf(await workload("Deployment"), "spec")).to.include({ replicas: 2 });
  });
});
