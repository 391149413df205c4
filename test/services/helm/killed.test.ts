import { readdir, readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

import { expect } from "chai";

import { helmProgram } from "../../../src/indexer/helm/program.js";
import type { HelmRelease } from "../../../src/indexer/helm/helm-release.js";
import { HelmRollbackStep } from "../../../src/indexer/helm/rollback-step.js";
import { openCluster } from "../../../src/indexer/kubernetes/open-cluster.js";
import { makePlan, performPlan } from "../../../src/recovery/run.js";
import { until } from "../../helpers/anvil.js";
import { createCliProject, type RunningCli } from "../../helpers/cli.js";
import { captured, createProject, type Outcome, type Project } from "../../helpers/project.js";
import { expectRefusal, expectSuccess } from "../../helpers/refusal.js";
import { at, containerOf, read } from "../kubernetes/workloads.js";
import { describeWith } from "../servers/describe-services.js";
import type { ProxiedRequest, RequestHook } from "../servers/faults.js";
import { startFaultyProxy, type FaultyProxy } from "../servers/faulty-proxy.js";
import { startKubernetes, type Kubernetes } from "../servers/kubernetes.js";
import { pathOf } from "../servers/tools.js";
import { HELM_TOOLS, kubeconfigFor, releasesIn, type Releases } from "./releases.js";

/** Nobody answers there: commands on indexers need no chain. */
const NO_NODE = "http://127.0.0.1:9";

/** No command asks so often. */
const MOST_REQUESTS = 500;

describeWith(HELM_TOOLS, "A rollback of a Helm release that is killed", function () {
  this.timeout(300_000);
  let kubernetes: Kubernetes;
  let proxy: FaultyProxy;
  let releases: Releases;
  let project: Project;
  let options: Parameters<typeof createProject>[0];

  before(async () => {
    kubernetes = await startKubernetes();
    proxy = await startFaultyProxy(kubernetes.server, kubernetes.certificate);
    // helm sends no token over what is not encrypted: to the proxy, it is nobody.
    const { code, output } = await kubernetes.kubectl(
      ...["default", "create", "clusterrolebinding", "nobody"],
      ...["--clusterrole=cluster-admin", "--user=system:anonymous"],
    );
    expect(code, output).to.equal(0);
  });
  after(async () => {
    await proxy.stop();
    await kubernetes.stop();
  });
  beforeEach(async () => {
    await begin();
  });
  afterEach(async () => {
    await end();
  });

  /** A release whose second revision is broken, and the project of whoever is on call. */
  async function begin(): Promise<void> {
    const namespace = await kubernetes.namespace();
    releases = await releasesIn(kubernetes, namespace);
    await releases.deploy({ image: "api:1" });
    await releases.deploy({ image: "api:2", extra: true });
    const kubeconfig = await kubeconfigFor(kubernetes, namespace, { server: proxy.url });
    const helm = { release: "api", program: pathOf("helm"), namespace, kubeconfig };
    const emergency = { indexers: { api: { helm, waitSeconds: 30 } } };
    options = { url: NO_NODE, chainId: 1, accounts: [], emergency };
    project = await createProject(options);
    proxy.forget();
  }

  async function end(): Promise<void> {
    proxy.forget();
    await project.remove();
    await releases.remove();
  }

  async function rollBack(args: Readonly<Record<string, string | boolean>> = {}): Promise<Outcome> {
    const { hre } = project;
    return await captured(
      async (): Promise<unknown> =>
        await hre.tasks.getTask(["indexer", "rollback"]).run({ yes: true, ...args }),
    );
  }

  /** The release as a rollback leaves it, whoever has tried before: and nobody's upgrade is refused. */
  async function expectRolledBack(when: string): Promise<void> {
    const { namespace } = releases;
    const object = await read(kubernetes, namespace, { kind: "Deployment", name: "api" });
    expect(at(containerOf(object), ["image"]), when).to.equal("api:1");
    expect((await kubernetes.kubectl(namespace, "get", "configmap", "extra")).code).to.equal(1);
    const history = await releases.history();
    expect(history.at(-1), when).to.include({ status: "deployed", rollback_revision: 1 });
    expect(
      history.filter(({ status }) => status.startsWith("pending-") || status === "deployed"),
      when,
    ).to.have.length(1);
  }

  /** Ends every helm that works on this namespace, as a power cut would. */
  async function killHelm(): Promise<void> {
    for (const id of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
      const line = await readFile(join("/proc", id, "cmdline"), "utf8").catch(() => "");
      const args = line.split("\0");
      const changes = ["install", "upgrade", "rollback"].some((verb) => args.includes(verb));
      if (args[0] === pathOf("helm") && changes && args.includes(releases.namespace)) {
        process.kill(Number(id), "SIGKILL");
      }
    }
  }

  /** Calls back at the nth request of helm's that writes. */
  function atWriteOfHelm(
    number: number,
    moment: "before" | "after",
    act: () => Promise<void>,
  ): void {
    let seen = 0;
    const counted = new Map<number, number>();
    const hook = async (request: ProxiedRequest): Promise<"drop" | undefined> => {
      if (!isWriteOfHelm(request)) {
        return undefined;
      }
      if (!counted.has(request.number)) {
        seen += 1;
        counted.set(request.number, seen);
      }
      if (counted.get(request.number) !== number) {
        return undefined;
      }
      await act();
      return "drop";
    };
    const hooks: RequestHook =
      moment === "before" ? { before: hook } : { before: count, after: hook };
    function count(request: ProxiedRequest): undefined {
      if (isWriteOfHelm(request)) {
        seen += 1;
        counted.set(request.number, seen);
      }
      return undefined;
    }
    atEveryRequest(hooks);
  }

  function atEveryRequest(hook: RequestHook): void {
    for (let request = 1; request <= MOST_REQUESTS; request += 1) {
      proxy.onRequest(request, hook);
    }
  }

  function isWriteOfHelm({ method, headers }: ProxiedRequest): boolean {
    return method !== "GET" && String(headers["user-agent"]).startsWith("Helm/");
  }

  it("is finished by the same command, wherever helm is killed", async () => {
    expectSuccess(await rollBack());
    await expectRolledBack("undisturbed");
    const writes = proxy.requests.filter(isWriteOfHelm);
    expect(writes.length).to.be.greaterThan(4);
    for (const [number, moment] of [
      // The record is there, and nothing else.
      [1, "after"],
      // In the midst of the objects.
      [3, "before"],
      // All objects are as they should be, and no record says so; one of them does; both do.
      [writes.length - 1, "before"],
      [writes.length, "before"],
      [writes.length, "after"],
    ] as const) {
      await end();
      await begin();
      const when = `helm killed ${moment} its write ${number} of ${writes.length}`;
      atWriteOfHelm(number, moment, killHelm);
      const failed = await rollBack();
      if (moment === "after" && number === writes.length) {
        expect(failed.error, when).to.equal(undefined);
      } else {
        expectRefusal(failed, "HELM_FAILED");
      }
      proxy.forget();
      expectSuccess(await rollBack());
      await expectRolledBack(when);
    }
  });

  it("is finished by the same command, when it is killed itself, and helm with it", async () => {
    const typed = await createCliProject(options);
    const started: { command?: RunningCli } = {};
    atWriteOfHelm(4, "after", async () => {
      await started.command?.kill();
      await killHelm();
    });
    const command = typed.start(["indexer", "rollback", "--yes"]);
    started.command = command;
    expect((await command.finished).exitCode).to.equal(null);
    await typed.remove();
    expect((await releases.history()).at(-1)).to.include({ status: "pending-rollback" });
    proxy.forget();
    // The record says that the run was on this machine, and it is not there any more.
    const outcome = await rollBack();
    expectSuccess(outcome);
    expect(outcome.stdout)
      .to.contain("by a run on this machine that is no more")
      .and.to.contain("mark revision 3, which has stayed pending-rollback, as failed");
    await expectRolledBack("killed with helm");
  });

  it("lets a helm that has outlived it come to its end", async () => {
    const typed = await createCliProject(options);
    const started: { command?: RunningCli } = {};
    let letGo: (() => void) | undefined;
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    let isHeld = false;
    let seen = 0;
    atEveryRequest({
      before: async (one) => {
        if (isWriteOfHelm(one)) {
          seen += 1;
          if (seen === 3) {
            await started.command?.kill();
            isHeld = true;
            await held;
          }
        }
        return undefined;
      },
    });
    const command = typed.start(["indexer", "rollback", "--yes"]);
    started.command = command;
    expect((await command.finished).exitCode).to.equal(null);
    await until("helm waits", async () => await Promise.resolve(isHeld));
    const busy = expectRefusal(await rollBack(), "HELM_PENDING");
    expect(busy.what).to.contain("helm works on it on this machine, as process");
    letGo?.();
    await until(
      "helm has ended",
      async () => (await releases.history()).at(-1)?.status === "deployed",
    );
    await typed.remove();
    expectSuccess(await rollBack());
    await expectRolledBack("outlived");
    expect(await releases.history()).to.have.length(3);
  });

  it("takes over what others have left, when somebody says so, and refuses what was never there", async () => {
    const { namespace } = releases;
    const kubeconfig = await kubeconfigFor(kubernetes, `${namespace}.other`, { server: proxy.url });
    const other = await releasesIn({ kubeconfig }, namespace);
    atWriteOfHelm(3, "before", killHelm);
    const chart = await releases.chart({ image: "api:3" });
    await other.helm("upgrade", "api", chart);
    proxy.forget();
    const { output } = await releases.helm("upgrade", "api", chart);
    expect(output).to.contain("another operation");
    const pending = expectRefusal(await rollBack(), "HELM_PENDING");
    expect(pending.what).to.contain("pending-upgrade").and.to.contain("elsewhere");
    expect(pending.next).to.contain("--take-over");
    expectSuccess(await rollBack({ takeOver: true }));
    // What was deployed last is api:2: the upgrade never came so far.
    const history = await releases.history();
    expect(history.map(({ status }) => status)).to.deep.equal([
      "superseded",
      "superseded",
      "failed",
      "deployed",
    ]);
    expect(history[2]?.description).to.contain("was pending-upgrade: Preparing upgrade");
    expect(history[3]).to.include({ rollback_revision: 2 });
    await releases.deploy({ image: "api:3" });

    await releases.helm("uninstall", "api");
    atWriteOfHelm(3, "before", killHelm);
    await other.helm("install", "api", chart);
    proxy.forget();
    const never = expectRefusal(await rollBack({ takeOver: true }), "HELM_PENDING");
    expect(never.next).to.contain("helm uninstall api");
    await other.remove();
  });

  it("sees that somebody deploys in the same moment", async () => {
    const plan = join(project.folder, "plan.json");
    expectSuccess(await rollBack({ dryRun: true, savePlan: plan }));
    await releases.deploy({ image: "api:3" });
    expectRefusal(await rollBack({ plan }), "PRIOR_STATE_CHANGED");
    expect(await releases.history()).to.have.length(3);

    // Between our last look and helm's own one.
    let deployed = false;
    atEveryRequest({
      before: async ({ headers }) => {
        if (!deployed && String(headers["user-agent"]).startsWith("Helm/")) {
          deployed = true;
          await releases.deploy({ image: "api:4" });
        }
        return undefined;
      },
    });
    const outcome = await rollBack({ to: "1" });
    expect(outcome.exitCode, outcome.stdout).to.equal(3);
    expect(outcome.stdout).to.contain("somebody else has deployed in the same moment");
  });

  it("does not wait for pods that will not come up", async () => {
    const { namespace } = releases;
    await releases.deploy({ image: "api:3", fate: "image-pull" });
    await releases.deploy({ image: "api:4" });
    const { kubeconfig } = kubernetes;
    const cluster = await openCluster({ kubeconfig, context: undefined, namespace });
    const helm: HelmRelease = {
      name: "api",
      release: "api",
      cluster,
      driver: "secrets",
      helm: helmProgram(pathOf("helm"), cluster, "secrets"),
      host: hostname(),
      waitMs: 60_000,
      patienceMs: 2_000,
      by: "test@test",
      now: () => new Date(),
      wait: async (milliseconds) => {
        await wait(milliseconds);
      },
    };
    const step = new HelmRollbackStep(async () => await Promise.resolve(helm));
    const steps = new Map([[step.kind, step]]);
    const intent = { indexer: "api", target: { to: "revision", revision: 3 } };
    const planned = await makePlan(
      "indexer rollback",
      [{ id: "rollback", kind: step.kind, intent }],
      steps,
      async () => await Promise.resolve({ indexer: "api", place: cluster.place }),
      () => {
        throw new Error("nothing builds on another step");
      },
    );
    const { failure } = await performPlan(planned, steps, () => undefined, Date.now);
    expect(failure?.code).to.equal("HELM_FAILED");
    expect(failure?.what)
      .to.contain("the image api:3 of container api cannot be had")
      .and.to.contain("Revision 5 is marked as failed");
    const last = (await releases.history()).at(-1);
    expect(last).to.include({ status: "failed", rollback_revision: 3 });
    expect(last?.description).to.contain("cannot be had");
  });
});
