import { expect } from "chai";

import type { Indexer } from "../../../src/indexer/indexer.js";
import type { Cluster } from "../../../src/indexer/kubernetes/cluster.js";
import { openCluster } from "../../../src/indexer/kubernetes/open-cluster.js";
import { KubernetesRollbackStep } from "../../../src/indexer/kubernetes/rollback-step.js";
import { findOwners } from "../../../src/indexer/owners/find-owners.js";
import { SUSPENDED } from "../../../src/indexer/owners/owner-mark.js";
import { ownerRequests } from "../../../src/indexer/owners/owner-requests.js";
import { OwnersStep } from "../../../src/indexer/owners/owners-step.js";
import { isRecord } from "../../../src/json.js";
import { makePlan, performPlan, rehearsePlan, type RunResult } from "../../../src/recovery/run.js";
import type { StepRequest, StepSet } from "../../../src/step.js";
import { until } from "../../helpers/anvil.js";
import { captured, createProject, type Outcome } from "../../helpers/project.js";
import {
  expectRefusal,
  expectRejection,
  expectSuccess,
  listOf,
  onlyDocument,
} from "../../helpers/refusal.js";
import { HELM_TOOLS, releasesIn } from "../helm/releases.js";
import { at, containerOf, indexerIn, manifest, roll } from "../kubernetes/workloads.js";
import { describeWith } from "../servers/describe-services.js";
import { startKubernetes, type Kubernetes } from "../servers/kubernetes.js";
import { pathOf } from "../servers/tools.js";
import {
  fluxLabels,
  startApplicationSets,
  startArgo,
  startFlux,
  startHelmReleases,
  type Controller,
  type Repository,
} from "./controllers.js";
import { defineOwners } from "./definitions.js";
import { kubeconfigOfSomebody } from "./somebody.js";
import { World, type Manifest } from "./world.js";

/** What the repository says is what is broken. */
const GOOD = "api:1";
const BROKEN = "api:2";

const AUTOMATED = { automated: { prune: true, selfHeal: true }, retry: { limit: 2 } };

