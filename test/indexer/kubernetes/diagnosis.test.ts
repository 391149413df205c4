import { expect } from "chai";

import { causesOf, type Cause } from "../../../src/indexer/kubernetes/diagnosis.js";
import type { KubernetesEvent, Pod } from "../../../src/indexer/kubernetes/objects.js";
import { pod, replicaSet, warning, workload } from "./objects.js";

function causes(pods: readonly Pod[], warnings: readonly KubernetesEvent[] = []): readonly Cause[] {
  const status = { replicas: 2 };
  return causesOf({ workload: workload({ status }), pods, replicaSets: [], warnings });
}

function waiting(reason: string, message = ""): Pod {
  return pod({
    phase: "Pending",
    containerStatuses: [{ name: "api", image: "api:2", state: { waiting: { reason, message } } }],
  });
}

const unready = pod({
  phase: "Running",
  containerStatuses: [{ name: "api", state: { running: {} } }],
});

describe("Why a workload does not come up", () => {
  it("is a pod's own reason, in words", () => {
    const table: readonly (readonly [Pod, Cause["kind"], RegExp])[] = [
      [waiting("ErrImagePull", "not found"), "image", /image api:2 of container api .*not found/],
      [waiting("InvalidImageName"), "image", /InvalidImageName/],
      [
        waiting("CreateContainerConfigError", 'secret "key" not found'),
        "configuration",
        /secret "key"/,
      ],
      [waiting("CrashLoopBackOff"), "crash", /crashes/],
      [waiting("ContainerCreating"), "waiting", /being started/],
      [unready, "waiting", /not ready yet/],
      [
        pod({ phase: "Failed", reason: "Evicted", message: "low on memory" }),
        "evicted",
        /Evicted: low/,
      ],
      [
        pod(
          {
            phase: "Pending",
            conditions: [{ type: "PodScheduled", status: "False", message: "0/3 nodes" }],
          },
          {},
        ),
        "scheduling",
        /0\/3 nodes/,
      ],
      [
        pod({
          phase: "Pending",
          initContainerStatuses: [
            {
              name: "migrate",
              restartCount: 1,
              state: { terminated: { exitCode: 3, reason: "Error" } },
            },
          ],
        }),
        "crash",
        /container migrate crashes, and was started again once: exit code 3/,
      ],
    ];
    for (const [failing, kind, words] of table) {
      const [cause] = causes([failing]);
      expect(cause?.kind).to.equal(kind);
      expect(cause?.what).to.match(words);
      expect(cause?.passing).to.equal(kind === "waiting");
    }
  });

  it("is told by events where the pod does not know", () => {
    const probe = warning("uid-pod", "Unhealthy", "Readiness probe failed: 503");
    expect(causes([unready], [probe])[0]).to.include({ kind: "probe", passing: false });
    const pull = warning("uid-pod", "Failed", "Failed to pull image: manifest unknown");
    expect(causes([waiting("ImagePullBackOff", "Back-off")], [pull])[0]?.what).to.contain(
      "manifest",
    );
    const mount = warning("uid-pod", "FailedMount", 'configmap "settings" not found');
    expect(causes([pod({ phase: "Pending" })], [mount])[0]?.what).to.contain("settings");
    // Of another pod.
    const other = warning("uid-other", "Unhealthy", "Readiness probe failed");
    expect(causes([unready], [other])[0]?.kind).to.equal("waiting");
  });

  it("is none for pods that work, and none of pods that go", () => {
    const ready = pod({
      phase: "Running",
      containerStatuses: [{ name: "api", ready: true, restartCount: 2, state: { running: {} } }],
    });
    expect(causes([ready], [warning("uid-pod", "Unhealthy", "once")])).to.deep.equal([]);
    const going = waiting("CrashLoopBackOff");
    const metadata = { ...going.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" };
    expect(causes([{ ...going, metadata }])).to.deep.equal([]);
  });

  it("counts pods with the same reason, and puts first what waiting does not mend", () => {
    const found = causes([unready, unready, waiting("ErrImagePull", "x")]);
    expect(found.map(({ kind, pods }) => [kind, pods])).to.deep.equal([
      ["image", 1],
      ["waiting", 2],
    ]);
  });

  it("is with the maker of pods where there are none, as long as pods are missing", () => {
    const forbidden = 'pods "api-1" is forbidden: exceeded quota: few';
    const failed = [{ type: "ReplicaFailure", status: "True", message: forbidden }];
    const bySet = causesOf({
      workload: workload(),
      pods: [],
      replicaSets: [replicaSet(2, "api:2", { status: { conditions: failed } })],
      warnings: [],
    });
    expect(bySet[0]).to.include({ kind: "quota", passing: false });
    const event = warning("uid-api", "FailedCreate", "denied by webhook");
    const byEvent = (replicas: number) =>
      causesOf({
        workload: workload({ status: { replicas } }),
        pods: [],
        replicaSets: [],
        warnings: [event],
      });
    expect(byEvent(1)[0]?.kind).to.equal("refused");
    expect(byEvent(2)).to.deep.equal([]);
  });
});
