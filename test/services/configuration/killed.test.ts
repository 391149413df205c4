import { expect } from "chai";

import type { ConfigurationPlaces } from "../../../src/indexer/configuration/places.js";
import { configurationRequests } from "../../../src/indexer/configuration/requests.js";
import type { SourceIntent } from "../../../src/indexer/configuration/source.js";
import {
  configurationStep,
  consumersStep,
  snapshotStep,
} from "../../../src/indexer/configuration/steps.js";
import type { Indexer } from "../../../src/indexer/indexer.js";
import type { Target } from "../../../src/indexer/kubernetes/choose-revision.js";
import type { Cluster } from "../../../src/indexer/kubernetes/cluster.js";
import { openCluster } from "../../../src/indexer/kubernetes/open-cluster.js";
import { KubernetesRollbackStep } from "../../../src/indexer/kubernetes/rollback-step.js";
import { isRecord } from "../../../src/json.js";
import { makePlan, performPlan, type RunResult } from "../../../src/recovery/run.js";
import type { StepRequest, StepSet } from "../../../src/step.js";
import { at, containerOf, indexerIn, settled } from "../kubernetes/workloads.js";
import { describeWith } from "../servers/describe-services.js";
import { KUBERNETES_TOOLS, startKubernetes, type Kubernetes } from "../servers/kubernetes.js";
import { get, held, list, merge, put, up, type Release } from "./app.js";

const RACES = 24;

/** Most of the time is waiting for pods. */
const LANES = [0, 1, 2, 3];

const noWait = async (): Promise<void> => {
  await Promise.resolve();
};

const GOOD: Release = { image: "api:1", env: { LEVEL: "info" }, secret: { password: "one-1111" } };
const BAD: Release = { image: "api:2", env: { LEVEL: "debug" }, secret: { password: "two-2222" } };

/** Everything that is asked for here is in the cluster. */
const NO_PLACES: ConfigurationPlaces = {
  manifests: async () => await Promise.reject(new Error("no manifest")),
  manifestsAt: async () => await Promise.reject(new Error("no commit")),
  previousSecret: async () => await Promise.reject(new Error("no secret")),
};

