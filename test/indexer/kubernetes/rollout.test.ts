import { expect } from "chai";

import { rolloutOf } from "../../../src/indexer/kubernetes/rollout.js";
import { selectorOf } from "../../../src/indexer/kubernetes/selector.js";
import type { WorkloadKind } from "../../../src/indexer/kubernetes/objects.js";
import { workload } from "./objects.js";

const full = { replicas: 2, updatedReplicas: 2, availableReplicas: 2, readyReplicas: 2 };
const daemons = { desiredNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 3 };
const revisions = { currentRevision: "api-1", updateRevision: "api-2" };
const onDelete = { updateStrategy: { type: "OnDelete" } };

const cases: readonly (readonly [
  string,
  WorkloadKind,
  Parameters<typeof workload>[0],
  string,
  string,
])[] = [
  ["is done", "Deployment", { status: full }, "done", "2 of 2"],
  [
    "is not seen yet",
    "Deployment",
    { status: { ...full, observedGeneration: 1 } },
    "going",
    "not seen",
  ],
  [
    "has old pods only",
    "Deployment",
    { status: { ...full, updatedReplicas: 0 } },
    "going",
    "0 of 2 pods are updated",
  ],
  ["has old pods too", "Deployment", { status: { ...full, replicas: 3 } }, "going", "1 old pods"],
  [
    "waits for pods",
    "Deployment",
    { status: { ...full, availableReplicas: 1 } },
    "going",
    "1 of 2 updated",
  ],
  [
    "is too slow",
    "Deployment",
    {
      status: {
        conditions: [{ type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded" }],
      },
    },
    "stuck",
    "progress deadline",
  ],
  [
    "is paused",
    "Deployment",
    { spec: { paused: true }, status: { replicas: 2 } },
    "stuck",
    "kubectl rollout resume",
  ],
  [
    "is paused and as it should be",
    "Deployment",
    { spec: { paused: true }, status: full },
    "done",
    "2 of 2",
  ],
  [
    "is being deleted",
    "Deployment",
    { metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" } },
    "stuck",
    "deleting",
  ],
  ["runs nothing by somebody's wish", "Deployment", { spec: { replicas: 0 } }, "done", "0 of 0"],
  [
    "is done",
    "StatefulSet",
    { status: { ...full, currentRevision: "a", updateRevision: "a" } },
    "done",
    "2 of 2",
  ],
  [
    "has old pods",
    "StatefulSet",
    { status: { ...full, ...revisions, updatedReplicas: 1 } },
    "going",
    "1 of 2",
  ],
  [
    "waits for pods",
    "StatefulSet",
    { status: { ...full, ...revisions, readyReplicas: 1 } },
    "going",
    "1 of 2",
  ],
  [
    "has a partition",
    "StatefulSet",
    {
      spec: { updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 1 } } },
      status: { ...full, ...revisions, updatedReplicas: 1 },
    },
    "done",
    "the partition keeps 1",
  ],
  [
    "waits for somebody",
    "StatefulSet",
    { spec: onDelete, status: { ...full, ...revisions, updatedReplicas: 0 } },
    "stuck",
    "OnDelete",
  ],
  ["is done", "DaemonSet", { status: daemons }, "done", "3 of 3"],
  [
    "has old pods",
    "DaemonSet",
    { status: { ...daemons, updatedNumberScheduled: 1 } },
    "going",
    "1 of 3",
  ],
  [
    "waits for pods",
    "DaemonSet",
    { status: { ...daemons, numberAvailable: 1 } },
    "going",
    "1 of 3",
  ],
  [
    "waits for somebody",
    "DaemonSet",
    { spec: onDelete, status: { ...daemons, updatedNumberScheduled: 1 } },
    "stuck",
    "OnDelete",
  ],
];

describe("A rollout", () => {
  for (const [what, kind, parts, state, words] of cases) {
    it(`of a ${kind} that ${what} is ${state}`, () => {
      const rollout = rolloutOf(kind, workload(parts));
      expect(rollout.state).to.equal(state);
      expect(rollout.what).to.contain(words);
    });
  }

  it("is asked for by the workload's whole selector", () => {
    const selector = {
      matchLabels: { app: "api", tier: "back" },
      matchExpressions: [
        { key: "env", operator: "In", values: ["a", "b"] },
        { key: "old", operator: "DoesNotExist" },
        { key: "new", operator: "Exists" },
        { key: "zone", operator: "NotIn", values: ["x"] },
      ],
    };
    expect(selectorOf(workload({ spec: { selector } }))).to.equal(
      "app=api,tier=back,env in (a,b),!old,new,zone notin (x)",
    );
  });
});