describeWith(HELM_TOOLS, "What keeps a workload as it is", function () {
  this.timeout(120_000);
  let kubernetes: Kubernetes;
  let world: World;
  let running: Controller[] = [];

  before(async () => {
    kubernetes = await startKubernetes();
    await defineOwners(kubernetes);
  });
  after(async () => {
    await kubernetes.stop();
  });
  beforeEach(async () => {
    world = new World(kubernetes, await kubernetes.namespace());
    await roll(kubernetes, world.namespace, "Deployment", { image: GOOD });
    await roll(kubernetes, world.namespace, "Deployment", { image: BROKEN });
  });
  afterEach(async () => {
    const controllers = running;
    running = [];
    for (const controller of controllers) {
      await controller.stop();
    }
  });

  function started(...controllers: readonly Controller[]): void {
    running.push(...controllers);
  }

  /** Long enough for every controller to have put back what it wants to. */
  async function allHaveLooked(): Promise<void> {
    await Promise.all(
      running.map(async (controller) => {
        await controller.looks(4);
      }),
    );
  }

  async function image(): Promise<unknown> {
    return at(containerOf(await world.get("Deployment", "api")), ["image"]);
  }

  /** What the repository says of the Deployment. */
  function deployment(): Repository[string] {
    const { spec } = { spec: {}, ...manifest("Deployment", { image: BROKEN }) };
    return [{ kind: "Deployment", name: "api", spec }];
  }

  async function trackedBy(application: string): Promise<void> {
    const id = `${application}:apps/Deployment:${world.namespace}/api`;
    await world.merge("Deployment", "api", {
      metadata: { annotations: { "argocd.argoproj.io/tracking-id": id } },
    });
  }

  async function application(
    name: string,
    syncPolicy: Manifest = AUTOMATED,
    metadata: Manifest = {},
  ): Promise<Record<string, unknown>> {
    return await world.make("Application", name, {
      metadata,
      spec: { project: "default", syncPolicy, source: { path: name } },
    });
  }

  async function indexer(changes: Partial<Indexer> = {}): Promise<Indexer> {
    return { ...(await indexerIn(kubernetes, world.namespace, "Deployment")), ...changes };
  }

  function stepsOf(bound: Indexer): StepSet {
    const book = async (): Promise<Indexer> => await Promise.resolve(bound);
    const steps = [
      new KubernetesRollbackStep(book),
      new OwnersStep(book, "suspend"),
      new OwnersStep(book, "resume"),
    ];
    return new Map(steps.map((step) => [step.kind, step]));
  }

  /** Plans on a dry run of the API server, rehearses there, and performs. */
  async function run(
    bound: Indexer,
    requests: readonly StepRequest[],
    rehearses = true,
  ): Promise<RunResult> {
    const { access, namespace } = bound.cluster;
    const copy = async (): Promise<StepSet> =>
      stepsOf({ ...bound, cluster: await openCluster({ ...access, namespace }, true) });
    const at = { frontend: "api", place: bound.cluster.place };
    const planned = await makePlan(
      "indexer rollback",
      requests,
      stepsOf(bound),
      async () => await Promise.resolve(at),
      copy,
    );
    const wanted = rehearses ? await rehearsePlan(planned, await copy(), null) : planned;
    return await performPlan(wanted, stepsOf(bound), () => undefined, Date.now);
  }

  const rollback = (after: readonly StepRequest[]): StepRequest => ({
    id: "roll back",
    kind: "indexer-rollback",
    intent: { indexer: "api", target: { to: "image", image: GOOD } },
    after: after.map(({ id }) => id),
  });

  /** Rolls back to what works, as the command does. */
  async function rollBack(
    bound: Indexer,
    owner: "suspend" | "ignore" = "suspend",
    resume = false,
  ): Promise<RunResult> {
    const requests = await ownerRequests(async () => await Promise.resolve(bound), ["api"], {
      owner,
      resume,
    });
    const { first, last } = requests.get("api") ?? { first: [], last: [] };
    const main = rollback(first);
    return await run(bound, [
      ...first,
      main,
      ...last.map((step) => ({ ...step, after: [main.id] })),
    ]);
  }

  const SUSPEND = [{ id: "suspend", kind: "indexer-suspend", intent: { indexer: "api" } }];
  const RESUME = [{ id: "resume", kind: "indexer-resume", intent: { indexer: "api" } }];

  async function resume(bound: Indexer): Promise<RunResult> {
    return await run(bound, RESUME);
  }

  function expectDone({ failure, outcomes }: RunResult): void {
    expect(failure?.message).to.equal(undefined);
    expect(
      outcomes.map(({ status, problem, verification }) => ({
        status,
        problem: problem ?? verification?.problem,
      })),
    ).to.satisfy((all: readonly { status: string }[]) =>
      all.every(({ status }) => status === "done" || status === "already"),
    );
  }

  async function mark(kind: string, name: string): Promise<unknown> {
    return at(await world.get(kind, name), ["metadata", "annotations", SUSPENDED]);
  }

  /** What nobody's clock or counter has a part in. */
  async function written(kind: string, name: string): Promise<unknown> {
    const { spec, metadata } = await world.get(kind, name);
    const { annotations = {}, labels = {} } = isRecord(metadata) ? metadata : {};
    return { spec, annotations, labels };
  }

  /**
   * kubectl's undo is put back. Ours is not, stays so, and what was suspended is as it was when it is resumed:
   * then what the repository says comes back.
   */
  async function expectToWin(
    owners: readonly (readonly [kind: string, name: string])[],
  ): Promise<void> {
    await allHaveLooked();
    const before = await Promise.all(owners.map(async ([kind, name]) => await written(kind, name)));
    const undone = await kubernetes.kubectl(
      world.namespace,
      ...["rollout", "undo", "deployment/api"],
    );
    expect(undone.code, undone.output).to.equal(0);
    await until("kubectl's undo is put back", async () => (await image()) === BROKEN);
    await allHaveLooked();

    const bound = await indexer();
    expectDone(await rollBack(bound));
    await allHaveLooked();
    expect(await image()).to.equal(GOOD);
    expectDone(await resume(bound));
    await until("it is put back now", async () => (await image()) === BROKEN);
    await allHaveLooked();
    const after = await Promise.all(owners.map(async ([kind, name]) => await written(kind, name)));
    expect(after).to.deep.equal(before);
  }

  it("Argo CD does not win, and gets back what it had", async () => {
    const name = `${world.namespace}_indexer`;
    await trackedBy(name);
    await application("indexer");
    started(startArgo(world, { indexer: deployment() }));
    await expectToWin([["Application", "indexer"]]);
  });

  it("Argo CD's app of apps, which puts sync policies back, does not win either", async () => {
    await trackedBy(`${world.namespace}_indexer`);
    const child = await application("indexer", AUTOMATED, {
      annotations: {
        "argocd.argoproj.io/tracking-id": `${world.namespace}_root:argoproj.io/Application:${world.namespace}/indexer`,
      },
    });
    await application("root", { automated: { selfHeal: true } });
    const spec = isRecord(child.spec) ? child.spec : {};
    started(
      startArgo(world, {
        indexer: deployment(),
        root: [{ kind: "Application", name: "indexer", spec }],
      }),
    );
    await expectToWin([
      ["Application", "root"],
      ["Application", "indexer"],
    ]);
  });

  /** An ApplicationSet with one Application, and the controllers of both. */
  async function applicationSet(): Promise<void> {
    await trackedBy(`${world.namespace}_indexer`);
    const set = await world.make("ApplicationSet", "all", {
      spec: { generators: [], template: {} },
    });
    const child = await application("indexer", AUTOMATED, {
      ownerReferences: [
        {
          apiVersion: "argoproj.io/v1alpha1",
          kind: "ApplicationSet",
          name: "all",
          uid: at(set, ["metadata", "uid"]),
          controller: true,
        },
      ],
    });
    const spec = isRecord(child.spec) ? child.spec : {};
    started(
      startArgo(world, { indexer: deployment() }),
      startApplicationSets(world, { all: { indexer: spec } }),
    );
  }

  it("Argo CD's ApplicationSet, which puts sync policies back and takes marks away, does not win", async () => {
    await applicationSet();
    await expectToWin([
      ["ApplicationSet", "all"],
      ["Application", "indexer"],
    ]);
  });

  it("Flux' Kustomization does not win, nor the one that applies it and says that it is not suspended", async () => {
    await world.merge("Deployment", "api", {
      metadata: { labels: fluxLabels("kustomize", world.namespace, "apps") },
    });
    await world.make("Kustomization", "apps", {
      metadata: { labels: fluxLabels("kustomize", world.namespace, "root") },
      spec: { interval: "10m", prune: true, suspend: false },
    });
    await world.make("Kustomization", "root", {
      metadata: { labels: fluxLabels("kustomize", world.namespace, "root") },
      spec: { interval: "10m" },
    });
    const child = { interval: "10m", prune: true, suspend: false };
    started(
      startFlux(world, {
        apps: deployment(),
        root: [{ kind: "Kustomization", name: "apps", spec: child }],
      }),
    );
    await expectToWin([["Kustomization", "apps"]]);
  });

  it("Flux' HelmRelease does not win where it corrects drift", async () => {
    await world.merge("Deployment", "api", {
      metadata: { labels: fluxLabels("helm", world.namespace, "indexer") },
    });
    await world.make("HelmRelease", "indexer", {
      spec: { interval: "10m", driftDetection: { mode: "enabled" } },
    });
    started(startHelmReleases(world, { indexer: deployment() }));
    await expectToWin([["HelmRelease", "indexer"]]);
  });

  it("resumes at the end where that is asked for, and wins where the repository says the same already", async () => {
    await trackedBy(`${world.namespace}_indexer`);
    await application("indexer");
    const { spec } = { spec: {}, ...manifest("Deployment", { image: GOOD }) };
    const before = await written("Application", "indexer");
    const bound = await indexer();
    started(startArgo(world, { indexer: [{ kind: "Deployment", name: "api", spec }] }));
    const result = await rollBack(bound, "suspend", true);
    expectDone(result);
    await allHaveLooked();
    expect(await image()).to.equal(GOOD);
    expect(await written("Application", "indexer")).to.deep.equal(before);
  });

  it("is suspended with a mark or not at all, and resumed as it was, after a kill behind any request", async () => {
    await applicationSet();
    const owners = [
      ["ApplicationSet", "all"],
      ["Application", "indexer"],
    ] as const;
    const state = async (): Promise<readonly unknown[]> =>
      await Promise.all(owners.map(async ([kind, name]) => await written(kind, name)));
    await allHaveLooked();
    const before = await state();
    const bound = await indexer({
      wait: async () => {
        await Promise.resolve();
      },
    });
    for (let kill = 1, died = true; died; kill += 1) {
      const first = dying(bound.cluster, kill);
      await run({ ...bound, cluster: first.cluster }, SUSPEND, false).catch(expectKilled);
      const { spec } = await world.get("Application", "indexer");
      if (at(spec, ["syncPolicy", "automated"]) === undefined) {
        expect(await mark("Application", "indexer"), `after request ${kill}`).to.be.a("string");
        expect(await mark("ApplicationSet", "all"), `after request ${kill}`).to.be.a("string");
      }
      expectDone(await run(bound, SUSPEND, false));

      const second = dying(bound.cluster, kill);
      await run({ ...bound, cluster: second.cluster }, RESUME, false).catch(expectKilled);
      expectDone(await run(bound, RESUME, false));
      expect(await state(), `after request ${kill}`).to.deep.equal(before);
      died = first.hasDied() || second.hasDied();
      expect(died || kill > 8, "all requests have been killed behind").to.equal(true);
    }
  });

  it("is rolled back by the same command after a kill right behind the suspension", async () => {
    await trackedBy(`${world.namespace}_indexer`);
    await application("indexer");
    started(startArgo(world, { indexer: deployment() }));
    const bound = await indexer();
    const cluster: Cluster = {
      ...bound.cluster,
      patch: async () => await Promise.reject(new Killed()),
    };
    await rollBack({ ...bound, cluster }).catch(expectKilled);
    expect(await mark("Application", "indexer")).to.be.a("string");
    const again = await rollBack(bound);
    expect(again.outcomes.map(({ status }) => status)).to.deep.equal(["already", "done"]);
    await allHaveLooked();
    expect(await image()).to.equal(GOOD);
  });

  it("is suspended once by two people at once, and resumed by either", async () => {
    await applicationSet();
    await allHaveLooked();
    const before = await written("Application", "indexer");
    const [alice, bob] = [await indexer({ by: "alice@a" }), await indexer({ by: "bob@b" })];
    const results = await Promise.all([run(alice, SUSPEND), run(bob, SUSPEND)]);
    const codes = results.map(({ failure }) => failure?.code ?? "done");
    expect(codes).to.include("done");
    expect(codes.every((code) => code === "done" || code === "PRIOR_STATE_CHANGED")).to.equal(true);
    await allHaveLooked();
    const { spec } = await world.get("ApplicationSet", "all");
    expect(at(spec, ["ignoreApplicationDifferences"])).to.deep.equal([
      { name: "indexer", jsonPointers: ["/spec/syncPolicy"] },
    ]);
    expect(at(spec, ["preservedFields", "annotations"])).to.deep.equal([SUSPENDED]);
    expectDone(await resume(bob));
    await allHaveLooked();
    expect(await written("Application", "indexer")).to.deep.equal(before);
  });

  it("is waited for while a sync that has begun goes on, and refused when that does not end", async () => {
    await trackedBy(`${world.namespace}_indexer`);
    await application("indexer");
    await world.merge("Application", "indexer", {
      status: { operationState: { phase: "Running" } },
    });
    const impatient = await indexer({ waitMs: 500 });
    const { failure, outcomes } = await rollBack(impatient);
    expect(failure?.code).to.equal("OWNER_BUSY");
    expect(outcomes.map(({ status }) => status)).to.deep.equal(["failed", "not-run"]);
    expect(await image()).to.equal(BROKEN);

    // Typed again, there is nothing left to suspend. What goes on is waited for all the same.
    const bound = await indexer();
    const waiting = { ended: false };
    const patient: Indexer = {
      ...bound,
      wait: async (milliseconds) => {
        if (!waiting.ended) {
          waiting.ended = true;
          await world.merge("Application", "indexer", {
            status: { operationState: { phase: "Succeeded" } },
          });
        }
        await bound.wait(milliseconds);
      },
    };
    expectDone(await rollBack(patient));
    expect(waiting.ended).to.equal(true);
    expect(await image()).to.equal(GOOD);
  });

  it("is found again where kubectl's undo has taken away the mark it was found by", async () => {
    await trackedBy(`${world.namespace}_indexer`);
    await application("indexer");
    const before = await written("Application", "indexer");
    const bound = await indexer();
    expectDone(await run(bound, SUSPEND));
    await kubernetes.kubectl(world.namespace, "rollout", "undo", "deployment/api");
    const annotations = at(await world.get("Deployment", "api"), ["metadata", "annotations"]);
    expect(annotations).not.to.have.property("argocd.argoproj.io/tracking-id");
    expectDone(await resume(bound));
    expect(await written("Application", "indexer")).to.deep.equal(before);
  });

  it("is left alone where somebody else has suspended it, and by whoever resumes", async () => {
    await trackedBy(`${world.namespace}_indexer`);
    await application("indexer", { automated: { enabled: false, selfHeal: true } });
    const before = await written("Application", "indexer");
    const bound = await indexer();
    const done = await rollBack(bound);
    expect(done.outcomes.map(({ status }) => status)).to.deep.equal(["already", "done"]);
    expectDone(await resume(bound));
    expect(await written("Application", "indexer")).to.deep.equal(before);
  });

  it("an operator that cannot be told is refused, and ignored where that is asked for", async () => {
    const made = await world.make("Indexer", "market", { spec: { image: BROKEN } });
    await world.merge("Deployment", "api", {
      metadata: {
        ownerReferences: [
          {
            apiVersion: "indexers.example.org/v1",
            kind: "Indexer",
            name: "market",
            uid: at(made, ["metadata", "uid"]),
            controller: true,
          },
        ],
      },
    });
    const bound = await indexer();
    const refused = await expectRejection(rollBack(bound), "OWNER_PUTS_BACK");
    expect(refused.what).to.contain("Indexer").and.to.contain("market");
    expect(refused.next).to.contain("--owner ignore");
    expect(await image()).to.equal(BROKEN);
    expectDone(await rollBack(bound, "ignore"));
    expect(await image()).to.equal(GOOD);
  });

  it("is listed, suspended and resumed by commands, and by a rollback that says how to go on", async () => {
    await trackedBy(`${world.namespace}_indexer`);
    await application("indexer");
    await kubernetes.apply(world.namespace, {
      apiVersion: "autoscaling/v2",
      kind: "HorizontalPodAutoscaler",
      metadata: { name: "api" },
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "api" },
        minReplicas: 2,
        maxReplicas: 5,
      },
    });
    const before = await written("Application", "indexer");
    const { namespace } = world;
    const { kubeconfig } = kubernetes;
    const project = await createProject({
      url: "http://127.0.0.1:9",
      chainId: 1,
      accounts: [],
      emergency: { indexers: { api: { kubernetes: { name: "api", namespace, kubeconfig } } } },
    });
    const type = async (
      task: string,
      args: Readonly<Record<string, string | boolean>> = {},
    ): Promise<Outcome> =>
      await captured(
        async (): Promise<unknown> => await project.hre.tasks.getTask(["indexer", task]).run(args),
      );
    try {
      const listed = await type("owners", { json: true });
      expectSuccess(listed);
      expect(listOf(onlyDocument(listed), "owners")).to.deep.equal([
        {
          title: `Argo CD Application ${namespace}/indexer`,
          keeps: `Deployment ${namespace}/api`,
          heals: "at once",
          state: "active",
          advice: null,
          suspended: null,
          canBeSuspended: true,
        },
      ]);
      expect(listOf(onlyDocument(listed), "companions")[0]?.does).to.contain(
        "between 2 and 5 pods",
      );
      expect((await type("owners")).stdout).to.contain("puts changes back at once");

      const done = await type("rollback", { yes: true, rehearse: true });
      expectSuccess(done);
      expect(done.stdout)
        .to.contain("it stays suspended")
        .and.to.contain("npx hardhat indexer resume --indexer api")
        .and.to.contain(`Argo CD Application ${namespace}/indexer is suspended`);
      expect(await image()).to.equal(GOOD);
      expect((await type("owners")).stdout).to.contain("is suspended, by ");

      expectSuccess(await type("resume", { yes: true }));
      expect(await written("Application", "indexer")).to.deep.equal(before);
      expectSuccess(await type("suspend", { yes: true }));
      const again = await type("suspend", { yes: true, json: true });
      expectSuccess(again);
      expect(listOf(onlyDocument(again), "outcomes")[0]).to.include({ status: "already" });
      expectSuccess(await type("resume", { yes: true }));

      const ignored = await type("rollback", { owner: "ignore", to: "2", yes: true });
      expectSuccess(ignored);
      expect(ignored.stdout).to.contain("puts changes back at once");
      expect(await written("Application", "indexer")).to.deep.equal(before);
      expectRefusal(await type("rollback", { owner: "stop", yes: true }), "BAD_ARGUMENTS");
    } finally {
      await project.remove();
    }
  });

  it("Flux' HelmRelease is suspended before helm rolls its release back, and wins no more", async () => {
    world = new World(kubernetes, await kubernetes.namespace());
    const { namespace } = world;
    const releases = await releasesIn(kubernetes, namespace);
    const { kubeconfig } = kubernetes;
    const helm = { release: "api", program: pathOf("helm"), namespace, kubeconfig };
    const project = await createProject({
      url: "http://127.0.0.1:9",
      chainId: 1,
      accounts: [],
      emergency: { indexers: { api: { helm, waitSeconds: 30 } } },
    });
    try {
      await releases.deploy({ image: GOOD });
      await releases.deploy({ image: BROKEN });
      await world.merge("Deployment", "api", {
        metadata: { labels: fluxLabels("helm", namespace, "indexer") },
      });
      await world.make("HelmRelease", "indexer", {
        spec: { interval: "10m", driftDetection: { mode: "enabled" } },
      });
      const { spec } = await world.get("Deployment", "api");
      const broken = { template: at(spec, ["template"]) };
      started(
        startHelmReleases(world, { indexer: [{ kind: "Deployment", name: "api", spec: broken }] }),
      );
      const rolledBack = await captured(
        async (): Promise<unknown> =>
          await project.hre.tasks.getTask(["indexer", "rollback"]).run({ yes: true }),
      );
      expectSuccess(rolledBack);
      await allHaveLooked();
      expect(await image()).to.equal(GOOD);
      expect(await mark("HelmRelease", "indexer")).to.be.a("string");
      const listed = await captured(
        async (): Promise<unknown> =>
          await project.hre.tasks.getTask(["indexer", "owners"]).run({ json: true }),
      );
      expect(listOf(onlyDocument(listed), "owners")[0]).to.include({ state: "suspended" });
    } finally {
      await project.remove();
      await releases.remove();
    }
  });

  it("that may be read and not changed is refused in the dry run, with who may and how to go on", async () => {
    await trackedBy(`${world.namespace}_indexer`);
    await application("indexer");
    const kubeconfig = await kubeconfigOfSomebody(kubernetes, world.namespace, "edit");
    const granted = await kubernetes.kubectl(
      world.namespace,
      ...["create", "role", "looks", "--verb=get,list", "--resource=applications.argoproj.io"],
    );
    expect(granted.code, granted.output).to.equal(0);
    await kubernetes.kubectl(
      world.namespace,
      ...["create", "rolebinding", "looks", "--role=looks"],
      `--serviceaccount=${world.namespace}:somebody`,
    );
    const { namespace } = world;
    const cluster = await openCluster({ kubeconfig, context: undefined, namespace });
    const bound = await indexer({ cluster });
    const refused = await expectRejection(rollBack(bound), "REHEARSAL_FAILED");
    expect(refused.what).to.contain('cannot patch resource "applications"');
    expect(refused.next).to.contain("--owner ignore").and.to.contain("indexer suspend");
    expect(await image()).to.equal(BROKEN);
    expectDone(await rollBack(bound, "ignore"));
    expect(await image()).to.equal(GOOD);
  });

  it("that may not be read is said to be unknown, and the rollback goes on", async () => {
    const owner = await kubernetes.namespace();
    await trackedBy(`${owner}_indexer`);
    const kubeconfig = await kubeconfigOfSomebody(kubernetes, world.namespace, "edit");
    const { namespace } = world;
    const cluster = await openCluster({ kubeconfig, context: undefined, namespace });
    const bound = await indexer({ cluster });
    const { owners } = await findOwners(bound);
    expect(owners.map(({ state, advice }) => [state, advice])[0]?.[0]).to.equal("unknown");
    expect(owners[0]?.advice).to.contain("applications").and.to.contain("nobody can tell");
    const result = await rollBack(bound);
    expectDone(result);
    expect(await image()).to.equal(GOOD);
  });
});

/** What a killed process does not do any more. */
class Killed extends Error {}

function expectKilled(thrown: unknown): void {
  if (!(thrown instanceof Killed)) {
    throw thrown;
  }
}

/** A cluster whose user is killed as soon as so many requests have been answered. */
function dying(
  cluster: Cluster,
  after: number,
): { readonly cluster: Cluster; readonly hasDied: () => boolean } {
  let left = after;
  let died = false;
  const mortal =
    <Arguments extends unknown[], T>(ask: (...args: Arguments) => Promise<T>) =>
    async (...args: Arguments): Promise<T> => {
      if (died) {
        throw new Killed();
      }
      const answer = await ask(...args);
      left -= 1;
      if (left === 0) {
        died = true;
        throw new Killed();
      }
      return answer;
    };
  return {
    cluster: {
      ...cluster,
      object: mortal(async (...args) => await cluster.object(...args)),
      objects: mortal(async (...args) => await cluster.objects(...args)),
      workload: mortal(async (...args) => await cluster.workload(...args)),
      patchObject: mortal(async (...args) => await cluster.patchObject(...args)),
    },
    hasDied: () => died,
  };
}
