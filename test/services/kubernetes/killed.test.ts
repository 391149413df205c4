import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import { createCliProject, type RunningCli } from "../../helpers/cli.js";
import { captured, createProject, type Outcome, type Project } from "../../helpers/project.js";
import { expectRefusal, expectSuccess } from "../../helpers/refusal.js";
import { describeWith } from "../servers/describe-services.js";
import { kubernetesRefusal } from "../servers/faults.js";
import { startFaultyProxy, type FaultyProxy } from "../servers/faulty-proxy.js";
import { KUBERNETES_TOOLS, startKubernetes, type Kubernetes } from "../servers/kubernetes.js";
import { at, containerOf, read, roll } from "./workloads.js";

/** Nobody answers there: commands on indexers need no chain. */
const NO_NODE = "http://127.0.0.1:9";

/** Somebody with a laptop, a bad network and little patience. */
describeWith(KUBERNETES_TOOLS, "A rollback in a bad network", function () {
  this.timeout(300_000);
  let kubernetes: Kubernetes;
  let proxy: FaultyProxy;
  let project: Project;
  let options: Parameters<typeof createProject>[0];
  let namespace: string;
  before(async () => {
    kubernetes = await startKubernetes();
    proxy = await startFaultyProxy(kubernetes.server, kubernetes.certificate);
  });
  after(async () => {
    await proxy.stop();
    await kubernetes.stop();
  });
  beforeEach(async () => {
    await begin();
  });
  afterEach(async () => {
    await project.remove();
  });

  /** An API whose second revision is broken, and the project of whoever is on call. */
  async function begin(): Promise<void> {
    namespace = await kubernetes.namespace();
    for (const image of ["api:1", "api:2"]) {
      await roll(kubernetes, namespace, "Deployment", { image, replicas: 1 });
    }
    const file = `${kubernetes.kubeconfig}.${namespace}.proxy`;
    await writeFile(
      file,
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
    const workload = { name: "api", namespace, kubeconfig: file };
    const emergency = { indexers: { api: { kubernetes: workload } } };
    options = { url: NO_NODE, chainId: 1, accounts: [], emergency };
    project = await createProject(options);
    proxy.forget();
  }

  async function rollBack(
    args: Readonly<Record<string, string | boolean>> = { yes: true },
  ): Promise<Outcome> {
    const { hre } = project;
    return await captured(
      async (): Promise<unknown> => await hre.tasks.getTask(["indexer", "rollback"]).run(args),
    );
  }

  async function again(): Promise<void> {
    await project.remove();
    await begin();
  }

  /** The workload as a rollback leaves it: api:1, as its third revision, and nothing beyond. */
  async function expectRolledBack(when: string): Promise<void> {
    const object = await read(kubernetes, namespace, { kind: "Deployment", name: "api" });
    expect(at(containerOf(object), ["image"]), when).to.equal("api:1");
    const revision = at(object, ["metadata", "annotations", "deployment.kubernetes.io/revision"]);
    expect(revision, when).to.equal("3");
    // One change made the first object, one the second, one the third.
    expect(at(object, ["metadata", "generation"]), when).to.equal(3);
  }

  it("is done once, wherever the connection breaks before or after the server has done it", async () => {
    const requests = await requestsOf();
    expect(requests).to.be.greaterThan(4);
    for (let number = 1; number <= requests; number += 1) {
      for (const fault of ["drop before", "drop after"]) {
        await again();
        const drop = (): "drop" => "drop";
        proxy.onRequest(number, fault === "drop before" ? { before: drop } : { after: drop });
        expectSuccess(await rollBack());
        await expectRolledBack(`${fault} request ${number}`);
      }
    }
  });

  it("is finished by the same command, wherever it is killed", async () => {
    const requests = await requestsOf();
    for (let number = 1; number <= requests; number += 1) {
      for (const moment of ["before", "after"] as const) {
        await again();
        const when = `killed ${moment} request ${number}`;
        const typed = await createCliProject(options);
        const started: { command?: RunningCli } = {};
        proxy.onRequest(number, {
          [moment]: async (): Promise<"drop"> => {
            await started.command?.kill();
            return "drop";
          },
        });
        const command = typed.start(["indexer", "rollback", "--yes"]);
        started.command = command;
        expect((await command.finished).exitCode, when).to.equal(null);
        await typed.remove();
        proxy.forget();
        expectSuccess(await rollBack());
        await expectRolledBack(when);
      }
    }
  });

  async function requestsOf(): Promise<number> {
    expectSuccess(await rollBack());
    await expectRolledBack("undisturbed");
    // Those that wait for the pods are as many as it takes: what comes after the patch is tried twice.
    return proxy.requests.findIndex(({ method }) => method === "PATCH") + 3;
  }

  it("waits for an API server that is started again in the middle of it", async () => {
    let started: Promise<void> | undefined;
    const restart = async (): Promise<"drop"> => {
      const start = await kubernetes.killApiServer();
      started = start();
      return "drop";
    };
    for (const moment of ["before", "after"] as const) {
      await again();
      const number = await patchIn();
      await again();
      proxy.onRequest(number, { [moment]: restart });
      const outcome = await rollBack();
      await started;
      expectSuccess(outcome);
      await expectRolledBack(`started again ${moment} the patch`);
    }
  });

  /** Which request is the patch. */
  async function patchIn(): Promise<number> {
    await requestsOf();
    return proxy.requests.findIndex(({ method }) => method === "PATCH") + 1;
  }

  it("comes back when a busy server says, and is refused when the object is another by then", async () => {
    const busy = kubernetesRefusal(429, "TooManyRequests", { "retry-after": "1" });
    const used = proxy.fail({}, busy, { times: 3 });
    expectSuccess(await rollBack());
    expect(used()).to.equal(3);
    await expectRolledBack("busy");

    await again();
    proxy.fail({ method: "PATCH" }, kubernetesRefusal(409, "Conflict"));
    const refusal = expectRefusal(await rollBack(), "PRIOR_STATE_CHANGED");
    expect(refusal.what).to.contain("Nothing was written");
    expectSuccess(await rollBack());
    await expectRolledBack("a conflict");
  });

  it("says that the login has expired, whenever it does, and is finished after another one", async () => {
    const expired = kubernetesRefusal(401, "Unauthorized");
    const requests = await requestsOf();
    for (let number = 1; number <= requests; number += 1) {
      await again();
      proxy.fail({}, expired, { skip: number - 1, times: 1000 });
      const refused = await rollBack();
      expect(expectRefusal(refused, "CLUSTER_CREDENTIALS").next).to.contain("auth whoami");
      expect(`${refused.stdout}${refused.stderr}`).not.to.contain(kubernetes.token);
      proxy.forget();
      expectSuccess(await rollBack());
      await expectRolledBack(`expired at request ${number}`);
    }
  });

  it("leaves a plan file that is refused afterwards, and no other trace", async () => {
    const file = join(project.folder, "plan.json");
    expectSuccess(await rollBack({ dryRun: true, savePlan: file }));
    expect(proxy.count({ method: "PATCH" })).to.equal(0);
    expectSuccess(await rollBack());
    expectRefusal(await rollBack({ plan: file, yes: true }), "PRIOR_STATE_CHANGED");
    await expectRolledBack("a late plan");
  });
});
