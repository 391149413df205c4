import { expect } from "chai";

import type { Cluster } from "../../../src/indexer/kubernetes/cluster.js";
import type { Indexer } from "../../../src/indexer/indexer.js";
import { recordStep } from "../../../src/indexer/kubernetes/record-step.js";
import { restartStep } from "../../../src/indexer/kubernetes/restart-step.js";
import { scaleStep } from "../../../src/indexer/kubernetes/scale-step.js";
import { startStep, stopStep } from "../../../src/indexer/kubernetes/stop-step.js";
import { makePlan, performPlan, type RunResult } from "../../../src/recovery/run.js";
import type { StepRequest, StepSet } from "../../../src/step.js";
import { describeWith } from "../servers/describe-services.js";
import { KUBERNETES_TOOLS, startKubernetes, type Kubernetes } from "../servers/kubernetes.js";
import { at, indexerIn, pathOf, read, roll } from "./workloads.js";

/** The commands in an order in which each finds something to do. */
const COMMANDS: readonly StepRequest[] = [
  { id: "stop", kind: "indexer-stop", intent: { indexer: "api" } },
  { id: "start", kind: "indexer-start", intent: { indexer: "api", must: true } },
  {
    id: "scale",
    kind: "indexer-scale",
    intent: { indexer: "api", replicas: 3, autoscaler: "widen" },
  },
  {
    id: "restart",
    kind: "indexer-restart",
    intent: { indexer: "api", since: "2020-01-01T00:00:00Z" },
  },
  {
    id: "record",
    kind: "indexer-record",
    intent: { indexer: "api", since: "2020-01-01T00:00:00Z" },
  },
];

/** What somebody else changes in the same moment. */
const EDITS: readonly {
  readonly patch: object;
  readonly path: readonly string[];
  readonly value: unknown;
}[] = [
  {
    patch: { metadata: { labels: { edited: "yes" } } },
    path: ["metadata", "labels", "edited"],
    value: "yes",
  },
  {
    patch: { metadata: { annotations: { edited: "yes" } } },
    path: ["metadata", "annotations", "edited"],
    value: "yes",
  },
  { patch: { spec: { replicas: 5 } }, path: ["spec", "replicas"], value: 5 },
  {
    patch: { spec: { template: { spec: { terminationGracePeriodSeconds: 17 } } } },
    path: ["spec", "template", "spec", "terminationGracePeriodSeconds"],
    value: 17,
  },
];

class Killed extends Error {}

