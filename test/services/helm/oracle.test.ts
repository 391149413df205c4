import { hostname } from "node:os";
import { setTimeout as wait } from "node:timers/promises";

import { expect } from "chai";
import fc from "fast-check";

import { listReleases } from "../../../src/indexer/helm/look.js";
import type { HelmRelease } from "../../../src/indexer/helm/helm-release.js";
import { helmProgram } from "../../../src/indexer/helm/program.js";
import { HelmRollbackStep } from "../../../src/indexer/helm/rollback-step.js";
import { readReleases } from "../../../src/indexer/helm/storage.js";
import { withoutValues } from "../../../src/indexer/helm/try-objects.js";
import { openCluster } from "../../../src/indexer/kubernetes/open-cluster.js";
import { canonicalJson, isRecord } from "../../../src/json.js";
import { makePlan, performPlan } from "../../../src/recovery/run.js";
import { until } from "../../helpers/anvil.js";
import { at, without } from "../kubernetes/workloads.js";
import { describeWith } from "../servers/describe-services.js";
import { startKubernetes, type Kubernetes } from "../servers/kubernetes.js";
import { pathOf } from "../servers/tools.js";
import { HELM_TOOLS, releasesIn, type ChartVersion, type Releases } from "./releases.js";

/** Each has two to four revisions, and takes a dozen runs of helm. */
const HISTORIES = 4;

const words = fc.dictionary(fc.constantFrom("A", "B", "C"), fc.constantFrom("1", "2"));

/** A version of a chart. */
const version: fc.Arbitrary<ChartVersion> = fc.record(
  {
    image: fc.constantFrom("api:1", "api:2", "api:3"),
    chart: fc.constantFrom("0.1.0", "0.2.0"),
    replicas: fc.integer({ min: 0, max: 2 }),
    env: words,
    config: words,
    secret: words,
    extra: fc.boolean(),
    before: fc.constant("completes" as const),
    after: fc.constant("completes" as const),
  },
  { requiredKeys: ["image"] },
);

const history = fc.record({
  versions: fc.array(version, { minLength: 2, maxLength: 4 }),
  /** Whether the last one fails, and which one is to come back: 0 is what helm should have chosen. */
  broken: fc.boolean(),
  to: fc.nat({ max: 2 }),
});

