import { writeFile } from "node:fs/promises";

import { expect } from "chai";

import type { EmergencyIndexerUserConfig } from "../../../src/config/types.js";
import { captured, createProject, type Outcome, type Project } from "../../helpers/project.js";
import { expectSuccess, fieldOf, listOf, onlyDocument } from "../../helpers/refusal.js";
import { describeWith } from "../servers/describe-services.js";
import { startFaultyProxy, type FaultyProxy } from "../servers/faulty-proxy.js";
import { KUBERNETES_TOOLS, startKubernetes, type Kubernetes } from "../servers/kubernetes.js";
import { at, containerOf } from "./workloads.js";

/** Nobody answers there: commands on indexers need no chain. */
const NO_NODE = "http://127.0.0.1:9";

/** A website that shows what an API serves, which reads what a writer writes; and documents beside it. */
const INDEXERS: Readonly<Record<string, Pick<EmergencyIndexerUserConfig, "dependsOn" | "writes">>> =
  {
    web: { dependsOn: ["api"] },
    api: { dependsOn: ["sync"] },
    sync: { writes: true },
    docs: {},
  };

describeWith(KUBERNETES_TOOLS, "Several indexers", function () {
  this.timeout(120_000);
  let kubernetes: Kubernetes;
  let proxy: FaultyProxy;
  let namespace: string;
  let project: Project;
  before(async () => {
    kubernetes = await startKubernetes();
    proxy = await startFaultyProxy(kubernetes.server, kubernetes.certificate);
  });
  after(async () => {
    await proxy.stop();
    await kubernetes.stop();
  });
  beforeEach(async () => {
    namespace = await kubernetes.namespace();
    for (const version of ["1", "2"]) {
      for (const name of Object.keys(INDEXERS)) {
        const { code, output } = await kubernetes.apply(namespace, deployment(name, version));
        expect(code, output).to.equal(0);
      }
    }
    for (const name of Object.keys(INDEXERS)) {
      const { code, output } = await kubernetes.kubectl(
        namespace,
        ...["rollout", "status", `deployment/${name}`],
      );
      expect(code, output).to.equal(0);
    }
    const kubeconfig = `${kubernetes.kubeconfig}.${namespace}`;
    await writeFile(
      kubeconfig,
      JSON.stringify({
        apiVersion: "v1",
        kind: "Config",
        "current-context": "test",
        contexts: [{ name: "test", context: { cluster: "test", user: "user" } }],
        clusters: [
          { name: "test", cluster: { server: proxy.url, "insecure-skip-tls-verify": true } },
        ],
        users: [{ name: "user", user: { token: kubernetes.token } }],
      }),
    );
    const indexers = Object.fromEntries(
      Object.entries(INDEXERS).map(([name, settings]) => [
        name,
        { ...settings, kubernetes: { name, namespace, kubeconfig } },
      ]),
    );
    project = await createProject({
      url: NO_NODE,
      chainId: 1,
      accounts: [],
      emergency: { indexers },
    });
    proxy.forget();
  });
  afterEach(async () => {
    await project.remove();
  });

  function deployment(name: string, version: string): object {
    const labels = { app: name };
    const containers = [{ name, image: `${name}:${version}` }];
    return {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers } },
      },
    };
  }

  async function run(
    task: string,
    args: Readonly<Record<string, string | boolean>>,
  ): Promise<Outcome> {
    const { hre } = project;
    return await captured(
      async (): Promise<unknown> => await hre.tasks.getTask(["indexer", task]).run(args),
    );
  }

  async function images(): Promise<Readonly<Record<string, unknown>>> {
    const entries = await Promise.all(
      Object.keys(INDEXERS).map(async (name) => {
        const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;
        const object: unknown = JSON.parse((await kubernetes.api("GET", path)).text);
        const image = at(containerOf(object), ["image"]);
        return [name, `${String(image)} x${String(at(object, ["spec", "replicas"]))}`] as const;
      }),
    );
    return Object.fromEntries(entries);
  }

  /** Which workloads were really changed, in order. */
  function changes(): readonly string[] {
    return proxy.requests
      .filter(({ path }) => path.includes("/deployments/"))
      .filter(({ method, query }) => method === "PATCH" && !query.has("dryRun"))
      .map(({ path }) => path.slice(path.lastIndexOf("/") + 1));
  }

  const GOOD = { web: "web:1 x1", api: "api:1 x1", sync: "sync:1 x1", docs: "docs:1 x1" };

  it("are rolled back in the order of what they depend on, the writer stopped first", async () => {
    const done = await run("rollback", { indexer: "docs,web,api,sync", yes: true });
    expectSuccess(done);
    expect(done.stdout).to.contain("6 steps");
    expect(await images()).to.deep.equal(GOOD);
    const chain = changes().filter((name) => name !== "docs");
    // Stopped, changed, started; then what stands on it.
    expect(chain).to.deep.equal(["sync", "sync", "sync", "api", "web"]);

    proxy.forget();
    const again = await run("rollback", { indexer: "docs,web,api,sync", yes: true, json: true });
    expectSuccess(again);
    expect(listOf(onlyDocument(again), "outcomes").map(({ status }) => status)).to.deep.equal(
      Array.from({ length: 5 }, () => "already"),
    );
    expect(changes()).to.deep.equal([]);
  });

  it("that do not wait for each other are changed side by side", async () => {
    // Neither is answered before both have asked: one after the other would never end.
    const waiting: (() => void)[] = [];
    const both = async (): Promise<void> => {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        if (waiting.length === 2) {
          waiting.forEach((go) => {
            go();
          });
        }
      });
    };
    // Every patch may be the one that is held up: which request it is depends on who asks first.
    for (let number = 1; number <= 60; number += 1) {
      proxy.onRequest(number, {
        before: async ({ method, path }) => {
          if (method === "PATCH" && path.includes("/deployments/")) {
            await both();
          }
          return undefined;
        },
      });
    }
    expectSuccess(await run("rollback", { indexer: "docs,api", yes: true }));
    expect(waiting).to.have.length(2);
    expect(await images()).to.include({ docs: GOOD.docs, api: GOOD.api });
  });

  it("are finished by the same command when it is cut off with the writer stopped", async () => {
    // What comes after the stop is refused: the writer stays stopped, and that is said.
    const denied = { kind: "answer", status: 403, code: "Forbidden", body: "{}" } as const;
    const patch = { method: "PATCH", path: /deployments\/sync$/, without: ["dryRun"] };
    proxy.fail(patch, denied, { skip: 1, times: 1 });
    const cut = await run("rollback", { indexer: "sync,api", yes: true, json: true });
    expect(cut.exitCode).to.equal(1);
    const outcomes = listOf(onlyDocument(cut), "outcomes");
    expect(outcomes.map(({ status }) => status)).to.deep.equal([
      "done",
      "failed",
      "not-run",
      "not-run",
    ]);
    expect(await images()).to.include({ sync: "sync:2 x0", api: "api:2 x1" });

    proxy.forget();
    expectSuccess(await run("rollback", { indexer: "sync,api", yes: true }));
    expect(await images()).to.include({ sync: GOOD.sync, api: GOOD.api });
    expect(changes()).to.deep.equal(["sync", "sync", "api"]);
  });

  it("leave stopped what a person has stopped, until that person starts it", async () => {
    expectSuccess(await run("stop", { indexer: "sync", yes: true }));
    const done = await run("rollback", { indexer: "sync,api", yes: true });
    expectSuccess(done);
    expect(done.stdout).to.contain("npx hardhat indexer start --indexer sync");
    expect(await images()).to.include({ sync: "sync:1 x0", api: GOOD.api });
    expectSuccess(await run("start", { indexer: "sync", yes: true }));
    expect(await images()).to.include({ sync: GOOD.sync });
  });

  it("are planned and tried as they will be done, and nothing is written in a dry run", async () => {
    const dry = await run("rollback", {
      indexer: "sync,api",
      dryRun: true,
      rehearse: true,
      json: true,
    });
    expectSuccess(dry);
    const plan = fieldOf(onlyDocument(dry), "plan");
    const steps = listOf(plan, "steps");
    expect(steps.map(({ id }) => id)).to.deep.equal([
      "stop sync",
      "roll back sync",
      "start sync",
      "roll back api",
    ]);
    expect(changes()).to.deep.equal([]);
    expect(await images()).to.include({ sync: "sync:2 x1", api: "api:2 x1" });
  });
});
