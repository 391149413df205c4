import { setTimeout as wait } from "node:timers/promises";

import { expect } from "chai";

import type { Indexer } from "../../../src/indexer/indexer.js";
import type { Cluster } from "../../../src/indexer/kubernetes/cluster.js";
import { openCluster } from "../../../src/indexer/kubernetes/open-cluster.js";
import type { FollowedIn } from "../../../src/indexer/repoint/intent.js";
import { IndexerRepointStep } from "../../../src/indexer/repoint/repoint-step.js";
import { isRecord, type JsonObject } from "../../../src/json.js";
import { jsonObjectSchema } from "../../../src/json-schema.js";
import { makePlan, performPlan, type RunResult } from "../../../src/recovery/run.js";
import { describeWith } from "../servers/describe-services.js";
import { KUBERNETES_TOOLS, startKubernetes, type Kubernetes } from "../servers/kubernetes.js";
import { applied, config, dataOf, deployment, everything, market, variables } from "./workload.js";

const OLD = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
const NEW = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512";

/** The process ends here. */
class Killed extends Error {}

/** A workload that keeps the address, and how it is configured. */
interface Scenario {
  readonly where: FollowedIn;
  readonly manifests: readonly object[];
}

const PREVIOUS = { address: "OLD_VAULT", startBlock: "OLD_START", endBlock: "OLD_END" };

/** All that must be written is in different objects. */
const SCATTERED: Scenario = {
  where: { address: "VAULT", startBlock: "START", previous: PREVIOUS },
  manifests: [
    config("ConfigMap", "addresses", { vault: OLD, other: "1" }),
    config("Secret", "blocks", { START: "21" }),
    deployment([
      {
        name: "market",
        env: [
          { name: "VAULT", valueFrom: { configMapKeyRef: { name: "addresses", key: "vault" } } },
        ],
        envFrom: [{ secretRef: { name: "blocks" } }],
      },
    ]),
  ],
};

/** Nothing that is there may be changed. */
const FIXED: Scenario = {
  where: { address: "VAULT", startBlock: "START", list: "," },
  manifests: [
    config("ConfigMap", "addresses-d52mc7tdm2", { VAULT: OLD }),
    config("ConfigMap", "blocks", { START: "21" }, { immutable: true }),
    deployment([
      {
        name: "market",
        envFrom: [
          { configMapRef: { name: "addresses-d52mc7tdm2" } },
          { configMapRef: { name: "blocks" } },
        ],
      },
    ]),
  ],
};