describeWith(HELM_TOOLS, "A rollback, beside helm's own", function () {
  this.timeout(300_000);
  let kubernetes: Kubernetes;

  before(async () => {
    kubernetes = await startKubernetes();
  });
  after(async () => {
    await kubernetes.stop();
  });

  async function releaseOf({ namespace }: Releases): Promise<HelmRelease> {
    const { kubeconfig } = kubernetes;
    const cluster = await openCluster({ kubeconfig, context: undefined, namespace });
    return {
      name: "api",
      release: "api",
      cluster,
      driver: "secrets",
      helm: helmProgram(pathOf("helm"), cluster, "secrets"),
      host: hostname(),
      waitMs: 60_000,
      patienceMs: 30_000,
      by: "test@test",
      now: () => new Date(),
      wait: async (milliseconds) => {
        await wait(milliseconds);
      },
    };
  }

  /** All objects of a namespace that the release made, as far as two that were made alike are alike. */
  async function objectsIn({ namespace }: Releases): Promise<readonly unknown[]> {
    const { output } = await kubernetes.kubectl(
      ...[namespace, "get", "deployments,configmaps,secrets,jobs", "--output", "json"],
    );
    const list: unknown = at(JSON.parse(output), ["items"]);
    return (Array.isArray(list) ? list : [])
      .filter(
        (item) =>
          at(item, ["type"]) !== "helm.sh/release.v1" &&
          at(item, ["metadata", "name"]) !== "kube-root-ca.crt",
      )
      .map((item: unknown) => {
        const metadata = at(item, ["metadata"]);
        const annotations = at(metadata, ["annotations"]);
        // A job's selector and labels hold its own uid.
        const spec =
          at(item, ["kind"]) === "Job" ? at(item, ["spec", "backoffLimit"]) : at(item, ["spec"]);
        return {
          kind: at(item, ["kind"]),
          name: at(metadata, ["name"]),
          labels: without(
            at(metadata, ["labels"]) ?? {},
            "batch.kubernetes.io/controller-uid",
            "controller-uid",
          ),
          annotations: without(annotations ?? {}, "meta.helm.sh/release-namespace"),
          spec,
          data: at(item, ["data"]),
          managers: managersOf(metadata),
        };
      });
  }

  /** Who has set fields and how, in the order of their names. */
  function managersOf(metadata: unknown): readonly string[] {
    const fields = at(metadata, ["managedFields"]);
    return (Array.isArray(fields) ? fields : [])
      .map((field: unknown) =>
        isRecord(field) ? `${String(field.manager)} ${String(field.operation)}` : "",
      )
      .sort();
  }

  async function rollBack(helm: HelmRelease, target: object): Promise<string> {
    const step = new HelmRollbackStep(async () => await Promise.resolve(helm));
    const steps = new Map([[step.kind, step]]);
    const planned = await makePlan(
      "indexer rollback",
      [{ id: "rollback", kind: step.kind, intent: { indexer: "api", target: { ...target } } }],
      steps,
      async () => await Promise.resolve({ indexer: "api", place: helm.cluster.place }),
      () => {
        throw new Error("nothing builds on another step");
      },
    );
    const { failure, outcomes } = await performPlan(planned, steps, () => undefined, Date.now);
    expect(failure).to.equal(null);
    return outcomes[0]?.status ?? "";
  }

  it("leaves the objects that helm leaves, over generated histories, and reads all that helm reads", async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(history, async ({ versions, broken, to }) => {
        const [ours, theirs] = await Promise.all(
          [0, 1].map(async () => await releasesIn(kubernetes, await kubernetes.namespace())),
        );
        if (ours === undefined || theirs === undefined) {
          throw new Error("there are two");
        }
        for (const releases of [ours, theirs]) {
          for (const one of versions) {
            await releases.deploy(one);
          }
          if (broken) {
            await releases.deploy({ image: "api:9", replicas: -1 }, { fails: true });
          }
        }
        const helm = await releaseOf(ours);
        const target = to === 0 ? { to: "previous" } : { to: "revision", revision: to };
        const status = await rollBack(helm, target).catch((error: unknown) => {
          // All revisions may be the same.
          expect(to).to.equal(0);
          expect(String(error)).to.contain("UNKNOWN_REVISION");
          return "refused";
        });
        const made = (await ours.history()).at(-1)?.rollback_revision;
        if (status === "done" && made !== undefined) {
          const { code, output } = await theirs.helm("rollback", "api", String(made), "--wait");
          expect(code, output).to.equal(0);
        }
        // The other difference: after an upgrade that failed, helm may forget what only a version before it had.
        const { output: manifest } = await theirs.helm("get", "manifest", "api");
        const left = async (releases: Releases): Promise<readonly unknown[]> =>
          (await objectsIn(releases)).filter(
            (object) => at(object, ["name"]) !== "extra" || /name: "?extra"?$/m.test(manifest),
          );
        // Controllers write on what helm has written, each in its own time.
        await until("both are as they stay", async () => {
          const [one, other] = await Promise.all([left(ours), left(theirs)]);
          return canonicalJson(one) === canonicalJson(other);
        }).catch(() => undefined);
        expect(await left(ours)).to.deep.equal(await left(theirs));

        const { revisions } = await listReleases(helm);
        expect(
          revisions.map((one) => ({
            revision: one.number,
            updated: one.updatedAt,
            status: one.status,
            chart: one.chart,
            app_version: one.appVersion,
            ...(one.rollbackTo === null ? {} : { rollback_revision: one.rollbackTo }),
            description: one.description,
          })),
        ).to.deep.equal(
          (await ours.history()).map((line) => ({
            ...line,
            // Values that an API server quotes are left out.
            description: withoutValues(line.description),
          })),
        );
        const { releases } = await readReleases(helm.cluster, "api", "secrets");
        for (const { number, manifest } of releases.slice(-2)) {
          const { output } = await ours.helm(
            "get",
            "manifest",
            "api",
            "--revision",
            String(number),
          );
          expect(manifest.trim()).to.equal(output.trim());
        }
        await Promise.all([ours.remove(), theirs.remove()]);
        compared += 1;
      }),
      { numRuns: HISTORIES, endOnFailure: true, seed: 20_261_122 },
    );
    expect(compared).to.equal(HISTORIES);
  });
});
