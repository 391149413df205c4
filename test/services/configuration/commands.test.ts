import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";

import type { EmergencyIndexerUserConfig } from "../../../src/config/types.js";
import {
  captured,
  createProject,
  writeInto,
  type Outcome,
  type Project,
} from "../../helpers/project.js";
import { expectRefusal, expectSuccess, listOf, onlyDocument } from "../../helpers/refusal.js";
import { at, containerOf } from "../kubernetes/workloads.js";
import { describeWith } from "../servers/describe-services.js";
import { KUBERNETES_TOOLS, startKubernetes, type Kubernetes } from "../servers/kubernetes.js";
import { startMoto, type MotoServer } from "../servers/moto.js";
import { runToEnd } from "../servers/run-to-end.js";
import {
  appManifests,
  deploy,
  get,
  held,
  kubeconfigFor,
  list,
  merge,
  pods,
  up,
  type Release,
  type Shape,
} from "./app.js";

/** Nobody answers there: commands on indexers need no chain. */
const NO_NODE = "http://127.0.0.1:9";

/** A value that must be in no output; each test has its own. */
function canary(): string {
  return `canary${randomBytes(9).toString("hex")}`;
}

describeWith([...KUBERNETES_TOOLS, "moto"], "the configuration of an indexer", () => {
  let kubernetes: Kubernetes;
  let moto: MotoServer;
  let namespace: string;
  let project: Project | undefined;
  let good: Release;
  let bad: Release;
  const printed: string[] = [];

  before(async () => {
    [kubernetes, moto] = await Promise.all([startKubernetes(), startMoto()]);
  });
  after(async () => {
    await Promise.all([kubernetes.stop(), moto.stop()]);
  });
  beforeEach(async () => {
    namespace = await kubernetes.namespace();
    good = { image: "api:1", env: { LEVEL: "info", CHAIN: "1" }, secret: both() };
    bad = { image: "api:2", env: { LEVEL: "debug", URL: "http://b" }, secret: both() };
    printed.length = 0;
  });
  afterEach(async () => {
    const written = Object.values((await project?.written()) ?? {});
    await forget();
    // Neither a value nor what can be turned back into it.
    for (const value of [good, bad].flatMap(({ secret }) => Object.values(secret))) {
      for (const text of [...printed, ...written]) {
        expect(text).not.to.contain(value);
        expect(text).not.to.contain(Buffer.from(value).toString("base64"));
      }
    }
  });

  function both(): Record<string, string> {
    return { password: canary(), other: canary() };
  }

  async function forget(): Promise<void> {
    await project?.remove();
    project = undefined;
  }

  async function run(
    task: string,
    args: Readonly<Record<string, string | boolean>> = {},
    changes: Partial<EmergencyIndexerUserConfig> = {},
  ): Promise<Outcome> {
    const { kubeconfig } = kubernetes;
    project ??= await createProject({
      url: NO_NODE,
      chainId: 1,
      accounts: [],
      emergency: {
        indexers: {
          api: { kubernetes: { name: "api", namespace, kubeconfig }, waitSeconds: 60, ...changes },
        },
      },
    });
    const { hre } = project;
    const outcome = await captured(
      async (): Promise<unknown> => await hre.tasks.getTask(["indexer", task]).run(args),
    );
    printed.push(outcome.stdout, outcome.stderr, String(outcome.error));
    return outcome;
  }

  async function image(): Promise<unknown> {
    return at(containerOf(await get(kubernetes, namespace, "deployments", "api")), ["image"]);
  }

  async function expectGood(): Promise<void> {
    expect(await held(kubernetes, namespace, "configmaps", "env")).to.deep.equal(good.env);
    // The workload reads one key. What others have put beside it is theirs.
    expect(await held(kubernetes, namespace, "secrets", "db")).to.deep.equal({
      password: good.secret.password,
      other: bad.secret.other,
    });
  }

  it("goes back with the workload, and forth again, and what else reads it is restarted", async () => {
    await deploy(kubernetes, namespace, good);
    const snapshot = await run("snapshot", { yes: true });
    expectSuccess(snapshot);
    expect(snapshot.stdout).to.contain("snapshot 1 holds ConfigMap env, Secret db of revision 1");
    const again = await run("snapshot", { yes: true, json: true });
    expect(listOf(onlyDocument(again), "outcomes")[0]).to.include({ status: "already" });

    await deploy(kubernetes, namespace, bad);
    const web = { name: "web", kind: "DaemonSet" } as const;
    await deploy(kubernetes, namespace, { ...bad, image: "web:1" }, web);
    const webs = await pods(kubernetes, namespace, "web");

    const dry = await run("rollback", { dryRun: true });
    expectSuccess(dry);
    expect(dry.stdout)
      .to.contain("set ConfigMap env as in snapshot 1: LEVEL changed, CHAIN added, URL removed")
      .and.to.contain("expect  ConfigMap env, LEVEL: debug -> info")
      .and.to.contain("set Secret db as in snapshot 1: password changed")
      .and.to.contain("Secret db, password: a value -> another value (not shown)")
      .and.to.contain("keep a copy of what revision 2 reads now, as snapshot 2")
      .and.to.contain("let DaemonSet web make its pods anew")
      .and.to.contain("npx hardhat indexer configure --indexer api --from snapshot:2");
    expect(await held(kubernetes, namespace, "configmaps", "env")).to.deep.equal(bad.env);

    const plan = join(project?.folder ?? "", "plan.json");
    const saved = await run("rollback", {
      dryRun: true,
      json: true,
      rehearse: true,
      savePlan: plan,
    });
    expectSuccess(saved);
    printed.push(await readFile(plan, "utf8"));
    expect(await held(kubernetes, namespace, "configmaps", "env")).to.deep.equal(bad.env);
    expect(await copies()).to.have.length(3);

    expectSuccess(await run("rollback", { yes: true, plan }));
    await expectGood();
    expect(await image()).to.equal("api:1");
    for (const uid of await pods(kubernetes, namespace, "web")) {
      expect(webs, "web has new pods").not.to.include(uid);
    }

    // Typed again, it finds nothing to do, and restarts nobody.
    const after = await pods(kubernetes, namespace, "api");
    const repeated = await run("rollback", { yes: true, json: true });
    expectSuccess(repeated);
    expect(
      listOf(onlyDocument(repeated), "outcomes").map(({ status }) => status),
      repeated.stdout,
    ).to.satisfy((all: string[]) => all.slice(0, 2).every((status) => status === "already"));
    expect(await pods(kubernetes, namespace, "api")).to.deep.equal(after);

    // Forth: the revision that was left has its own configuration again.
    expectSuccess(await run("rollback", { to: "2", yes: true }));
    expect(await held(kubernetes, namespace, "configmaps", "env")).to.deep.equal(bad.env);
    expect(await held(kubernetes, namespace, "secrets", "db")).to.deep.equal(bad.secret);
    expect(await image()).to.equal("api:2");

    const listed = await run("snapshots");
    expect(listed.stdout)
      .to.contain("reads Secret db: password, as env")
      .and.to.contain("as a rollback left it");
  }).timeout(120_000);

  it("stays as it is where no snapshot was taken, and that is said", async () => {
    await deploy(kubernetes, namespace, good);
    await deploy(kubernetes, namespace, bad);
    const done = await run("rollback", { yes: true });
    expectSuccess(done);
    expect(done.stdout).to.contain(
      "which configuration revision 1 used is not known, because no snapshot was taken of it: ConfigMap env, Secret db stay as they are",
    );
    expect(await image()).to.equal("api:1");
    expect(await held(kubernetes, namespace, "configmaps", "env")).to.deep.equal(bad.env);
    const refused = await run("rollback", { to: "3", configuration: "snapshot", yes: true });
    expectRefusal(refused, "UNKNOWN_SNAPSHOT");
    // What was left is known from now on.
    await merge(kubernetes, namespace, "configmaps", "env", { data: { LEVEL: "trace" } });
    expectSuccess(await run("rollback", { to: "2", yes: true }));
    expect(await held(kubernetes, namespace, "configmaps", "env")).to.deep.equal(bad.env);
  }).timeout(60_000);

  it("comes from a manifest, and the workload is restarted although its template stays", async () => {
    const stateful = { kind: "StatefulSet" } as const;
    await deploy(kubernetes, namespace, { ...good, env: bad.env, secret: bad.secret }, stateful);
    const before = await pods(kubernetes, namespace);
    const { kubeconfig } = kubernetes;
    const as = { kubernetes: { ...stateful, name: "api", namespace, kubeconfig } };
    expectSuccess(await run("snapshots", {}, as));
    const documents = appManifests(good).map((object) => JSON.stringify(object));
    await writeInto(project?.folder ?? "", "config.yaml", documents.join("\n---\n"));
    const done = await run("configure", { from: "config.yaml", yes: true });
    expectSuccess(done);
    await expectGood();
    for (const uid of await pods(kubernetes, namespace)) {
      expect(before).not.to.include(uid);
    }
    const undone = await run("configure", { from: "snapshot:1", yes: true });
    expectSuccess(undone);
    expect(await held(kubernetes, namespace, "configmaps", "env")).to.deep.equal(bad.env);
    // What the next apply takes out is what its manifest no longer has.
    const applied = await kubernetes.apply(
      namespace,
      appManifests({ ...good, env: { A: "1" } })[0],
    );
    expect(applied.code, applied.output).to.equal(0);
    expect(await held(kubernetes, namespace, "configmaps", "env")).to.deep.equal({ A: "1" });
  }).timeout(60_000);

  it("comes from a Kustomize overlay at a commit, without touching the checkout", async () => {
    await deploy(kubernetes, namespace, good);
    await deploy(kubernetes, namespace, bad);
    expectSuccess(await run("snapshots"));
    const folder = project?.folder ?? "";
    const git = async (...args: readonly string[]): Promise<string> => {
      const identity = ["-c", "user.name=t", "-c", "user.email=t@example.invalid"];
      const { code, output } = await runToEnd("git", ["-C", folder, ...identity, ...args]);
      expect(code, output).to.equal(0);
      return output;
    };
    await git("init", "--quiet");
    const commit = async ({ env, secret }: Release): Promise<void> => {
      await writeInto(folder, "base/kustomization.yaml", {
        resources: ["all.json"],
        secretGenerator: [
          {
            name: "db",
            literals: Object.entries(secret).map(([key, value]) => `${key}=${value}`),
          },
        ],
        generatorOptions: { disableNameSuffixHash: true },
      });
      await writeInto(folder, "base/all.json", appManifests({ ...good, env: { LEVEL: "x" } })[0]);
      await writeInto(folder, "overlays/production/kustomization.yaml", {
        namespace,
        resources: ["../../base"],
        patches: [{ target: { kind: "ConfigMap" }, path: "env.json" }],
      });
      await writeInto(folder, "overlays/production/env.json", {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "env" },
        data: env,
      });
      await git("add", "base", "overlays");
      await git("commit", "--quiet", "--message", "deploy");
    };
    await commit(good);
    await git("tag", "v1");
    await commit(bad);
    await writeInto(folder, "overlays/production/env.json", "somebody is at work here");
    const status = await git("status", "--porcelain");

    const refused = await run("rollback", {
      configuration: "git:v9:overlays/production",
      yes: true,
    });
    expectRefusal(refused, "BAD_CONFIGURATION");
    const done = await run("rollback", { configuration: "git:v1:overlays/production", yes: true });
    expectSuccess(done);
    expect(done.stdout).to.contain("as in overlays/production at ");
    expect(await held(kubernetes, namespace, "configmaps", "env")).to.deep.equal(good.env);
    await expectGood();
    expect(await image()).to.equal("api:1");
    expect(await git("status", "--porcelain")).to.equal(status);
    expect(await git("worktree", "list")).not.to.contain("hardhat-emergency-build");
  }).timeout(60_000);

  it("comes from the previous value in AWS Secrets Manager", async () => {
    await deploy(kubernetes, namespace, good);
    await deploy(kubernetes, namespace, bad);
    const { accessKeyId, secretAccessKey } = moto.credentials;
    const keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"] as const;
    const had = keys.map((key) => [key, process.env[key]] as const);
    Object.assign(process.env, {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_REGION: moto.region,
    });
    try {
      const { SecretsManagerClient, CreateSecretCommand, PutSecretValueCommand } =
        await import("@aws-sdk/client-secrets-manager");
      const client = new SecretsManagerClient({ endpoint: moto.endpoint, region: moto.region });
      const secret = `${namespace}/db`;
      const text = ({ secret: { password } }: Release): string => JSON.stringify({ pw: password });
      await client.send(new CreateSecretCommand({ Name: secret, SecretString: text(good) }));
      const config = {
        configuration: {
          secretsManager: [
            { secret, into: "db", keys: { password: "pw" }, endpoint: moto.endpoint },
          ],
        },
      } as const;
      const tooEarly = await run("configure", { from: "secrets-manager", yes: true }, config);
      expectRefusal(tooEarly, "BAD_CONFIGURATION");
      await client.send(new PutSecretValueCommand({ SecretId: secret, SecretString: text(bad) }));
      const done = await run("rollback", { configuration: "secrets-manager", yes: true }, config);
      expectSuccess(done);
      expect(done.stdout).to.contain("aws secretsmanager update-secret-version-stage");
      expect(await held(kubernetes, namespace, "secrets", "db")).to.deep.equal({
        password: good.secret.password,
        other: bad.secret.other,
      });
      expect(await held(kubernetes, namespace, "configmaps", "env")).to.deep.equal(bad.env);
    } finally {
      for (const [key, value] of had) {
        if (value === undefined) {
          Reflect.deleteProperty(process.env, key);
        } else {
          process.env[key] = value;
        }
      }
    }
  }).timeout(60_000);

  it("is made again where it is immutable, and where it is gone", async () => {
    const shape: Shape = { configMap: "env-1", immutable: true };
    await deploy(kubernetes, namespace, good, shape);
    expectSuccess(await run("snapshot", { yes: true }));
    await deploy(kubernetes, namespace, bad, { ...shape, configMap: "env-2" });
    const path = `/api/v1/namespaces/${namespace}/configmaps/env-1`;
    // As a tool does that prunes what no manifest names any more.
    expect((await kubernetes.api("DELETE", path)).status).to.equal(200);
    const done = await run("rollback", { yes: true, rehearse: true });
    expectSuccess(done);
    expect(done.stdout).to.contain("make ConfigMap env-1 as in snapshot 1");
    const made = await get(kubernetes, namespace, "configmaps", "env-1");
    expect(made).to.include({ immutable: true });
    expect(at(made, ["metadata", "labels", "app"])).to.equal("api");
    expect(await held(kubernetes, namespace, "configmaps", "env-1")).to.deep.equal(good.env);

    await kubernetes.api("DELETE", path);
    await kubernetes.apply(namespace, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "env-1" },
      data: bad.env,
      immutable: true,
    });
    const tried = await run("configure", { from: "snapshot:1", dryRun: true, rehearse: true });
    expectSuccess(tried);
    expect(await held(kubernetes, namespace, "configmaps", "env-1")).to.deep.equal(bad.env);
    const again = await run("configure", { from: "snapshot:1", yes: true, rehearse: true });
    expectSuccess(again);
    expect(again.stdout).to.contain(
      "remove, because it is immutable, and make again ConfigMap env-1",
    );
    expect(await held(kubernetes, namespace, "configmaps", "env-1")).to.deep.equal(good.env);

    // Without a copy, pods would not start.
    await kubernetes.api("DELETE", `/api/v1/namespaces/${namespace}/configmaps/env-2`);
    const snapshots = (await list(kubernetes, namespace, "configmaps")).flatMap(({ metadata }) => {
      const name = at({ metadata }, ["metadata", "name"]);
      return typeof name === "string" && name.includes("-snapshot-") ? [name] : [];
    });
    for (const name of snapshots) {
      await kubernetes.api("DELETE", `/api/v1/namespaces/${namespace}/configmaps/${name}`);
    }
    const missing = expectRefusal(
      await run("rollback", { to: "2", yes: true }),
      "BAD_CONFIGURATION",
    );
    expect(missing.what).to.contain("ConfigMap env-2, which revision 2 needs");
  }).timeout(60_000);

  it("is left to whoever keeps it", async () => {
    await deploy(kubernetes, namespace, good);
    expectSuccess(await run("snapshot", { yes: true }));
    await deploy(kubernetes, namespace, bad);
    await merge(kubernetes, namespace, "secrets", "db", {
      metadata: { labels: { "reconcile.external-secrets.io/managed": "true" } },
    });
    const refused = expectRefusal(await run("rollback", { yes: true }), "CONFIGURATION_OWNED");
    expect(refused.what).to.contain("Secret db is kept by External Secrets");
    expect(await image()).to.equal("api:2");
    expect(await held(kubernetes, namespace, "configmaps", "env")).to.deep.equal(bad.env);
    expectSuccess(await run("rollback", { configuration: "keep", yes: true }));
    expect(await image()).to.equal("api:1");
  }).timeout(60_000);

  it("cannot be told without the right to read it, which is named, and nothing is half done", async () => {
    await deploy(kubernetes, namespace, good);
    await deploy(kubernetes, namespace, bad);
    const kubeconfig = await kubeconfigFor(kubernetes, namespace, "operator", [
      { apiGroups: ["apps"], resources: ["*"] },
      { apiGroups: [""], resources: ["configmaps", "pods", "events"] },
    ]);
    const as = { kubernetes: { name: "api", namespace, kubeconfig } };
    const taken = expectRefusal(await run("snapshot", { yes: true }, as), "CLUSTER_DENIED");
    expect(taken.what).to.contain('cannot get resource "secrets"');
    expect(await copies()).to.deep.equal([]);
    // Nothing is known of the revision's configuration, so that nothing keeps the rollback.
    const done = await run("rollback", { yes: true });
    expectSuccess(done);
    expect(done.stdout)
      .to.contain("cannot be told, and no copy of it can be kept")
      .and.to.contain('cannot get resource "secrets"');
    expect(await image()).to.equal("api:1");
    await forget();
    expectSuccess(await run("snapshot", { yes: true }));
    expectSuccess(await run("rollback", { to: "2", yes: true }));
    await merge(kubernetes, namespace, "configmaps", "env", { data: { LEVEL: "trace" } });
    await forget();
    const before = await copies();
    const back = await run("rollback", { to: "3", yes: true }, as);
    const refused = expectRefusal(back, "CLUSTER_DENIED");
    expect(refused.next).to.contain("--configuration keep");
    expect(await image()).to.equal("api:2");
    expect(await held(kubernetes, namespace, "configmaps", "env")).to.include({ LEVEL: "trace" });
    expect(await copies()).to.deep.equal(before);
  }).timeout(60_000);

  it("is no reason to stop a rollback of somebody who may only read it", async () => {
    await deploy(kubernetes, namespace, good);
    await deploy(kubernetes, namespace, bad);
    const kubeconfig = await kubeconfigFor(kubernetes, namespace, "reader", [
      { apiGroups: ["apps"], resources: ["*"] },
      {
        apiGroups: [""],
        resources: ["configmaps", "secrets", "pods", "events"],
        verbs: ["get", "list"],
      },
    ]);
    const as = { kubernetes: { name: "api", namespace, kubeconfig } };
    const done = await run("rollback", { yes: true, rehearse: true }, as);
    expectSuccess(done);
    expect(done.stdout)
      .to.contain("no copy of the configuration is kept: you may not make secrets")
      .and.to.contain("no copy is kept of what revision 2 reads");
    expect(await image()).to.equal("api:1");
    expect(await copies()).to.deep.equal([]);
    await writeInto(project?.folder ?? "", "config.json", appManifests(good)[0]);
    const refused = await run("configure", { from: "config.json", yes: true });
    const { what } = expectRefusal(refused, "REHEARSAL_FAILED");
    expect(what)
      .to.contain('cannot create resource "secrets"')
      .and.to.contain("Nothing was written");
    expect(await held(kubernetes, namespace, "configmaps", "env")).to.deep.equal(bad.env);
  }).timeout(60_000);

  it("leaves copies that go with their revisions, and with the workload", async () => {
    const shape = { replicas: 1 };
    for (const number of [1, 2, 3]) {
      const release = { ...good, image: `api:${number}`, env: { N: String(number) } };
      await deploy(kubernetes, namespace, release, shape);
      const limit = { spec: { revisionHistoryLimit: 1 } };
      await kubernetes.kubectl(
        namespace,
        ...["patch", "deployment", "api", "--patch", JSON.stringify(limit)],
      );
      await up(kubernetes, namespace, "deployment/api");
      expectSuccess(await run("snapshot", { yes: true }));
    }
    await kubernetes.kubectl(namespace, "wait", "--for=delete", "replicaset", "--timeout=1s");
    expectSuccess(await run("snapshot", { yes: true }));
    const listed = await run("snapshots", { json: true });
    const numbers = listOf(onlyDocument(listed), "snapshots").map(({ number }) => number);
    expect(numbers).to.include.members([2, 3]).and.not.to.include(1);
    expectSuccess(await run("rollback", { yes: true }));
    expect(await held(kubernetes, namespace, "configmaps", "env")).to.deep.equal({ N: "2" });
    // Copies of Secrets are no easier to read than the Secrets.
    for (const secret of await list(kubernetes, namespace, "secrets")) {
      if (at(secret, ["metadata", "name"]) !== "db") {
        expect(secret).to.include({ type: "hardhat-emergency/copy", immutable: true });
      }
    }
  }).timeout(60_000);

  async function copies(): Promise<readonly unknown[]> {
    const all = await Promise.all(
      ["configmaps", "secrets"].map(async (plural) => await list(kubernetes, namespace, plural)),
    );
    return all
      .flat()
      .map((object) => at(object, ["metadata", "name"]))
      .filter((name) => /-(copy|snapshot)-/.test(String(name)));
  }
});