describeWith(KUBERNETES_TOOLS, "bringing back a configuration", () => {
  let kubernetes: Kubernetes;

  before(async () => {
    kubernetes = await startKubernetes();
  });
  after(async () => {
    await kubernetes.stop();
  });

  function stepsOf(indexer: Indexer): StepSet {
    const book = async (): Promise<Indexer> => await Promise.resolve(indexer);
    const steps = [
      configurationStep(book, NO_PLACES),
      consumersStep(book),
      snapshotStep(book),
      new KubernetesRollbackStep(book),
    ];
    return new Map(steps.map((step) => [step.kind, step]));
  }

  async function perform(
    indexer: Indexer,
    requests: readonly StepRequest[],
    through: Indexer = indexer,
  ): Promise<RunResult> {
    const { access, namespace } = indexer.cluster;
    const chained = requests.map((request, index) => ({
      ...request,
      after: requests.slice(0, index).map(({ id }) => id),
    }));
    const planned = await makePlan(
      "indexer rollback",
      chained,
      stepsOf(indexer),
      async () => await Promise.resolve({ indexer: "api", place: namespace }),
      async () => {
        const cluster = await openCluster({ ...access, namespace }, true);
        return stepsOf({ ...indexer, cluster });
      },
    );
    return await performPlan(planned, stepsOf(through), () => undefined, Date.now);
  }

  async function rollBack(
    indexer: Indexer,
    through: Indexer = indexer,
    target: Target = { to: "previous" },
  ): Promise<RunResult> {
    const source: SourceIntent = { from: "auto" };
    const { before: first, after: last } = await configurationRequests(indexer, target, source);
    const rollback: StepRequest = {
      id: "roll back",
      kind: "indexer-rollback",
      intent: { indexer: "api", target: { ...target } },
    };
    return await perform(indexer, [...first, rollback, ...last], through);
  }

  /** An API with a snapshot of its first revision, whose second one is broken, and a website beside it. */
  async function begin(): Promise<Indexer> {
    const namespace = await kubernetes.namespace();
    await put(kubernetes, namespace, GOOD, { replicas: 1 });
    await settled(kubernetes, namespace, "Deployment");
    const indexer = await indexerIn(kubernetes, namespace, "Deployment");
    const request = { id: "snapshot", kind: "indexer-snapshot", intent: { indexer: "api" } };
    expect((await perform(indexer, [request])).failure).to.equal(null);
    await put(kubernetes, namespace, BAD, { replicas: 1 });
    await put(kubernetes, namespace, BAD, { name: "web", replicas: 1 });
    await settled(kubernetes, namespace, "Deployment");
    await Promise.all(
      ["api", "web"].map(async (name) => {
        await up(kubernetes, namespace, `deployment/${name}`);
      }),
    );
    return indexer;
  }

  /** All that a rollback leaves behind, without times and names that differ from run to run. */
  async function endState({ cluster: { namespace } }: Indexer): Promise<unknown> {
    const [api, web, configMaps, secrets] = await Promise.all([
      get(kubernetes, namespace, "deployments", "api"),
      get(kubernetes, namespace, "deployments", "web"),
      list(kubernetes, namespace, "configmaps"),
      list(kubernetes, namespace, "secrets"),
    ]);
    const snapshots = configMaps.flatMap((object) => {
      const text = at(object, ["data", "snapshot"]);
      const value: unknown = typeof text === "string" ? JSON.parse(text) : {};
      const { why, revision, objects } = isRecord(value) ? value : {};
      const number = /-(\d+)$/.exec(String(at(object, ["metadata", "name"])))?.[1];
      const names = Array.isArray(objects) ? objects.map((each) => at(each, ["name"])) : [];
      return typeof text === "string" ? [{ number, why, revision, names }] : [];
    });
    return {
      image: at(containerOf(api), ["image"]),
      generation: at(api, ["metadata", "generation"]),
      webGeneration: at(web, ["metadata", "generation"]),
      env: await held(kubernetes, namespace, "configmaps", "env"),
      secret: await held(kubernetes, namespace, "secrets", "db"),
      snapshots: snapshots.sort((a, b) => Number(a.number) - Number(b.number)),
      copies: [...configMaps, ...secrets].filter((object) =>
        String(at(object, ["metadata", "name"])).includes("-copy-"),
      ).length,
    };
  }

  /** The same, for somebody whose machine fails right after the n-th write. */
  function failing(indexer: Indexer, after: number): { indexer: Indexer; writes: () => number } {
    let writes = 0;
    const counted = async <T>(write: () => Promise<T>): Promise<T> => {
      if (writes >= after) {
        throw new Error("the machine has failed");
      }
      const result = await write();
      writes += 1;
      if (writes === after) {
        throw new Error("the machine has failed");
      }
      return result;
    };
    const { cluster } = indexer;
    const wrapped: Cluster = {
      ...cluster,
      patch: async (...all) => await counted(async () => await cluster.patch(...all)),
      create: async (...all) => await counted(async () => await cluster.create(...all)),
      patchObject: async (...all) => await counted(async () => await cluster.patchObject(...all)),
      remove: async (...all) => await counted(async () => await cluster.remove(...all)),
    };
    return { indexer: { ...indexer, cluster: wrapped }, writes: () => writes };
  }

  it("ends in the same state, after whichever write it is killed and typed again", async () => {
    const undisturbed = await begin();
    const counting = failing(undisturbed, Infinity);
    const result = await rollBack(undisturbed, counting.indexer);
    expect(result.failure).to.equal(null);
    expect(result.outcomes.map(({ status }) => status)).to.deep.equal(["done", "done", "done"]);
    const wanted = await endState(undisturbed);
    expect(wanted).to.deep.include({
      image: "api:1",
      env: GOOD.env,
      secret: GOOD.secret,
      copies: 4,
    });
    const writes = counting.writes();
    expect(writes).to.be.greaterThan(6);
    await Promise.all(
      LANES.map(async (lane) => {
        for (let number = 1 + lane; number <= writes; number += LANES.length) {
          const indexer = await begin();
          await rollBack(indexer, failing(indexer, number).indexer).catch(() => undefined);
          const again = await rollBack(indexer);
          expect(again.failure, `killed after write ${number}`).to.equal(null);
          expect(await endState(indexer), `killed after write ${number}`).to.deep.equal(wanted);
        }
      }),
    );
  }).timeout(300_000);

  it(`keeps what somebody else edits meanwhile, or is refused, in each of ${RACES} races`, async () => {
    const indexer = await begin();
    const { namespace } = indexer.cluster;
    const outcomes = { done: 0, refused: 0 };
    for (let race = 0; race < RACES; race += 1) {
      const edit = { data: { [`EDIT_${race}`]: "by somebody else" } };
      const edited = async (): Promise<void> => {
        await merge(kubernetes, namespace, "configmaps", "env", edit);
      };
      const between: Cluster = {
        ...indexer.cluster,
        patchObject: async (name, operations) => {
          if (name.name !== "env") {
            return await indexer.cluster.patchObject(name, operations);
          }
          const meanwhile = edited();
          if (race % 3 === 0) {
            await meanwhile;
          }
          const written = await indexer.cluster.patchObject(name, operations);
          await meanwhile;
          return written;
        },
      };
      await merge(kubernetes, namespace, "configmaps", "env", {
        data: { LEVEL: `broken ${race}` },
      });
      const through = { ...indexer, cluster: between, wait: noWait };
      const request: StepRequest = {
        id: "configure",
        kind: "indexer-configuration",
        intent: { indexer: "api", source: { from: "snapshot", number: 1 } },
      };
      const { failure } = await perform(indexer, [request], through);
      expect(await held(kubernetes, namespace, "configmaps", "env")).to.include(edit.data);
      outcomes[failure === null ? "done" : "refused"] += 1;
      if (failure !== null) {
        expect(failure.code).to.equal("PRIOR_STATE_CHANGED");
        expect(await held(kubernetes, namespace, "configmaps", "env")).to.include({
          LEVEL: `broken ${race}`,
        });
      }
    }
    expect(outcomes.done + outcomes.refused).to.equal(RACES);
    expect(outcomes.refused).to.be.greaterThan(0);
  }).timeout(120_000);
});