describeWith(
  KUBERNETES_TOOLS,
  "Commands on workloads that are killed, or meet others",
  function () {
    this.timeout(300_000);
    let kubernetes: Kubernetes;

    before(async () => {
      kubernetes = await startKubernetes();
    });
    after(async () => {
      await kubernetes.stop();
    });

    function stepsOn(indexer: Indexer): StepSet {
      const book = async (): Promise<Indexer> => await Promise.resolve(indexer);
      const steps = [
        stopStep(book),
        startStep(book),
        scaleStep(book),
        restartStep(book),
        recordStep(book),
      ];
      return new Map(steps.map((step) => [step.kind, step]));
    }

    async function typeIt(indexer: Indexer, request: StepRequest): Promise<RunResult> {
      const steps = stepsOn(indexer);
      const world = { indexer: indexer.name, place: indexer.cluster.place };
      const plan = await makePlan(
        request.id,
        [request],
        steps,
        async () => await Promise.resolve(world),
        () => {
          throw new Error("nothing builds on another step");
        },
      );
      return await performPlan(plan, steps, () => undefined, Date.now);
    }

    /** A cluster on which the process dies at a request: before it is sent, or when the answer comes. */
    function killing(cluster: Cluster, number: number, moment: "before" | "after"): Cluster {
      let count = 0;
      const counted = async <T>(ask: () => Promise<T>): Promise<T> => {
        count += 1;
        if (count > number || (count === number && moment === "before")) {
          throw new Killed();
        }
        const answer = await ask();
        if (count >= number) {
          throw new Killed();
        }
        return answer;
      };
      return {
        ...cluster,
        workload: async (...args) => await counted(async () => await cluster.workload(...args)),
        replicaSets: async (...args) =>
          await counted(async () => await cluster.replicaSets(...args)),
        pods: async (...args) => await counted(async () => await cluster.pods(...args)),
        patch: async (...args) => await counted(async () => await cluster.patch(...args)),
        objects: async (...args) => await counted(async () => await cluster.objects(...args)),
        patchObject: async (...args) =>
          await counted(async () => await cluster.patchObject(...args)),
      };
    }

    async function autoscaled(namespace: string): Promise<void> {
      const path = `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers`;
      const { status, text } = await kubernetes.api("POST", path, {
        metadata: { name: "api" },
        spec: {
          scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "api" },
          maxReplicas: 2,
        },
      });
      expect(status, text).to.equal(201);
    }

    it("are finished by the same command, and each thing is done once, wherever they were killed", async () => {
      let kills = 0;
      const lane = async (
        moment: "before" | "after",
        numbers: readonly number[],
      ): Promise<void> => {
        for (const number of numbers) {
          const namespace = await kubernetes.namespace();
          await roll(kubernetes, namespace, "Deployment", { image: "api:1", replicas: 2 });
          await autoscaled(namespace);
          const indexer = await indexerIn(kubernetes, namespace, "Deployment");
          let changes = 1;
          for (const request of COMMANDS) {
            const when = `${request.id}, killed ${moment} request ${number}`;
            const dying = { ...indexer, cluster: killing(indexer.cluster, number, moment) };
            const killed: unknown = await typeIt(dying, request).catch((error: unknown) => error);
            kills += killed instanceof Killed ? 1 : 0;
            const { failure, outcomes } = await typeIt(indexer, request);
            expect(failure, when).to.equal(null);
            expect(outcomes[0]?.status, when).to.be.oneOf(["done", "already"]);
            changes += request.id === "record" ? 0 : 1;
            const object = await read(kubernetes, namespace, { kind: "Deployment", name: "api" });
            expect(at(object, ["metadata", "generation"]), when).to.equal(changes);
            const replicas = { stop: 0, start: 2 }[request.id] ?? 3;
            expect(at(object, ["spec", "replicas"]), when).to.equal(replicas);
          }
        }
      };
      await Promise.all([
        lane("before", [1, 2, 3, 4, 5, 6, 7]),
        lane("after", [1, 2, 3]),
        lane("after", [4, 5, 6]),
      ]);
      expect(kills).to.be.greaterThan(50);
    });

    it("keep what somebody else changes in the same moment, or are refused", async () => {
      const seen = { done: 0, refused: 0 };
      const race = async (request: StepRequest, edit: (typeof EDITS)[number]): Promise<void> => {
        const namespace = await kubernetes.namespace();
        const name = { kind: "Deployment", name: "api" } as const;
        await roll(kubernetes, namespace, "Deployment", { image: "api:1", replicas: 1 });
        const indexer = await indexerIn(kubernetes, namespace, "Deployment", { waitMs: 0 });
        const between: Cluster = {
          ...indexer.cluster,
          patch: async (...args) => {
            const path = pathOf(namespace, name);
            await kubernetes.api("PATCH", path, edit.patch, "application/merge-patch+json");
            return await indexer.cluster.patch(...args);
          },
        };
        const { failure } = await typeIt({ ...indexer, cluster: between }, request);
        const object = await read(kubernetes, namespace, name);
        const when = `${request.id}, ${edit.path.join(".")}`;
        expect(at(object, edit.path), when).to.equal(edit.value);
        if (failure === null) {
          seen.done += 1;
        } else {
          expect(failure.code, when).to.equal("PRIOR_STATE_CHANGED");
          expect(failure.what, when).to.contain("Nothing was written");
          seen.refused += 1;
        }
      };
      const requests = COMMANDS.filter(({ id }) => ["stop", "scale", "restart"].includes(id));
      for (const request of requests) {
        await Promise.all(
          EDITS.map(async (edit) => {
            await race(request, edit);
          }),
        );
      }
      // Only what a command changes itself is a reason to refuse it.
      expect(seen.done).to.be.greaterThan(4);
      expect(seen.refused).to.be.greaterThan(3);
    });
  },
);
