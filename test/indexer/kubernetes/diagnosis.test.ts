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

  it("is the probe for which a container is killed, and not that it crashes", () => {
    const crash = (reason: string, exitCode: number): Pod =>
      pod({
        phase: "Running",
        containerStatuses: [
          {
            name: "api",
            restartCount: 4,
            state: { waiting: { reason: "CrashLoopBackOff" } },
            lastState: { terminated: { exitCode, reason } },
          },
        ],
      });
    const killed = crash("Error", 137);
    const liveness = (field: string) =>
      warning("uid-pod", "Unhealthy", "Liveness probe failed: refused", field);
    for (const field of ["", "spec.containers{api}"]) {
      const [cause] = causes([killed], [liveness(field)]);
      expect(cause).to.include({ kind: "probe", passing: false });
      expect(cause?.what).to.contain("killed because of a probe").and.to.contain("refused");
      expect(cause?.crashed).to.deep.equal({ pod: "api-x", container: "api" });
    }
    // Of another container, of readiness, or of no matter.
    expect(causes([killed], [liveness("spec.containers{proxy}")])[0]?.kind).to.equal("crash");
    const readiness = warning("uid-pod", "Unhealthy", "Readiness probe failed: 503");
    expect(causes([killed], [readiness])[0]?.kind).to.equal("crash");
    expect(causes([crash("OOMKilled", 137)], [liveness("")])[0]?.what).to.contain("OOMKilled");
    expect(causes([crash("Completed", 0)])[0]?.what).to.contain("ends by itself");
  });

  it("is what a pod waits for before it has a container, which a kubelet shows as being created", () => {
    const creating = waiting("ContainerCreating");
    const mount = (what: string) => warning("uid-pod", "FailedMount", what);
    const kinds = [
      [mount('configmap "settings" not found'), "configuration"],
      [mount('secret "database" not found'), "configuration"],
      [mount("timed out waiting for the disk"), "volume"],
      [warning("uid-pod", "FailedAttachVolume", "in use elsewhere"), "volume"],
      [warning("uid-pod", "FailedCreatePodSandBox", "no address left"), "sandbox"],
    ] as const;
    for (const [event, kind] of kinds) {
      expect(causes([creating], [event])[0]).to.include({ kind, passing: false });
    }
    // It has been mounted since.
    expect(causes([unready], [mount("timed out")])[0]?.kind).to.equal("waiting");
  });
});
