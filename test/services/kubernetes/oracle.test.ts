import { expect } from "chai";
import fc from "fast-check";

import { isRecord } from "../../../src/json.js";
import { MARK_ANNOTATION } from "../../../src/indexer/kubernetes/mark.js";
import type { WorkloadKind } from "../../../src/indexer/kubernetes/objects.js";
import type { Target } from "../../../src/indexer/kubernetes/choose-revision.js";
import { describeWith } from "../servers/describe-services.js";
import { KUBERNETES_TOOLS, startKubernetes, type Kubernetes } from "../servers/kubernetes.js";
import {
  indexerIn,
  plan,
  perform,
  read,
  roll,
  settled,
  without,
  type Version,
} from "./workloads.js";

/** How many histories of each kind; each has two to four rollouts, so that there are at least 54. */
const HISTORIES = 9;

/** Generated anew each time; what a failure prints repeats it. */
const version: fc.Arbitrary<Version> = fc.record(
  {
    image: fc.constantFrom("api:1", "api:2", "api:3", "registry.example/api@sha256:0a1b"),
    env: fc.dictionary(
      fc.constantFrom("CONTRACT", "START_BLOCK"),
      fc.constantFrom("", "0xa1", "17"),
    ),
    labels: fc.dictionary(fc.constantFrom("tier", "team"), fc.constantFrom("a", "b", "")),
    fate: fc.constantFrom("crash-loop" as const, "image-pull" as const, "never-ready" as const),
    changeCause: fc.constantFrom("deploy 1", "deploy 2"),
    replicas: fc.integer({ min: 0, max: 3 }),
    memory: fc.constantFrom("1Mi", "2Mi", "1024Ki"),
    sidecar: fc.constantFrom("proxy:1", "proxy:2"),
  },
  { requiredKeys: ["image"] },
);

const history = fc.record({
  versions: fc.array(version, { minLength: 2, maxLength: 4 }),
  /** How far back: 0 is "previous", as kubectl understands it. */
  back: fc.nat({ max: 2 }),
});

describeWith(KUBERNETES_TOOLS, "A rollback, beside kubectl's", () => {
  let kubernetes: Kubernetes;

  before(async () => {
    kubernetes = await startKubernetes();
  });
  after(async () => {
    await kubernetes.stop();
  });

  /** What is equal when two have done the same: not names of makers, nor times. */
  async function stateOf(namespace: string, kind: WorkloadKind): Promise<unknown> {
    const { revisions } = await settled(kubernetes, namespace, kind);
    const object = await read(kubernetes, namespace, { kind, name: "api" });
    const metadata = isRecord(object.metadata) ? object.metadata : {};
    return {
      spec: object.spec,
      labels: metadata.labels ?? {},
      annotations: without(metadata.annotations ?? {}, MARK_ANNOTATION),
      generation: metadata.generation,
      revisions: revisions.map(({ number, hash, changeCause }) => ({ number, hash, changeCause })),
    };
  }

  for (const kind of ["Deployment", "StatefulSet", "DaemonSet"] as const) {
    it(`leaves a ${kind} as kubectl leaves its twin, over generated histories`, async () => {
      let compared = 0;
      await fc.assert(
        fc.asyncProperty(history, async ({ versions, back }) => {
          const [ours, theirs] = [await kubernetes.namespace(), await kubernetes.namespace()];
          for (const one of versions) {
            await Promise.all(
              [ours, theirs].map(async (namespace) => {
                await roll(kubernetes, namespace, kind, one);
              }),
            );
          }
          const { revisions } = await settled(kubernetes, ours, kind);
          const wanted = revisions.at(-1 - back);
          const target: Target =
            back === 0 || wanted === undefined
              ? { to: "previous" }
              : { to: "revision", revision: wanted.number };

          const indexer = await indexerIn(kubernetes, ours, kind, { waitMs: 0 });
          const us = await plan(indexer, target).then(
            async (planned) => {
              const { failure } = await perform(indexer, planned);
              expect(failure).to.equal(null);
              return "done";
            },
            () => "refused",
          );
          const { code } = await kubernetes.kubectl(
            theirs,
            ...["rollout", "undo", `${kind.toLowerCase()}/api`],
            ...(target.to === "revision" ? [`--to-revision=${target.revision}`] : []),
          );
          expect(us).to.equal(code === 0 ? "done" : "refused");
          expect(await stateOf(ours, kind)).to.deep.equal(await stateOf(theirs, kind));
          compared += 1;
        }),
        { numRuns: HISTORIES, endOnFailure: true },
      );
      expect(compared).to.equal(HISTORIES);
    });
  }
});
