import { expect } from "chai";

import type { WorkloadKind } from "../../../src/indexer/kubernetes/objects.js";
import {
  lookAtWorkload,
  problemOf,
  waitForRollout,
  type WorkloadStatus,
} from "../../../src/indexer/kubernetes/status.js";
import { until } from "../../helpers/anvil.js";
import { describeWith } from "../servers/describe-services.js";
import { KUBERNETES_TOOLS, startKubernetes, type Kubernetes } from "../servers/kubernetes.js";
import { RESTARTS } from "../servers/kubernetes-stages.js";
import { indexerIn, rollBack, roll, type Version } from "./workloads.js";

const KINDS: readonly WorkloadKind[] = ["Deployment", "StatefulSet", "DaemonSet"];

describeWith(KUBERNETES_TOOLS, "The status of a workload", () => {
  let kubernetes: Kubernetes;

  before(async () => {
    kubernetes = await startKubernetes();
  });
  after(async () => {
    await kubernetes.stop();
  });

  async function statusOf(
    namespace: string,
    kind: WorkloadKind,
  ): Promise<{ readonly status: WorkloadStatus; readonly told: readonly string[] }> {
    const told: string[] = [];
    const indexer = await indexerIn(kubernetes, namespace, kind);
    const status = await waitForRollout(indexer, (what) => told.push(what));
    return { status, told };
  }

  for (const kind of KINDS) {
    it(`of a ${kind} that comes up is "done", and kubectl agrees`, async () => {
      const namespace = await kubernetes.namespace();
      await roll(kubernetes, namespace, kind, { image: "api:1" });
      const { status } = await statusOf(namespace, kind);
      expect(status.rollout.state).to.equal("done");
      expect(status.causes).to.deep.equal([]);
      expect(problemOf(status)).to.equal(undefined);
      const args = ["rollout", "status", `${kind.toLowerCase()}/api`, "--timeout=1s"];
      expect((await kubernetes.kubectl(namespace, ...args)).code).to.equal(0);
    });

    const failures: readonly (readonly [string, Version["fate"], string, RegExp])[] = [
      [
        "crashes",
        "crash-loop",
        "crash",
        new RegExp(`container api crashes, .* ${RESTARTS} times: OOMKilled, exit code 137`),
      ],
      [
        "has no image",
        "image-pull",
        "image",
        /image api:2 of container api .*: .*manifest unknown/,
      ],
      ["is never ready", "never-ready", "probe", /container api runs and is not ready: .*503/],
    ];
    for (const [what, fate, cause, words] of failures) {
      it(`of a ${kind} whose new version ${what} says so, long before kubectl gives up`, async () => {
        const namespace = await kubernetes.namespace();
        await roll(kubernetes, namespace, kind, { image: "api:1" });
        expect((await statusOf(namespace, kind)).status.rollout.state).to.equal("done");
        await roll(kubernetes, namespace, kind, { image: "api:2", ...(fate && { fate }) });
        const { status, told } = await statusOf(namespace, kind);
        expect(status.rollout.state).to.equal("stuck");
        const [first] = status.causes;
        expect(first?.kind).to.equal(cause);
        expect(first?.what).to.match(words);
        expect(told.join("\n")).to.match(words);
      });
    }
  }

  it("says that a quota is used up, for every kind", async () => {
    for (const kind of KINDS) {
      const namespace = await kubernetes.namespace();
      const quota = {
        apiVersion: "v1",
        kind: "ResourceQuota",
        metadata: { name: "few" },
        spec: { hard: { pods: "1" } },
      };
      const path = `/api/v1/namespaces/${namespace}/resourcequotas`;
      expect((await kubernetes.api("POST", path, quota)).status).to.equal(201);
      await until("the quota is counted", async () =>
        (await kubernetes.api("GET", `${path}/few`)).text.includes('"used"'),
      );
      await roll(kubernetes, namespace, kind, { image: "api:1" });
      const { status } = await statusOf(namespace, kind);
      expect(status.rollout.state, kind).to.equal("stuck");
      expect(status.causes[0]?.kind, kind).to.equal("quota");
      expect(status.causes[0]?.what, kind).to.contain("exceeded quota: few");
    }
  });

  it("says that no node can take a pod, and why", async () => {
    const namespace = await kubernetes.namespace();
    await roll(kubernetes, namespace, "Deployment", { image: "api:1", memory: "2Ti" });
    const { status } = await statusOf(namespace, "Deployment");
    expect(status.causes[0]?.kind).to.equal("scheduling");
    expect(status.causes[0]?.what).to.contain("Insufficient memory");
  });

  it("tells a failed probe from a crash, and what is missing from what takes long", async () => {
    const fates: readonly (readonly [NonNullable<Version["fate"]>, string, RegExp])[] = [
      ["liveness", "probe", /killed because of a probe.*Liveness probe failed: .*refused/],
      ["no-config", "configuration", /cannot be started: secret "database" not found/],
      ["no-volume", "configuration", /configmap "settings" not found/],
    ];
    await Promise.all(
      fates.map(async ([fate, cause, words]) => {
        const namespace = await kubernetes.namespace();
        await roll(kubernetes, namespace, "Deployment", { image: "api:1", fate });
        const { status } = await statusOf(namespace, "Deployment");
        expect(status.rollout.state, fate).to.equal("stuck");
        expect(status.causes[0]?.kind, fate).to.equal(cause);
        expect(status.causes[0]?.what, fate).to.match(words);
      }),
    );
  });

  it("says that its pods are refused, by a policy and by the rules of the namespace, for every kind", async () => {
    const policies = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";
    const matching = {
      resourceRules: [
        { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] },
      ],
    };
    const policy = {
      metadata: { name: "signed-only" },
      spec: {
        failurePolicy: "Fail",
        matchConstraints: matching,
        validations: [{ expression: "false", message: "its image is not signed" }],
      },
    };
    const binding = {
      metadata: { name: "signed-only" },
      spec: {
        policyName: "signed-only",
        validationActions: ["Deny"],
        matchResources: { namespaceSelector: { matchLabels: { policy: "signed-only" } } },
      },
    };
    expect((await kubernetes.api("POST", policies, policy)).status).to.equal(201);
    const bindings = await kubernetes.api(
      "POST",
      policies.replace("policies", "policybindings"),
      binding,
    );
    expect(bindings.status, bindings.text).to.equal(201);
    const rules = [
      [{ policy: "signed-only" }, /its image is not signed/],
      [{ "pod-security.kubernetes.io/enforce": "restricted" }, /violates PodSecurity "restricted/],
    ] as const;
    await Promise.all(
      KINDS.flatMap((kind) =>
        rules.map(async ([labels, words]) => {
          const namespace = await kubernetes.namespace();
          const path = `/api/v1/namespaces/${namespace}`;
          const patch = { metadata: { labels } };
          await kubernetes.api("PATCH", path, patch, "application/merge-patch+json");
          await until(`pods are refused in ${namespace}`, async () => {
            const pod = {
              metadata: { name: "probe" },
              spec: { containers: [{ name: "api", image: "api:1" }] },
            };
            const { status } = await kubernetes.api("POST", `${path}/pods?dryRun=All`, pod);
            return status === 403 || status === 422;
          });
          await roll(kubernetes, namespace, kind, { image: "api:1" });
          const { status } = await statusOf(namespace, kind);
          expect(status.rollout.state, kind).to.equal("stuck");
          expect(status.causes[0]?.kind, kind).to.equal("refused");
          expect(status.causes[0]?.what, kind).to.match(words);
        }),
      ),
    );
  });

  it("does not wait for a paused Deployment, and says how to go on", async () => {
    const namespace = await kubernetes.namespace();
    await roll(kubernetes, namespace, "Deployment", { image: "api:1" });
    await statusOf(namespace, "Deployment");
    const pause = await kubernetes.kubectl(namespace, "rollout", "pause", "deployment/api");
    expect(pause.code).to.equal(0);
    await kubernetes.kubectl(namespace, "set", "image", "deployment/api", "api=api:2");
    const { status } = await statusOf(namespace, "Deployment");
    expect(status.rollout.state).to.equal("stuck");
    expect(status.rollout.what).to.contain("kubectl rollout resume deployment/api");
  });

  it("respects the partition of a StatefulSet, as kubectl does", async () => {
    const namespace = await kubernetes.namespace();
    const more = { updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 1 } } };
    await roll(kubernetes, namespace, "StatefulSet", { image: "api:1" }, more);
    await statusOf(namespace, "StatefulSet");
    await roll(kubernetes, namespace, "StatefulSet", { image: "api:2" }, more);
    const { status } = await statusOf(namespace, "StatefulSet");
    expect(status.rollout.state).to.equal("done");
    expect(status.rollout.what).to.contain("the partition keeps 1");
  });

  it("of a rollback to a version that works is good, and of one to a broken one says why", async () => {
    const namespace = await kubernetes.namespace();
    await roll(kubernetes, namespace, "Deployment", { image: "api:1", fate: "crash-loop" });
    await roll(kubernetes, namespace, "Deployment", { image: "api:2" });
    const indexer = await indexerIn(kubernetes, namespace, "Deployment");
    await waitForRollout(indexer, () => undefined);
    const bad = await rollBack(indexer, { to: "previous" });
    expect(bad.outcomes[0]?.status).to.equal("not-verified");
    expect(bad.outcomes[0]?.verification?.problem).to.match(/container api crashes/);
    const good = await rollBack(indexer, { to: "healthy" });
    expect(good.outcomes[0]?.status).to.equal("done");
    const again = await rollBack(indexer, { to: "image", image: "api:2" });
    expect(again.outcomes[0]?.status).to.equal("already");
    expect((await lookAtWorkload(indexer)).rollout.state).to.equal("done");
  });
});
