import { expect } from "chai";

import { readHistory } from "../../../src/indexer/kubernetes/history.js";
import type { Cluster } from "../../../src/indexer/kubernetes/cluster.js";
import type { WorkloadKind } from "../../../src/indexer/kubernetes/objects.js";
import { waitForRollout } from "../../../src/indexer/kubernetes/status.js";
import { isRecord } from "../../../src/json.js";
import { describeWith } from "../servers/describe-services.js";
import { KUBERNETES_TOOLS, startKubernetes, type Kubernetes } from "../servers/kubernetes.js";
import {
  at,
  containerOf,
  indexerIn,
  pathOf,
  perform,
  plan,
  read,
  roll,
  rollBack,
} from "./workloads.js";

const KINDS: readonly WorkloadKind[] = ["Deployment", "StatefulSet", "DaemonSet"];

/** Races in all, of each of the kinds and edits in turn. */
const RACES = 100;

/** A minute on two busy cores. */
const LONG_MS = 300_000;

/** What somebody else changes, and where it is read again. */
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
    patch: { spec: { revisionHistoryLimit: 7 } },
    path: ["spec", "revisionHistoryLimit"],
    value: 7,
  },
  {
    patch: { metadata: { annotations: { edited: "yes" } } },
    path: ["metadata", "annotations", "edited"],
    value: "yes",
  },
  {
    patch: { spec: { template: { spec: { terminationGracePeriodSeconds: 17 } } } },
    path: ["spec", "template", "spec", "terminationGracePeriodSeconds"],
    value: 17,
  },
];

