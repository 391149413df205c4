import { createServer, type Server } from "node:http";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import fc from "fast-check";

import { workloadSchema, type WorkloadKind } from "../../../src/indexer/kubernetes/objects.js";
import { rolloutOf, type Rollout } from "../../../src/indexer/kubernetes/rollout.js";
import { describeWith } from "../servers/describe-services.js";
import { runToEnd } from "../servers/run-to-end.js";
import { pathOf } from "../servers/tools.js";

/** Of each kind. A state costs one kubectl. */
const STATES = 20;

const PLURALS = {
  Deployment: "deployments",
  StatefulSet: "statefulsets",
  DaemonSet: "daemonsets",
} as const;

const few = fc.integer({ min: 0, max: 3 });
const generations = fc.record({
  generation: fc.integer({ min: 1, max: 2 }),
  observedGeneration: fc.integer({ min: 1, max: 2 }),
});
const onDelete = fc.constantFrom("RollingUpdate", "RollingUpdate", "RollingUpdate", "OnDelete");

/** States as an API server has them: with its defaults filled in. */
const states: Record<WorkloadKind, fc.Arbitrary<object>> = {
  Deployment: fc
    .record({
      generations,
      replicas: few,
      paused: fc.boolean(),
      counts: fc.record({
        replicas: few,
        updatedReplicas: few,
        availableReplicas: few,
        readyReplicas: few,
      }),
      reason: fc.constantFrom(
        undefined,
        "ProgressDeadlineExceeded",
        "NewReplicaSetAvailable",
        "ReplicaSetUpdated",
      ),
    })
    .map(
      ({ generations: { generation, observedGeneration }, replicas, paused, counts, reason }) => ({
        metadata: { generation },
        spec: { replicas, ...(paused ? { paused } : {}) },
        status: {
          observedGeneration,
          ...counts,
          ...(reason === undefined
            ? {}
            : { conditions: [{ type: "Progressing", status: "True", reason }] }),
        },
      }),
    ),
  StatefulSet: fc
    .record({
      generations,
      replicas: few,
      type: onDelete,
      partition: few,
      ready: few,
      updated: few,
      isUpdated: fc.boolean(),
    })
    .map(
      ({
        generations: { generation, observedGeneration },
        replicas,
        type,
        partition,
        ready,
        updated,
        isUpdated,
      }) => ({
        metadata: { generation },
        spec: {
          replicas,
          updateStrategy: type === "OnDelete" ? { type } : { type, rollingUpdate: { partition } },
        },
        status: {
          observedGeneration,
          replicas: Math.max(ready, updated),
          readyReplicas: ready,
          // Where there is no other revision, each pod is one of it.
          updatedReplicas: isUpdated ? Math.max(ready, updated) : updated,
          currentRevision: isUpdated ? "api-2" : "api-1",
          updateRevision: "api-2",
        },
      }),
    ),
  DaemonSet: fc
    .record({
      generations,
      type: onDelete,
      counts: fc.record({
        desiredNumberScheduled: few,
        currentNumberScheduled: few,
        updatedNumberScheduled: few,
        numberAvailable: few,
        numberReady: few,
        numberMisscheduled: few,
      }),
    })
    .map(({ generations: { generation, observedGeneration }, type, counts }) => ({
      metadata: { generation },
      spec: { updateStrategy: { type } },
      status: { observedGeneration, ...counts },
    })),
};

/** What `kubectl rollout status` says of a state. */
type Said = "done" | "waiting" | "failed" | "no status";

