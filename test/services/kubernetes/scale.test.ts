import { expect } from "chai";

import { isRecord } from "../../../src/json.js";
import { until } from "../../helpers/anvil.js";
import { expectRefusal, expectSuccess, listOf, onlyDocument } from "../../helpers/refusal.js";
import { describeWith } from "../servers/describe-services.js";
import { KUBERNETES_TOOLS, startKubernetes, type Kubernetes } from "../servers/kubernetes.js";
import { kubeconfigOf, typedIn, type Typed } from "./typed.js";
import { at, read, roll } from "./workloads.js";

describeWith(KUBERNETES_TOOLS, "indexer scale", function () {
  this.timeout(120_000);
  let kubernetes: Kubernetes;
  let namespace: string;
  let typed: Typed;

  before(async () => {
    kubernetes = await startKubernetes();
  });
  after(async () => {
    await kubernetes.stop();
  });
  beforeEach(async () => {
    namespace = await kubernetes.namespace();
    await roll(kubernetes, namespace, "Deployment", { image: "api:1", replicas: 2 });
    typed = await typedIn(kubernetes, namespace);
  });
  afterEach(async () => {
    await typed.remove();
  });

  async function replicas(): Promise<unknown> {
    const object = await read(kubernetes, namespace, { kind: "Deployment", name: "api" });
    return at(object, ["spec", "replicas"]);
  }

  const autoscalers = (): string =>
    `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers`;

  /** An autoscaler without metrics that can be had: it holds the number within its bounds, and no more. */
  async function autoscaled(min: number, max: number, metadata: object = {}): Promise<void> {
    const { status, text } = await kubernetes.api("POST", autoscalers(), {
      metadata: { name: "api", ...metadata },
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "api" },
        minReplicas: min,
        maxReplicas: max,
        metrics: [
          {
            type: "Resource",
            resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } },
          },
        ],
      },
    });
    expect(status, text).to.equal(201);
    await until("the autoscaler has looked", async () =>
      (await kubernetes.api("GET", `${autoscalers()}/api`)).text.includes("AbleToScale"),
    );
  }

  async function bounds(): Promise<unknown> {
    const object: unknown = JSON.parse((await kubernetes.api("GET", `${autoscalers()}/api`)).text);
    return [at(object, ["spec", "minReplicas"]), at(object, ["spec", "maxReplicas"])];
  }

  it("brings a Deployment and a StatefulSet to the number, waits for all pods, and is done once", async () => {
    for (const kind of ["Deployment", "StatefulSet"] as const) {
      await typed.remove();
      namespace = await kubernetes.namespace();
      await roll(kubernetes, namespace, kind, { image: "api:1", replicas: 2 });
      typed = await typedIn(kubernetes, namespace, kind);
      for (const to of ["4", "1"]) {
        const done = await typed.run("scale", { to, yes: true, rehearse: true });
        expectSuccess(done);
        expect(done.stdout).to.contain("and they are available");
        const { text } = await kubernetes.api("GET", `/api/v1/namespaces/${namespace}/pods`);
        const list: unknown = JSON.parse(text);
        expect(listOf(isRecord(list) ? list : {}, "items")).to.have.length(Number(to));
        const again = await typed.run("scale", { to, yes: true, json: true });
        expect(listOf(onlyDocument(again), "outcomes")[0]).to.include({ status: "already" });
      }
      const down = await typed.run("scale", { to: "3", dryRun: true });
      expect(down.stdout).to.contain("npx hardhat indexer scale --indexer api --to 1");
    }
  });

  it("refuses a DaemonSet with what can be done instead, and what is no number", async () => {
    await roll(kubernetes, namespace, "DaemonSet", { image: "api:1" });
    const daemons = await typedIn(kubernetes, namespace, "DaemonSet");
    const refusal = expectRefusal(
      await daemons.run("scale", { to: "3", yes: true }),
      "CANNOT_SCALE",
    );
    expect(refusal.next).to.contain("npx hardhat indexer stop");
    await daemons.remove();
    for (const to of ["-1", "many", "1e3", "99999"]) {
      expectRefusal(await typed.run("scale", { to, yes: true }), "BAD_ARGUMENTS");
    }
    expectRefusal(await typed.run("scale"), "BAD_ARGUMENTS");
    for (const autoscaler of ["5..2", "0..2", "off"]) {
      expectRefusal(await typed.run("scale", { to: "2", autoscaler, yes: true }), "BAD_ARGUMENTS");
    }
    expectRefusal(
      await typed.run("scale", { to: "2", indexer: "web", yes: true }),
      "UNKNOWN_INDEXER",
    );
    const other = await typedIn(kubernetes, namespace, "Deployment", {}, { name: "web" });
    expectRefusal(await other.run("scale", { to: "2", yes: true }), "UNKNOWN_WORKLOAD");
    await other.remove();
  });

  it("does not let an autoscaler change the number back, as it does kubectl's", async () => {
    await autoscaled(2, 3);
    await kubernetes.kubectl(namespace, "scale", "deployment/api", "--replicas=5");
    await until("the autoscaler has changed it back", async () => (await replicas()) === 3);

    const refusal = expectRefusal(await typed.run("scale", { to: "5", yes: true }), "AUTOSCALED");
    expect(refusal.next).to.contain("--autoscaler widen").and.to.contain("--autoscaler pin");
    expect(await replicas()).to.equal(3);

    const pinned = await typed.run("scale", {
      to: "5",
      autoscaler: "pin",
      yes: true,
      rehearse: true,
    });
    expectSuccess(pinned);
    expect(pinned.stdout)
      .to.contain("2 to 3 -> 5")
      .and.to.contain("npx hardhat indexer scale --indexer api --to 3 --autoscaler 2..3");
    expect(await bounds()).to.deep.equal([5, 5]);
    const again = await typed.run("scale", { to: "5", autoscaler: "pin", yes: true, json: true });
    expect(listOf(onlyDocument(again), "outcomes")[0]).to.include({ status: "already" });

    // What the plan says of undoing it works.
    expectSuccess(await typed.run("scale", { to: "3", autoscaler: "2..3", yes: true }));
    expect(await bounds()).to.deep.equal([2, 3]);
    expectSuccess(await typed.run("scale", { to: "1", autoscaler: "widen", yes: true }));
    expect(await bounds()).to.deep.equal([1, 3]);
    expect(await replicas()).to.equal(1);
    const within = await typed.run("scale", { to: "2", yes: true });
    expectSuccess(within);
    expect(within.stdout).to.contain("goes on to choose between 1 to 3 pods");
  });

  it("and stop leave an autoscaler alone that rests at zero, and start gives it its workload back", async () => {
    await autoscaled(2, 3);
    expectSuccess(await typed.run("stop"));
    // It looks every second here.
    const seen = await eventually("ScalingDisabled");
    expect(seen).to.equal(true);
    expect(await replicas()).to.equal(0);
    await kubernetes.api(
      "PATCH",
      `${autoscalers()}/api`,
      { spec: { minReplicas: 3 } },
      "application/merge-patch+json",
    );
    const started = await typed.run("start");
    expectSuccess(started);
    expect(started.stdout).to.contain("will not leave it at 2 pods");
    await until("the autoscaler goes on", async () => (await replicas()) === 3);
  });

  async function eventually(words: string): Promise<boolean> {
    await until(`the autoscaler says ${words}`, async () =>
      (await kubernetes.api("GET", `${autoscalers()}/api`)).text.includes(words),
    );
    return true;
  }

  it("does not touch an autoscaler that is somebody else's, and says whose", async () => {
    const scaled = { kind: "ScaledObject", name: "api", uid: "u", apiVersion: "keda.sh/v1alpha1" };
    await autoscaled(2, 3, { ownerReferences: [{ ...scaled, controller: true }] });
    for (const autoscaler of ["keep", "widen", "pin"]) {
      const refused = await typed.run("scale", { to: "5", autoscaler, yes: true, owner: "ignore" });
      const refusal = expectRefusal(refused, "AUTOSCALED");
      expect(refusal.next).to.contain("scaledobject api autoscaling.keda.sh/paused-replicas=5");
    }
    const stop = expectRefusal(
      await typed.run("stop", { yes: true, owner: "ignore" }),
      "AUTOSCALED",
    );
    expect(stop.what).to.contain("KEDA");
    expect(await bounds()).to.deep.equal([2, 3]);
    expect(await replicas()).to.equal(2);
  });

  it("is finished by the same command when only the autoscaler could be changed", async () => {
    await autoscaled(2, 3);
    const read_ = ["get", "list"];
    const rules = [
      { apiGroups: ["apps", ""], resources: ["*"], verbs: read_ },
      { apiGroups: ["autoscaling"], resources: ["*"], verbs: [...read_, "patch"] },
    ];
    const kubeconfig = await kubeconfigOf(kubernetes, namespace, rules);
    const few = await typedIn({ kubeconfig }, namespace);
    const args = { to: "5", autoscaler: "widen", yes: true };
    expectRefusal(await few.run("scale", args), "CLUSTER_DENIED");
    expect([await bounds(), await replicas()]).to.deep.equal([[2, 5], 2]);
    await few.remove();
    expectSuccess(await typed.run("scale", args));
    expect([await bounds(), await replicas()]).to.deep.equal([[2, 5], 5]);
  });
});
