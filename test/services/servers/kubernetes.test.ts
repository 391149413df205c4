import { expect } from "chai";

import { until } from "../../helpers/anvil.js";
import { describeWith } from "./describe-services.js";
import { KUBERNETES_TOOLS, startKubernetes, type Kubernetes } from "./kubernetes.js";

describeWith(KUBERNETES_TOOLS, "A Kubernetes control plane", () => {
  let kubernetes: Kubernetes;

  before(async () => {
    kubernetes = await startKubernetes();
  });
  after(async () => {
    await kubernetes.stop();
  });

  it("brings up what it is asked for, on several nodes", async () => {
    const namespace = await kubernetes.namespace();
    const run = async (...args: readonly string[]): Promise<string> => {
      const { code, output } = await kubernetes.kubectl(namespace, ...args);
      expect(code, output).to.equal(0);
      return output;
    };
    await run("create", "deployment", "web", "--image=web:1", "--replicas=3");
    expect(await run("rollout", "status", "deployment/web", "--timeout=60s")).to.contain(
      "successfully rolled out",
    );
    expect((await run("get", "nodes", "--output=name")).trim().split("\n")).to.have.length(3);
  });

  it("lets pods fail as their label says", async () => {
    const namespace = await kubernetes.namespace();
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "api", labels: { fate: "crash-loop" } },
      spec: { containers: [{ name: "api", image: "api:1" }] },
    };
    const path = `/api/v1/namespaces/${namespace}/pods`;
    expect((await kubernetes.api("POST", path, pod)).status).to.equal(201);
    await until("the pod crashes", async () => {
      const { text } = await kubernetes.api("GET", `${path}/api`);
      return text.includes("CrashLoopBackOff") && text.includes("OOMKilled");
    });
  });
});