describeWith(["kubectl"], "How far a rollout has come", function () {
  this.timeout(180_000);
  let served: object = {};
  let server: Server;
  let folder: string;
  let kubeconfig: string;

  before(async () => {
    server = createServer(({ url = "" }, response) => {
      const { pathname, searchParams } = new URL(url, "http://localhost");
      const answer = answerTo(pathname, searchParams);
      if (answer === undefined) {
        response.writeHead(404, { "content-type": "application/json" });
        response.end('{"kind":"Status","apiVersion":"v1","status":"Failure","code":404}');
        return;
      }
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify(answer));
    });
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    folder = await mkdtemp(join(tmpdir(), "status-oracle-"));
    kubeconfig = join(folder, "kubeconfig.json");
    await writeFile(
      kubeconfig,
      JSON.stringify({
        apiVersion: "v1",
        kind: "Config",
        "current-context": "test",
        contexts: [{ name: "test", context: { cluster: "test", user: "user" } }],
        clusters: [{ name: "test", cluster: { server: `http://127.0.0.1:${portOf(server)}` } }],
        users: [{ name: "user", user: {} }],
      }),
    );
  });
  after(async () => {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  });

  function portOf(listening: Server): number {
    const at = listening.address();
    return typeof at === "object" && at !== null ? at.port : 0;
  }

  /** As much of an API server as kubectl asks for here. */
  function answerTo(path: string, query: URLSearchParams): object | undefined {
    if (path === "/api") {
      return { kind: "APIVersions", versions: ["v1"] };
    }
    if (path === "/api/v1") {
      return { kind: "APIResourceList", groupVersion: "v1", resources: [] };
    }
    const version = { groupVersion: "apps/v1", version: "v1" };
    if (path === "/apis") {
      const groups = [{ name: "apps", versions: [version], preferredVersion: version }];
      return { kind: "APIGroupList", apiVersion: "v1", groups };
    }
    if (path === "/apis/apps/v1") {
      const resources = Object.entries(PLURALS).map(([kind, name]) => ({
        name,
        kind,
        singularName: kind.toLowerCase(),
        namespaced: true,
        verbs: ["get", "list", "watch"],
      }));
      return { kind: "APIResourceList", groupVersion: "apps/v1", resources };
    }
    const [, plural, name] =
      /^\/apis\/apps\/v1\/namespaces\/default\/([a-z]+)(?:\/([a-z]+))?$/.exec(path) ?? [];
    if (plural === undefined) {
      return undefined;
    }
    if (name !== undefined) {
      return served;
    }
    // Nothing changes, and kubectl does not wait for it.
    const list = { kind: "List", apiVersion: "apps/v1", metadata: { resourceVersion: "1" } };
    return query.get("watch") === null ? { ...list, items: [served] } : undefined;
  }

  async function kubectlOn(kind: WorkloadKind): Promise<Said> {
    const { code, output } = await runToEnd(pathOf("kubectl"), [
      ...["--kubeconfig", kubeconfig, "--cache-dir", join(folder, "cache")],
      ...["rollout", "status", `${kind.toLowerCase()}/api`, "--watch=false", "--timeout=10s"],
    ]);
    if (output.includes("only available for RollingUpdate")) {
      return "no status";
    }
    if (output.includes("exceeded its progress deadline")) {
      return "failed";
    }
    expect(code, output).to.equal(0);
    if (/successfully rolled out|rolling update complete|roll out complete/.test(output)) {
      return "done";
    }
    expect(output).to.match(/[Ww]aiting for/);
    return "waiting";
  }

  /** What kubectl should say, where it does not do what `rolloutOf` says that it does better. */
  function expected({ state, what }: Rollout): readonly Said[] {
    switch (state) {
      case "done":
        return ["done"];
      case "going":
        // kubectl looks whether all have the same revision only where there is no partition field.
        return /^\d+ of \d+ pods are updated$/.test(what) ? ["waiting", "done"] : ["waiting"];
      case "stuck":
        return what.includes("progress deadline")
          ? ["failed"]
          : what.includes("paused")
            ? ["waiting"]
            : ["no status"];
    }
  }

  for (const kind of ["Deployment", "StatefulSet", "DaemonSet"] as const) {
    it(`of a ${kind} is what kubectl says, over generated states`, async () => {
      const seen = new Set<Said>();
      await fc.assert(
        fc.asyncProperty(states[kind], async (state) => {
          const object = complete(kind, state);
          served = object;
          const rollout = rolloutOf(kind, workloadSchema.parse(object));
          const said = await kubectlOn(kind);
          seen.add(said);
          if (said === "no status") {
            // We have one: done, or that somebody must delete pods.
            expect(rollout.what).not.to.equal("");
            return;
          }
          expect(expected(rollout), JSON.stringify({ rollout, said })).to.include(said);
          // And whoever trusts us never goes on before kubectl would.
          if (rollout.state === "done") {
            expect(said).to.equal("done");
          }
        }),
        { numRuns: STATES },
      );
      expect([...seen].sort()).to.include("waiting");
    });
  }
});

function complete(kind: WorkloadKind, state: object): object {
  const { metadata = {}, spec = {}, ...rest }: { metadata?: object; spec?: object } = state;
  return {
    apiVersion: "apps/v1",
    kind,
    metadata: {
      name: "api",
      namespace: "default",
      uid: "uid-api",
      resourceVersion: "1",
      creationTimestamp: "2026-01-01T00:00:00Z",
      ...metadata,
    },
    spec: {
      selector: { matchLabels: { app: "api" } },
      template: { metadata: { labels: { app: "api" } }, spec: { containers: [] } },
      ...spec,
    },
    ...rest,
  };
}