describeWith(KUBERNETES_TOOLS, "A rollback while somebody else edits", () => {
  let kubernetes: Kubernetes;

  before(async () => {
    kubernetes = await startKubernetes();
  });
  after(async () => {
    await kubernetes.stop();
  });

  async function edit(namespace: string, kind: WorkloadKind, patch: object): Promise<void> {
    const path = pathOf(namespace, { kind, name: "api" });
    const type = "application/merge-patch+json";
    const { status, text } = await kubernetes.api("PATCH", path, patch, type);
    expect(status, text).to.equal(200);
  }

  it(`keeps the edit or is refused, in each of ${RACES} races`, async () => {
    const outcomes = { kept: 0, refused: 0 };
    const lane = async (kind: WorkloadKind, races: readonly number[]): Promise<void> => {
      for (const race of races) {
        const edited = EDITS[race % EDITS.length];
        if (edited === undefined) {
          throw new Error("there is no such edit");
        }
        const namespace = await kubernetes.namespace();
        await roll(kubernetes, namespace, kind, { image: "api:1", replicas: 1 });
        await roll(kubernetes, namespace, kind, { image: "api:2", replicas: 1 });
        const indexer = await indexerIn(kubernetes, namespace, kind, { waitMs: 0 });
        // The edit comes between the look and the patch, or at any time around it.
        const between: Cluster = {
          ...indexer.cluster,
          patch: async (name, operations) => {
            const meanwhile = edit(namespace, kind, edited.patch);
            if (race % 3 === 0) {
              await meanwhile;
            }
            const result = await indexer.cluster.patch(name, operations);
            await meanwhile;
            return result;
          },
        };
        const { failure } = await rollBack({ ...indexer, cluster: between }, { to: "previous" });
        const object = await read(kubernetes, namespace, { kind, name: "api" });
        expect(at(object, edited.path), `${kind}, race ${race}`).to.equal(edited.value);
        const container = containerOf(object);
        if (failure === null) {
          expect(at(container, ["image"])).to.equal("api:1");
          outcomes.kept += 1;
        } else {
          expect(failure.code).to.equal("PRIOR_STATE_CHANGED");
          expect(at(container, ["image"])).to.equal("api:2");
          outcomes.refused += 1;
        }
      }
    };
    await Promise.all(
      KINDS.map(async (kind, index) => {
        const races = Array.from({ length: RACES }, (_, race) => race);
        await lane(
          kind,
          races.filter((race) => race % KINDS.length === index),
        );
      }),
    );
    expect(outcomes.kept + outcomes.refused).to.equal(RACES);
    // Edits that the rollback does not touch are no reason to refuse, and others are.
    expect(outcomes.kept).to.be.greaterThan(0);
    expect(outcomes.refused).to.be.greaterThan(0);
  }).timeout(LONG_MS);

  for (const kind of KINDS) {
    it(`is refused for a ${kind} when the plan is older than a change of its template`, async () => {
      const namespace = await kubernetes.namespace();
      await roll(kubernetes, namespace, kind, { image: "api:1" });
      await roll(kubernetes, namespace, kind, { image: "api:2" });
      const indexer = await indexerIn(kubernetes, namespace, kind, { waitMs: 0 });
      const planned = await plan(indexer, { to: "previous" });
      await roll(kubernetes, namespace, kind, { image: "api:3" });
      const { failure } = await perform(indexer, planned).catch((error: unknown) => ({
        failure: error,
      }));
      expect(failure)
        .to.have.property("code")
        .that.is.oneOf(["PRIOR_STATE_CHANGED", "REHEARSAL_FAILED"]);
      const { revisions } = await readHistory(indexer.cluster, indexer.workload);
      expect(revisions.find(({ present }) => present)?.images).to.deep.equal(["api:3"]);
    });

    it(`of a ${kind} is done once, however often it is asked for and its answer is lost`, async () => {
      const namespace = await kubernetes.namespace();
      for (const image of ["api:1", "api:2", "api:3"]) {
        await roll(kubernetes, namespace, kind, { image });
      }
      const indexer = await indexerIn(kubernetes, namespace, kind);
      // The API server does it, the answer is lost, and what is sent again is refused.
      const lost: Cluster = {
        ...indexer.cluster,
        patch: async (name, operations) => {
          await indexer.cluster.patch(name, operations);
          return await indexer.cluster.patch(name, operations);
        },
      };
      const first = await rollBack({ ...indexer, cluster: lost }, { to: "previous" });
      expect(first.failure).to.equal(null);
      expect(first.outcomes[0]?.status).to.equal("done");
      const second = await rollBack(indexer, { to: "previous" });
      expect(second.outcomes[0]?.status).to.equal("already");
      const { revisions } = await readHistory(indexer.cluster, indexer.workload);
      expect(revisions.find(({ present }) => present)?.images).to.deep.equal(["api:2"]);
    });
  }

  it("of a paused Deployment is refused, with the way out", async () => {
    const namespace = await kubernetes.namespace();
    await roll(kubernetes, namespace, "Deployment", { image: "api:1" });
    await roll(kubernetes, namespace, "Deployment", { image: "api:2" });
    await kubernetes.kubectl(namespace, "rollout", "pause", "deployment/api");
    const indexer = await indexerIn(kubernetes, namespace, "Deployment");
    const refused = await plan(indexer, { to: "previous" }).catch((error: unknown) => error);
    expect(refused).to.have.property("code", "ROLLOUT_PAUSED");
    expect(refused).to.have.property("next").that.contains("kubectl rollout resume");
  });

  it("leaves what the next kubectl apply needs to take out what its manifest no longer has", async () => {
    const left: Record<string, unknown> = {};
    for (const way of ["ours", "kubectl's"]) {
      const namespace = await kubernetes.namespace();
      const apply = async (image: string, ...env: readonly string[]): Promise<void> => {
        const made = ["create", "deployment", "api", `--image=${image}`, "--dry-run=client"];
        const { output } = await kubernetes.kubectl(namespace, ...made, "--output=json");
        const manifest: unknown = JSON.parse(output);
        const container = containerOf(manifest);
        if (isRecord(container)) {
          container.env = env.map((name) => ({ name, value: "1" }));
        }
        const applied = await kubernetes.apply(namespace, manifest);
        expect(applied.code, applied.output).to.equal(0);
        const indexer = await indexerIn(kubernetes, namespace, "Deployment");
        await waitForRollout(indexer, () => undefined);
      };
      await apply("api:1", "OLD");
      await apply("api:2");
      if (way === "ours") {
        const indexer = await indexerIn(kubernetes, namespace, "Deployment");
        const { failure } = await rollBack(indexer, { to: "previous" });
        expect(failure).to.equal(null);
      } else {
        await kubernetes.kubectl(namespace, "rollout", "undo", "deployment/api");
      }
      await apply("api:3");
      const object = await read(kubernetes, namespace, { kind: "Deployment", name: "api" });
      const container = containerOf(object);
      expect(at(container, ["image"])).to.equal("api:3");
      left[way] = at(container, ["env"]);
    }
    // kubernetes#94698: kubectl's undo leaves a variable that no manifest has any more.
    expect(left["kubectl's"]).to.deep.equal([{ name: "OLD", value: "1" }]);
    expect(left.ours).to.equal(undefined);
  });
});
