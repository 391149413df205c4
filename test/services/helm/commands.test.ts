import { expect } from "chai";

import type { EmergencyHelmUserConfig } from "../../../src/config/indexers/helm-types.js";
import { captured, createProject, type Outcome, type Project } from "../../helpers/project.js";
import { expectRefusal, expectSuccess, listOf, onlyDocument } from "../../helpers/refusal.js";
import { at, containerOf, read } from "../kubernetes/workloads.js";
import { describeWith } from "../servers/describe-services.js";
import { startKubernetes, type Kubernetes } from "../servers/kubernetes.js";
import { pathOf } from "../servers/tools.js";
import { HELM_TOOLS, kubeconfigOfReader, releasesIn, type Releases } from "./releases.js";

/** Nobody answers there: commands on indexers need no chain. */
const NO_NODE = "http://127.0.0.1:9";

/** What must be in no output. */
const SECRET = "a-database-password";
const VARIABLE = "postgres://user:a-connection-secret@db/api";

describeWith(HELM_TOOLS, "indexer commands, of a Helm release", function () {
  this.timeout(120_000);
  let kubernetes: Kubernetes;
  let releases: Releases;
  let project: Project | undefined;
  const outputs: string[] = [];

  before(async () => {
    kubernetes = await startKubernetes();
  });
  after(async () => {
    await kubernetes.stop();
  });
  beforeEach(async () => {
    releases = await releasesIn(kubernetes, await kubernetes.namespace());
  });
  afterEach(async () => {
    await forget();
    await releases.remove();
    for (const output of outputs.splice(0)) {
      expect(output).not.to.contain(SECRET);
      expect(output).not.to.contain(Buffer.from(SECRET).toString("base64"));
      expect(output).not.to.contain("a-connection-secret");
      expect(output).not.to.contain(kubernetes.token);
    }
  });

  async function forget(): Promise<void> {
    await project?.remove();
    project = undefined;
  }

  async function run(
    task: string,
    args: Readonly<Record<string, string | boolean>> = {},
    changes: Partial<EmergencyHelmUserConfig> = {},
  ): Promise<Outcome> {
    const { kubeconfig } = kubernetes;
    const { namespace } = releases;
    project ??= await createProject({
      url: NO_NODE,
      chainId: 1,
      accounts: [],
      emergency: {
        indexers: {
          api: {
            helm: { release: "api", program: pathOf("helm"), namespace, kubeconfig, ...changes },
            waitSeconds: 30,
          },
        },
      },
    });
    const { hre } = project;
    const outcome = await captured(
      async (): Promise<unknown> => await hre.tasks.getTask(["indexer", task]).run(args),
    );
    outputs.push(outcome.stdout + outcome.stderr);
    return outcome;
  }

  async function image(): Promise<unknown> {
    const object = await read(kubernetes, releases.namespace, { kind: "Deployment", name: "api" });
    return at(containerOf(object), ["image"]);
  }

  it("list revisions, compare them, go back after a dry run, and tell how it is", async () => {
    const env = { DATABASE_URL: VARIABLE };
    await releases.deploy({ image: "api:1", chart: "0.1.0", appVersion: "1.0", env });
    await releases.deploy({
      image: "api:2",
      chart: "0.2.0",
      env,
      extra: true,
      before: "completes",
    });
    const history = await run("history", { json: true });
    expectSuccess(history);
    const shown = listOf(onlyDocument(history), "revisions");
    expect(shown.map(({ number, status, present }) => [number, status, present])).to.deep.equal([
      [1, "superseded", false],
      [2, "deployed", true],
    ]);
    const diff = await run("diff");
    expectSuccess(diff);
    expect(diff.stdout)
      .to.contain("From revision 2 (indexer-0.2.0) to 1 (indexer-0.1.0)")
      .and.to.contain("spec.template.spec.containers[api].image: api:2 -> api:1")
      .and.to.contain("- ConfigMap extra")
      .and.to.contain("- hook Job before");

    const done = await run("rollback", { yes: true, rehearse: true });
    expectSuccess(done);
    expect(await image()).to.equal("api:1");
    expect((await releases.history()).map(({ status }) => status)).to.deep.equal([
      "superseded",
      "superseded",
      "deployed",
    ]);

    const again = await run("rollback", { yes: true, json: true });
    expectSuccess(again);
    expect(listOf(onlyDocument(again), "outcomes")[0]).to.include({ status: "already" });
    // What the plan says of undoing it works.
    expectSuccess(await run("rollback", { to: "2", yes: true }));
    expect(await image()).to.equal("api:2");
    const status = await run("status");
    expectSuccess(status);
    expect(status.stdout).to.contain("revision 4 (indexer-0.2.0) is deployed");
  });

  it("go back to what was deployed last, not to what failed, and say why nothing works", async () => {
    await releases.deploy({ image: "api:1" });
    await releases.deploy({ image: "api:2" });
    // A job's template cannot change: helm fails in the midst of it.
    await releases.deploy({ image: "api:2", job: "job:1" });
    await releases.deploy({ image: "api:3", job: "job:2" }, { fails: true });
    expect((await releases.history()).map(({ status }) => status)).to.deep.equal([
      "superseded",
      "superseded",
      "deployed",
      "failed",
    ]);
    const refused = expectRefusal(await run("rollback", { to: "4", yes: true }), "CLUSTER_REFUSED");
    expect(refused.what).to.contain("Job migrate").and.to.contain("field is immutable");
    expectSuccess(await run("rollback", { yes: true }));
    expect(await image()).to.equal("api:2");
    const [, , , , made] = await releases.history();
    expect(made).to.include({ status: "deployed", rollback_revision: 3 });
    // Typed again it stays; and nothing about it changes.
    expectSuccess(await run("rollback", { yes: true }));
    expect(await releases.history()).to.have.length(5);
    const image1 = await run("rollback", { to: "api:1", yes: true });
    expectSuccess(image1);
    expect(await image()).to.equal("api:1");

    await releases.deploy({ image: "api:4", fate: "image-pull" });
    const up = await run("status", { noWait: true, json: true });
    expect(up.exitCode).to.equal(3);
    expect(onlyDocument(up)).to.include({ ok: false });
  });

  it("put back what somebody has changed by hand, and take its fields over", async () => {
    await releases.deploy({ image: "api:1" });
    await releases.deploy({ image: "api:2" });
    await kubernetes.kubectl(releases.namespace, "set", "image", "deployment/api", "api=api:hand");
    const dry = await run("rollback", { dryRun: true });
    expect(dry.stdout).to.contain("fields that others have set since are taken over");
    expectSuccess(await run("rollback", { yes: true, rehearse: true }));
    expect(await image()).to.equal("api:1");
    await kubernetes.kubectl(releases.namespace, "set", "image", "deployment/api", "api=api:hand");
    // It is at revision 1 already, and yet there is something to do.
    const again = await run("rollback", { yes: true });
    expectSuccess(again);
    expect(again.stdout).to.contain("Deployment api runs api:hand");
    expect(await image()).to.equal("api:1");
    // What we have stopped ourselves is nobody's wish to be told of.
    const stopped = await kubernetes.kubectl(
      ...[releases.namespace, "patch", "deployment/api", "--type=merge"],
      ...["--patch", '{"spec":{"replicas":0}}', "--field-manager=hardhat-emergency"],
    );
    expect(stopped.code, stopped.output).to.equal(0);
    const started = await run("rollback", { to: "2", yes: true });
    expectSuccess(started);
    expect(started.stdout).not.to.contain("taken over");
    expect(started.stdout).to.contain("Deployment api: 1 of 1 pods are available");
  });

  it("refuse to lose data, and what does not exist", async () => {
    await releases.deploy({ image: "api:1" });
    await releases.deploy({ image: "api:2", volume: true });
    const { next } = expectRefusal(await run("rollback", { yes: true }), "IRREVERSIBLE");
    const [, annotate = ""] = next.split("kubectl ");
    const { code, output } = await kubernetes.kubectl(
      releases.namespace,
      ...annotate
        .split(" ")
        .filter((word) => word !== "" && word !== "--namespace" && word !== releases.namespace),
    );
    expect(code, output).to.equal(0);
    const kept = await run("rollback", { yes: true });
    expectSuccess(kept);
    expect(kept.stdout).to.contain("PersistentVolumeClaim data stays");
    expect((await kubernetes.kubectl(releases.namespace, "get", "pvc", "data")).code).to.equal(0);

    const unknown = expectRefusal(await run("rollback", { to: "9" }), "UNKNOWN_REVISION");
    expect(unknown.next).to.contain("2 (superseded, indexer-0.1.0)");
    await forget();
    const elsewhere = { namespace: "default" };
    const wrong = expectRefusal(await run("history", {}, elsewhere), "UNKNOWN_HELM_RELEASE");
    expect(wrong.next).to.contain(releases.namespace);
    await forget();
    expectRefusal(await run("history", {}, { release: "web" }), "UNKNOWN_HELM_RELEASE");
    await forget();
    expectRefusal(
      await run("rollback", { yes: true }, { program: "no-such-helm" }),
      "HELM_MISSING",
    );
    await forget();
    expectRefusal(
      await run("rollback", { yes: true }, { program: process.execPath }),
      "HELM_MISSING",
    );
  });

  it("say that a hook has failed, and go on without it", async () => {
    await releases.deploy({ image: "api:1", before: "fails" });
    await releases.deploy({ image: "api:2", before: "fails", after: "completes" });
    const failed = expectRefusal(await run("rollback", { yes: true }), "HELM_FAILED");
    expect(failed.what)
      .to.contain("hook Job before has not succeeded")
      .and.to.contain("Revision 3 is marked as failed");
    expect(failed.next).to.contain("--no-hooks");
    // Neither does helm's own upgrade meet a pending revision now.
    expect(await image()).to.equal("api:2");
    const dry = await run("rollback", { dryRun: true, noHooks: true });
    expect(dry.stdout).to.contain("hooks do not run: pre-rollback: Job before");
    expectSuccess(await run("rollback", { yes: true, noHooks: true }));
    expect(await image()).to.equal("api:1");
    expectSuccess(await run("rollback", { yes: true, to: "2", noHooks: true }));
    expect(await image()).to.equal("api:2");
  });

  it("name the right that somebody does not have, and leave records alone that nobody can read", async () => {
    await releases.deploy({ image: "api:1" });
    await releases.deploy({ image: "api:2" });
    await releases.deploy({ image: "api:3" });
    const { namespace } = releases;
    for (const [resource, missing] of [
      ["configmaps", 'cannot list resource "secrets"'],
      ["secrets,configmaps,deployments", "cannot patch resource"],
    ] as const) {
      const kubeconfig = await kubeconfigOfReader(kubernetes, namespace, resource);
      const denied = await run("rollback", { yes: true }, { kubeconfig });
      expect(expectRefusal(denied, "CLUSTER_DENIED").what).to.contain(missing);
      expect(await releases.history()).to.have.length(3);
      await forget();
    }
    await kubernetes.kubectl(
      releases.namespace,
      ...["patch", "secret", "sh.helm.release.v1.api.v2", "--type=merge"],
      ...[
        "--patch",
        JSON.stringify({ data: { release: Buffer.from("H4sIAAAA").toString("base64") } }),
      ],
    );
    const shown = await run("history");
    expect(shown.stdout).to.contain("its record cannot be read: it cannot be decompressed");
    expectRefusal(await run("rollback", { to: "2", yes: true }), "HELM_RECORD_UNREADABLE");
    expectSuccess(await run("rollback", { yes: true }));
    expect(await image()).to.equal("api:1");
  });
});
