import { GRAPH_NODE_STEPS } from "../indexer/graph-node/kinds.js";
import type { IndexerBook } from "../indexer/indexer.js";
import { recordStep } from "../indexer/kubernetes/record-step.js";
import { restartStep } from "../indexer/kubernetes/restart-step.js";
import { KubernetesRollbackStep } from "../indexer/kubernetes/rollback-step.js";
import { scaleStep } from "../indexer/kubernetes/scale-step.js";
import { startStep, stopStep } from "../indexer/kubernetes/stop-step.js";
import { OwnersStep } from "../indexer/owners/owners-step.js";
import type { Step, StepSet } from "../step.js";
import type { OtherBooks } from "./indexer-place.js";
import { LazyStep } from "./lazy-step.js";
import { ownedWorkloads } from "./owned-workload.js";

const HOSTS = ["goldsky", "alchemy"] as const;

/** Every kind of step on indexers, bound to the live ones or to such that keep nothing. */
export function indexerSteps(
  workloads: IndexerBook,
  { helm, ponder, graphNode, hosted }: OtherBooks,
): StepSet {
  const steps: readonly Step[] = [
    new LazyStep("indexer-repoint", async () => {
      const { IndexerRepointStep } = await import("../indexer/repoint/repoint-step.js");
      return new IndexerRepointStep(workloads);
    }),
    new KubernetesRollbackStep(workloads),
    new LazyStep("indexer-helm-rollback", async () => {
      const { HelmRollbackStep } = await import("../indexer/helm/rollback-step.js");
      return new HelmRollbackStep(helm);
    }),
    new LazyStep("ponder-promote", async () => {
      const { PonderPromoteStep } = await import("../indexer/ponder/promote-step.js");
      return new PonderPromoteStep(ponder);
    }),
    ...GRAPH_NODE_STEPS.map(
      (kind) =>
        new LazyStep(kind, async () => {
          const { graphNodeStep } = await import("../indexer/graph-node/steps.js");
          return graphNodeStep(kind, graphNode);
        }),
    ),
    ...HOSTS.map(
      (host) =>
        new LazyStep(`${host}-promote`, async () => {
          const { hostedPromoteStep } = await import("../indexer/hosted/promote-step.js");
          return hostedPromoteStep(host, hosted);
        }),
    ),
    scaleStep(workloads),
    stopStep(workloads),
    startStep(workloads),
    restartStep(workloads),
    recordStep(workloads),
    new LazyStep("indexer-configuration", async () => {
      const { configurationStep } = await import("../indexer/configuration/steps.js");
      const { configurationPlaces } = await import("./configuration-places.js");
      return configurationStep(workloads, configurationPlaces);
    }),
    new LazyStep("indexer-consumers", async () => {
      const { consumersStep } = await import("../indexer/configuration/steps.js");
      return consumersStep(workloads);
    }),
    new LazyStep("indexer-snapshot", async () => {
      const { snapshotStep } = await import("../indexer/configuration/steps.js");
      return snapshotStep(workloads);
    }),
    new OwnersStep(ownedWorkloads(workloads, helm), "suspend"),
    new OwnersStep(ownedWorkloads(workloads, helm), "resume"),
  ];
  return new Map(steps.map((step) => [step.kind, step]));
}