describeWith(KUBERNETES_TOOLS, "indexer repoint, interrupted", () => {
  let kubernetes: Kubernetes;
  let namespace: string;
  before(async () => {
    kubernetes = await startKubernetes();
  });
  after(async () => {
    await kubernetes.stop();
  });

  async function begin({ manifests }: Scenario): Promise<void> {
    namespace = await kubernetes.namespace();
    await applied(kubernetes, namespace, ...manifests);
  }

  async function repoint(
    { where }: Scenario,
    change: (cluster: Cluster) => Cluster = (cluster) => cluster,
  ): Promise<RunResult> {
    const place = { kubeconfig: kubernetes.kubeconfig, context: undefined, namespace };
    const cluster = change(await openCluster(place));
    const indexer: Indexer = {
      name: "market",
      cluster,
      workload: { kind: "Deployment", name: "market" },
      waitMs: 0,
      patienceMs: 0,
      by: "test@test",
      now: () => new Date(),
      wait: async (milliseconds) => {
        await wait(milliseconds);
      },
    };
    const step = new IndexerRepointStep(async () => await Promise.resolve(indexer));
    const steps = new Map([[step.kind, step]]);
    const intent: JsonObject = {
      indexer: "market",
      contract: "vault",
      where: jsonObjectSchema.parse(where),
      to: NEW,
      from: null,
      configured: OLD,
      startBlock: 52,
      endBlock: 62,
      forgetOld: false,
    };
    const plan = await makePlan(
      "indexer repoint",
      [{ id: "repoint", kind: step.kind, intent }],
      steps,
      async () => await Promise.resolve({ indexer: "market", place: cluster.place }),
      () => {
        throw new Error("nothing builds on another step");
      },
    );
    return await performPlan(plan, steps, () => undefined, Date.now);
  }

  /** A cluster whose nth write is the last thing that a run does: before it, or when it is done. */
  function killedAt(number: number, moment: "before" | "after") {
    let writes = 0;
    const counted = async <T>(write: () => Promise<T>): Promise<T> => {
      writes += 1;
      if (writes === number && moment === "before") {
        throw new Killed();
      }
      const result = await write();
      if (isRecord(result) && "refused" in result) {
        // It is tried again: the Deployment's controller has written annotations in between.
        writes -= 1;
      } else if (writes === number) {
        throw new Killed();
      }
      return result;
    };
    return (cluster: Cluster): Cluster => ({
      ...cluster,
      patch: async (...args) => await counted(async () => await cluster.patch(...args)),
      create: async (...args) => await counted(async () => await cluster.create(...args)),
      patchObject: async (...args) => await counted(async () => await cluster.patchObject(...args)),
    });
  }

  for (const [name, scenario, writes] of [
    ["objects are changed", SCATTERED, 4],
    ["objects are replaced by others", FIXED, 3],
  ] as const) {
    it(`comes to the same end when it is killed at any write and typed again, where ${name}`, async () => {
      await begin(scenario);
      await repoint(scenario);
      const end = await everything(kubernetes, namespace);
      await repoint(scenario);
      expect(await everything(kubernetes, namespace)).to.deep.equal(end);
      if (scenario === SCATTERED) {
        expect(await variables(kubernetes, namespace)).to.deep.equal({
          OLD_VAULT: OLD,
          OLD_START: "21",
          OLD_END: "62",
        });
        expect(await dataOf(kubernetes, namespace, "Secret", "blocks")).to.deep.equal({
          START: "52",
        });
      }
      for (let number = 1; number <= writes; number += 1) {
        for (const moment of ["before", "after"] as const) {
          await begin(scenario);
          const killed = await repoint(scenario, killedAt(number, moment)).catch(
            (error: unknown) => error,
          );
          const when = `${moment} write ${number}`;
          expect(killed, when).to.be.instanceOf(Killed);
          await repoint(scenario);
          expect(await everything(kubernetes, namespace), when).to.deep.equal(end);
        }
      }
      // That was the last one.
      await begin(scenario);
      expect(await repoint(scenario, killedAt(writes + 1, "before"))).to.have.property("outcomes");
    });
  }

  /** Somebody else is faster by a moment. */
  function meanwhile(write: "patch" | "patchObject", edit: () => Promise<void>) {
    let edited = false;
    const first = async (): Promise<void> => {
      if (!edited) {
        edited = true;
        await edit();
      }
    };
    return (cluster: Cluster): Cluster => ({
      ...cluster,
      patch: async (...args) => {
        if (write === "patch") {
          await first();
        }
        return await cluster.patch(...args);
      },
      patchObject: async (...args) => {
        if (write === "patchObject") {
          await first();
        }
        return await cluster.patchObject(...args);
      },
    });
  }

  async function merge(path: string, patch: object): Promise<void> {
    const type = "application/merge-patch+json";
    const { status, text } = await kubernetes.api("PATCH", path, patch, type);
    expect(status, text).to.equal(200);
  }

  const workloadPath = (): string => `/apis/apps/v1/namespaces/${namespace}/deployments/market`;
  const mapPath = (): string => `/api/v1/namespaces/${namespace}/configmaps/addresses`;

  it("keeps what others change beside it", async () => {
    await begin(SCATTERED);
    const beside = async (): Promise<void> => {
      await merge(mapPath(), { data: { other: "2", more: "3" } });
      await merge(workloadPath(), { spec: { replicas: 2 }, metadata: { labels: { team: "a" } } });
    };
    const { failure } = await repoint(SCATTERED, meanwhile("patchObject", beside));
    expect(failure).to.equal(null);
    expect(await dataOf(kubernetes, namespace, "ConfigMap", "addresses")).to.deep.equal({
      vault: NEW,
      other: "2",
      more: "3",
    });
    const { text } = await kubernetes.api("GET", workloadPath());
    expect(text).to.contain('"replicas":2').and.to.contain('"team":"a"');
  });

  it("is refused when somebody changes the same, and is right when it is typed again", async () => {
    await begin(SCATTERED);
    const another = async (): Promise<void> => {
      await merge(mapPath(), { data: { vault: "0x0000000000000000000000000000000000000001" } });
    };
    const { failure } = await repoint(SCATTERED, meanwhile("patchObject", another));
    expect(failure).to.have.property("code", "PRIOR_STATE_CHANGED");
    const again = await repoint(SCATTERED).catch((error: unknown) => error);
    expect(again).to.have.property("code", "OTHER_ADDRESS");

    await begin(SCATTERED);
    const image = async (): Promise<void> => {
      const containers = [{ name: "market", image: "market:2" }];
      const patch = { spec: { template: { spec: { containers } } } };
      const type = "application/strategic-merge-patch+json";
      const { status } = await kubernetes.api("PATCH", workloadPath(), patch, type);
      expect(status).to.equal(200);
    };
    const late = await repoint(SCATTERED, meanwhile("patch", image));
    expect(late.failure).to.have.property("code", "PRIOR_STATE_CHANGED");
    await repoint(SCATTERED);
    const { text } = await kubernetes.api("GET", workloadPath());
    expect(text).to.contain("market:2");
    expect(await dataOf(kubernetes, namespace, "ConfigMap", "addresses")).to.include({
      vault: NEW,
    });
  });

  it("is done once when answers are lost", async () => {
    for (const scenario of [SCATTERED, FIXED]) {
      await begin(scenario);
      const { failure } = await repoint(scenario, (cluster) => ({
        ...cluster,
        patch: async (...args) => {
          await cluster.patch(...args);
          return await cluster.patch(...args);
        },
        create: async (...args) => {
          await cluster.create(...args);
          return await cluster.create(...args);
        },
        patchObject: async (...args) => {
          await cluster.patchObject(...args);
          return await cluster.patchObject(...args);
        },
      }));
      expect(failure).to.equal(null);
      const { metadata } = await market(kubernetes, namespace);
      expect(metadata.annotations).to.have.property("kubernetes.io/change-cause");
    }
  });
});
